//! Settings that change while a server runs: what is swapped, what needs a restart, what is refused, and that nobody
//! notices.

use crate::support::load::{Load, Way};
use crate::support::scripted::{HEALTH, Reply, Scripted};
use crate::support::secure::Authority;
use crate::support::service::{Service, eventually, with_addresses};
use crate::support::{Connection, KEY_ID, Request, Response, SECRET, Signing};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::path::Path;
use std::sync::Arc;

/// The id of a second key, of R2's shape.
const SECOND: &str = "fedcba9876543210fedcba9876543210";

/// A key of the settings.
fn key(id: &str) -> String {
    format!("[[key]]\naccess_key_id = \"{id}\"\nsecret_access_key = \"{SECRET}\"\npermission = \"admin-read-write\"\n")
}

/// The key of all tests, and settings above it that look at no file by themselves.
fn quiet(settings: &str) -> String {
    format!("reload_interval = 0\n{settings}\n{}", key(KEY_ID))
}

/// The answer to a request that is signed by the key of this id.
fn send_as(service: &Service, id: &str, request: Request) -> Response {
    let signing = Signing { id: id.to_owned(), ..Signing::default() };
    let request = request.signed_by(service.address, &signing).0;
    Connection::open(service.address).send(request)
}

fn send(service: &Service, request: Request) -> Response {
    send_as(service, KEY_ID, request)
}

fn metric(service: &Service, name: &str) -> String {
    let page = service.admin_page("/metrics").text();
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).to_owned()
}

