//! Starting the binary: what a start that fails leaves behind, and what it reports.

use crate::support::command::r2shim;
use std::fs;
use std::net::TcpListener;

/// A port that is taken for as long as the listener lives.
fn taken() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[test]
fn a_taken_port_leaves_nothing_behind() {
    let (_listener, address) = taken();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    for (listen, admin) in [(address.as_str(), "off"), ("127.0.0.1:0", address.as_str())] {
        let output = r2shim(&["serve", "--listen", listen, "--admin", admin, "--data", data], &[]);
        let expected = format!(
            "r2shim: cannot listen on {address}: another program already does. Stop it, or choose another address (port 0 picks a free one)\n"
        );
        assert_eq!((output.code, output.out.as_str(), output.errors.as_str()), (1, "", expected.as_str()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "neither a data folder nor a key");
    }
}

#[test]
fn a_data_path_that_is_a_file_is_called_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data");
    fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let key = [("R2SHIM_ACCESS_KEY_ID", "app"), ("R2SHIM_SECRET_ACCESS_KEY", "secret")];
    for environment in [&[][..], &key] {
        let output = r2shim(&["serve", "--listen", "127.0.0.1:0", "--admin", "off", "--data", file], environment);
        let expected =
            format!("{file}: the data folder cannot be made: {file} is not a folder\n  name another with --data\n");
        assert_eq!((output.code, output.errors), (2, expected));
    }
}