#[test]
fn a_command_swaps_what_can_be_swapped_and_names_the_rest() {
    let service = Service::start(&quiet(""));
    let socket = service.at("data/control.sock").metadata().unwrap();
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.mode() & 0o777, 0o600);
    assert_eq!(send(&service, Request::put("/media")).status, 200);
    let acl = || send(&service, Request::put("/media/k").header("x-amz-acl", "private")).status;
    assert_eq!((acl(), service.admin_page("/readyz").text().as_str()), (501, "ready\n"));

    let unchanged = service.reload();
    assert_eq!((unchanged.code, unchanged.out.as_str()), (0, "reloaded: nothing\n"), "{}", unchanged.errors);
    let cors = "[[cors]]\nallowed_origins = [\"http://localhost:3000\"]\nallowed_methods = [\"GET\"]\n";
    let bucket = "[[bucket]]\nname = \"made\"\n";
    let settings =
        quiet("policy = \"open\"\nadmin = \"off\"\ndomains = [\"r2.test\"]\ntrusted_proxies = [\"10.1.1.1\"]");
    service.write(&(settings + &key(SECOND) + cors + bucket));
    let reloaded = service.reload();
    let expected = "reloaded: key, policy, domains, cors, trusted_proxies, bucket\nneeds a restart: admin\n";
    assert_eq!((reloaded.code, reloaded.out.as_str()), (0, expected), "{}", reloaded.errors);
    assert_eq!((acl(), send_as(&service, SECOND, Request::get("/made")).status), (200, 200));
    let page = send(&service, Request::get("/media/k").header("origin", "http://localhost:3000"));
    assert_eq!(page.header("access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(service.admin_page("/readyz").text(), "ready\nneeds a restart: admin\n");
    assert!(service.log().contains("needs_restart=\"admin\""), "{}", service.log());

    // Rules that are stored with a bucket are not of the settings: they stay.
    let stored = "<CORSConfiguration><CORSRule><AllowedOrigin>http://stored</AllowedOrigin><AllowedMethod>GET\
                  </AllowedMethod></CORSRule></CORSConfiguration>";
    assert_eq!(send(&service, Request::put("/media?cors").body(stored)).status, 200);
    service.write(&quiet("policy = \"open\""));
    assert_eq!(service.reload().out, "reloaded: key, domains, cors, trusted_proxies, bucket\n");
    assert_eq!(send_as(&service, SECOND, Request::get("/media")).error().1, "Unauthorized");
    let page = send(&service, Request::get("/media/k").header("origin", "http://stored"));
    assert_eq!(page.header("access-control-allow-origin"), "http://stored");
    assert_eq!(service.admin_page("/readyz").text(), "ready\n");
    assert_eq!(metric(&service, "r2shim_reloads_total{result=\"done\"}"), "3");
}

#[test]
fn faulty_settings_change_nothing_and_are_reported_everywhere() {
    let service = Service::start(&quiet(""));
    service.write(&(quiet("policy = \"open\"\nlistn = \"x\"") + "[[key]]\naccess_key_id = \"b\"\n"));
    let refused = service.reload();
    assert_eq!((refused.code, refused.out.as_str()), (1, ""));
    for text in [
        "r2shim.toml:5: unknown setting `listn`\n  did you mean `listen`?\n",
        "r2shim.toml:10: this key has no secret\n",
        "nothing is reloaded: the settings before stay in force\n",
    ] {
        assert!(refused.errors.contains(text), "{}", refused.errors);
    }
    let ready = service.admin_page("/readyz");
    assert_eq!(ready.status, 200);
    assert!(ready.text().starts_with("ready\nsettings have faults, and those before are in force:\n"), "{ready:?}");
    assert!(ready.text().contains("r2shim.toml:5: unknown setting `listn`\n"), "{ready:?}");
    service.wait_for_log("r2shim.toml:5: unknown setting `listn`; did you mean `listen`?", 1);
    assert_eq!(metric(&service, "r2shim_reload_failed"), "1");
    assert_eq!(metric(&service, "r2shim_reloads_total{result=\"refused\"}"), "1");
    assert_eq!(send(&service, Request::put("/media")).status, 200);
    let acl = send(&service, Request::put("/media/k").header("x-amz-acl", "private"));
    assert_eq!(acl.status, 501, "r2 is in force");

    service.write("not = [toml");
    service.signal(Signal::HUP);
    service.wait_for_log("SIGHUP: the settings have faults; those before stay in force", 1);
    service.write(&quiet(""));
    service.signal(Signal::HUP);
    service.wait_for_log("SIGHUP: the settings were read again, and nothing has changed", 1);
    assert_eq!(
        (metric(&service, "r2shim_reload_failed").as_str(), service.admin_page("/readyz").text().as_str()),
        ("0", "ready\n")
    );
}

/// Settings and a policy as Kubernetes mounts a ConfigMap: in a folder of this number, behind a link that is swapped.
fn mount(folder: &Path, number: &str, id: &str, policy: &str) {
    let at = |name: &str| folder.join(name);
    fs::create_dir(at(number)).unwrap();
    fs::write(at(number).join("own.toml"), format!("extends = \"{policy}\"\n")).unwrap();
    let settings = format!("policy = \"./own.toml\"\nreload_interval = 1\n{}", key(id));
    fs::write(at(number).join("r2shim.toml"), with_addresses(&settings)).unwrap();
    symlink(number, at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
}

#[test]
fn files_that_change_are_noticed_also_behind_links() {
    let folder = tempfile::tempdir().unwrap();
    mount(folder.path(), "1", KEY_ID, "r2");
    for name in ["r2shim.toml", "own.toml"] {
        symlink(format!("..data/{name}"), folder.path().join(name)).unwrap();
    }
    let service = Service::start_in(folder, &[]);
    assert_eq!(send(&service, Request::put("/media")).status, 200);
    mount(service.folder.path(), "2", SECOND, "open");
    let put = || send_as(&service, SECOND, Request::put("/media/k").header("x-amz-acl", "private")).status;
    eventually("the new key and policy are in force", || (put() == 200).then_some(()));
    assert_eq!(send(&service, Request::get("/media/k")).error().1, "Unauthorized");
    service.wait_for_log("a file has changed: other settings are in force swapped=\"key, policy\"", 1);

    // What is faulty because a file is missing is read again until it is there.
    let missing = format!("policy = \"./late.toml\"\nreload_interval = 1\n{}", key(KEY_ID));
    service.write(&missing);
    service.wait_for_log("a file has changed: the settings have faults", 1);
    fs::write(service.at("late.toml"), "extends = \"r2\"\n").unwrap();
    eventually("the late file is read", || (send(&service, Request::get("/media/k")).status == 200).then_some(()));
    assert_eq!(service.log().matches("the settings have faults").count(), 1, "{}", service.log());
}

#[test]
fn requests_in_flight_do_not_notice_a_reload() {
    let service = Service::start(&quiet(""));
    assert_eq!(send(&service, Request::put("/media")).status, 200);
    let load = Load::on(service.address, "media");
    for round in 0..12 {
        let policy = if round % 2 == 0 { "policy = \"open\"" } else { "policy = \"r2\"" };
        service.write(&(quiet(policy) + &key(&format!("key-{round}"))));
        if round % 3 == 0 {
            let text = if round % 2 == 0 { "listn = 1\n" } else { "" };
            fs::write(service.at("r2shim.toml"), format!("{text}{}", quiet(policy))).unwrap();
        }
        service.reload();
        load.wait_for(20);
    }
    let (answered, failures) = load.finish();
    assert!(failures.is_empty() && answered >= 240, "{answered} answered, {failures:?}");
}

/// Each time the certificate is another one, and later connections get it.
#[test]
fn requests_over_tls_do_not_notice_a_reload_either() {
    let authority = Arc::new(Authority::new());
    let settings = |round: u32| {
        let (policy, identity) = (["open", "r2"][round as usize % 2], authority.issue(&format!("server-{round}")));
        let bucket = "[[bucket]]\nname = \"media\"\n";
        quiet(&format!("policy = \"{policy}\"\n{bucket}{}", identity.tls())) + &key(&format!("key-{round}"))
    };
    let service = Service::start(&settings(0));
    let load = Load::by(&[Way::Tls(authority.clone()), Way::Http2(authority.clone())], service.address, "media");
    for round in 1..12 {
        service.write(&settings(round));
        let reloaded = service.reload();
        assert_eq!((reloaded.code, reloaded.out.as_str()), (0, "reloaded: key, policy, tls\n"), "{}", reloaded.errors);
        load.wait_for(20);
    }
    let (answered, failures) = load.finish();
    assert!(failures.is_empty() && answered >= 220, "{answered} answered, {failures:?}");
}

#[test]
fn the_key_for_the_store_behind_is_swapped() {
    let store = Scripted::answering(|_| Reply::new(200).body("stored"));
    let settings = |id: &str, region: &str| {
        let store =
            format!("[upstream]\nkind = \"s3\"\nendpoints = [\"{}\"]\nregion = \"{region}\"\n", store.endpoint());
        let key = format!("access_key_id = \"{id}\"\nsecret_access_key = \"{id}'s\"\nhealth = \"{HEALTH}\"\n");
        quiet("control = \"control.sock\"") + &store + &key
    };
    let service = Service::start(&settings("FIRST", "eu-west-1"));
    let signed = |count: usize| {
        assert_eq!(send(&service, Request::get("/media/k")).status, 200);
        store.request(count).header("authorization").to_owned()
    };
    assert!(signed(0).contains("Credential=FIRST/"));
    service.write(&settings("SECOND", "eu-west-2"));
    let reloaded = service.reload();
    let expected = "reloaded: upstream.access_key_id\nneeds a restart: upstream.region\n";
    assert_eq!((reloaded.out.as_str(), reloaded.errors.as_str()), (expected, ""));
    let authorization = signed(1);
    assert!(authorization.contains("Credential=SECOND/") && authorization.contains("/eu-west-1/"), "{authorization}");
}

#[test]
fn without_a_server_a_command_says_where_it_looked() {
    let mut service = Service::start(&quiet(""));
    service.signal(Signal::TERM);
    assert!(service.wait().success());
    assert!(!service.at("data/control.sock").exists());
    let reloaded = service.reload();
    let expected = "r2shim: no server listens at data/control.sock: it is not running, has other settings, or has no \
                    control socket\n";
    assert_eq!((reloaded.code, reloaded.errors.as_str()), (1, expected));
    service.write(&quiet("control = \"off\""));
    let reloaded = service.reload();
    assert!(
        reloaded.code == 2 && reloaded.errors.starts_with("--control: the settings give the server no control socket")
    );
}

/// Certificate and key are written one after the other: between them they do not belong together, and the old ones
/// serve.
#[test]
fn a_renewed_certificate_is_shown_from_the_next_handshake_on() {
    let (old, new) = (Authority::new(), Authority::new());
    let (first, next) = (old.issue("first"), new.issue("next"));
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key_file) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    fs::copy(&first.certificate_file, &certificate).unwrap();
    fs::copy(&first.key_file, &key_file).unwrap();
    let tls = format!("[tls]\ncertificate = {certificate:?}\nkey = {key_file:?}\n");
    let service = Service::start(&quiet(&tls));
    let list = || Request::get("/").signed(service.address);
    let mut open = old.connect(service.address, None);
    assert_eq!(open.send(list()).status, 200);

    fs::copy(&next.certificate_file, &certificate).unwrap();
    let refused = service.reload();
    assert!(refused.code == 1 && refused.errors.contains("does not belong to the certificate"), "{}", refused.errors);
    assert_eq!(old.connect(service.address, None).send(list()).status, 200);

    fs::copy(&next.key_file, &key_file).unwrap();
    assert_eq!(service.reload().out, "reloaded: tls\n");
    assert_eq!(new.connect(service.address, None).send(list()).status, 200);
    assert!(old.try_connect(service.address, None).is_err());
    assert_eq!(open.send(list()).status, 200, "open connections go on");
    service.write(&quiet(""));
    assert_eq!(service.reload().out, "reloaded: nothing\nneeds a restart: tls\n");
}

/// Limits of requests hold at once, those of connections from the next start on.
#[test]
fn limits_are_swapped_and_those_of_connections_wait() {
    let service = Service::start(&quiet(""));
    assert_eq!(send(&service, Request::put("/media")).status, 200);
    let object = format!("<Object><Key>{}</Key></Object>", "k".repeat(700));
    let document = format!("<Delete>{}</Delete>", object.repeat(100));
    let delete = || send(&service, Request::new("POST", "/media?delete").body(document.clone())).status;
    assert_eq!(delete(), 200);
    service.write(&quiet("[limits]\ndocument_bytes = 65536\nconnections = 100\n[limits.key]\nrequest_rate = 1"));
    let reloaded = service.reload();
    let expected = "reloaded: limits\nneeds a restart: limits.connections\n";
    assert_eq!((reloaded.code, reloaded.out.as_str()), (0, expected), "{}", reloaded.errors);
    assert_eq!(delete(), 400);
    let head = || send(&service, Request::new("HEAD", "/media")).status;
    eventually("a request over the rate", || (head() == 503).then_some(()));
    service.write(&quiet(""));
    assert_eq!(service.reload().out, "reloaded: limits\n");
    assert_eq!((head(), delete()), (200, 200));
    assert_eq!(service.admin_page("/readyz").text(), "ready\n");
}
