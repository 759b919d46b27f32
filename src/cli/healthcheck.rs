//! `healthcheck`: asks a running server whether it is ready, for images without a shell and for scripts that wait.

use crate::cli::failure::Failure;
use crate::cli::sources::Variables;
use crate::cli::url::url;
use crate::diagnostics::{Diagnostic, Location};
use crate::routing::Scheme;
use crate::settings::{self, Flags};
use clap::Args;
use http::Uri;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// `healthcheck`.
#[derive(Debug, Args)]
#[command(after_help = "\
Asks /readyz at the admin address in the ready file. Without a ready file, the address is that of
flags, environment and settings file, so use those of the server. A server is not ready if its disk
is full, or if the store behind it does not answer.

Examples:
  r2shim healthcheck
  r2shim healthcheck --config /etc/r2shim/r2shim.toml --wait 30
  r2shim healthcheck --url http://127.0.0.1:9001/healthz")]
pub struct HealthCheck {
    #[command(flatten)]
    variables: Variables,
    /// Settings file of the server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Admin address of the server [default: 127.0.0.1:9001]
    #[arg(long, value_name = "ADDR:PORT")]
    admin: Option<String>,
    /// The URL to ask instead; without a path it is /readyz
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The server's --ready-file, which names its admin address
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// Ask again until the server is ready, for at most this long
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait: u32,
}

impl HealthCheck {
    /// The flags that locate the server.
    fn flags(&self) -> Flags {
        let variables = self.variables.names();
        Flags { config: self.config.clone(), admin: self.admin.clone(), variables, ..Flags::default() }
    }
}

/// The time limit of one try. Docker gives a check 30 s by default, Kubernetes a probe 1 s.
const PATIENCE: Duration = Duration::from_secs(3);

/// The time between two tries of `--wait`.
const PAUSE: Duration = Duration::from_millis(100);

/// The most bytes that are read of an answer: more than `/readyz` ever has.
const MAX_ANSWER_BYTES: u64 = 64 << 10;

/// Why a server is not ready. Each of these can change.
#[derive(Debug, thiserror::Error)]
enum NotReady {
    #[error("{} does not name an admin address (yet)", .0.display())]
    NoAddress(PathBuf),
    #[error("{0}: {1}")]
    Asked(Uri, Problem),
}

/// Why an answer does not show that the server is ready.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Silence,
    #[error(transparent)]
    Connection(io::Error),
    #[error("the answer is not HTTP")]
    NotHttp,
    #[error("{line} (status {status})")]
    Status { status: String, line: String },
}

/// Asks until the server is ready or the time is over.
pub(super) fn run(arguments: &HealthCheck, out: &mut dyn Write) -> Result<(), Failure> {
    let until = Instant::now() + Duration::from_secs(arguments.wait.into());
    loop {
        let verdict = match Place::of(arguments)? {
            Place::Page(page) => ask(&page).map_err(|problem| NotReady::Asked(page, problem)),
            Place::NotNamedYet(file) => Err(NotReady::NoAddress(file)),
        };
        match verdict {
            Ok(line) => return Ok(writeln!(out, "{line}")?),
            Err(_) if Instant::now() < until => sleep(PAUSE),
            Err(problem) => return Err(Failure::Stopped(problem.to_string())),
        }
    }
}

/// The URL that reports whether a server is ready.
enum Place {
    Page(Uri),
    /// The URL is not known yet: this ready file will name it.
    NotNamedYet(PathBuf),
}

impl Place {
    /// `--url`, else the admin address of the ready file, else that of flags, environment and settings file.
    fn of(arguments: &HealthCheck) -> Result<Place, Failure> {
        let flags = arguments.flags();
        match (&arguments.url, &arguments.ready_file) {
            (Some(url), _) => Ok(Place::Page(parse(url, flags.place("--url"))?)),
            (None, Some(file)) => match admin_of(file) {
                Some(admin) => Ok(Place::Page(parse(&readiness(&admin), Location::file(file))?)),
                None => Ok(Place::NotNamedYet(file.clone())),
            },
            (None, None) => Ok(Place::Page(page_of_settings(&flags)?)),
        }
    }
}

fn readiness(server: &str) -> String {
    format!("{server}/readyz")
}

/// The admin address in a ready file; `None` also if there is no such file.
fn admin_of(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix("ADMIN=")).map(str::to_owned)
}

fn page_of_settings(flags: &Flags) -> Result<Uri, Failure> {
    let address = settings::load_admin(flags)?;
    let fault = |problem| {
        Diagnostic::new(flags.place("--admin"), problem, "name a page with --url, or the server's --ready-file")
    };
    let address = address.ok_or_else(|| fault("the admin address is off, so there is nothing to ask"))?;
    if address.port() == 0 {
        return Err(fault("the admin address has port 0, so its real port is not known here").into());
    }
    Ok(parse(&readiness(&url(Scheme::Http, address)), flags.place("--admin"))?)
}

fn parse(text: &str, place: Location) -> Result<Uri, Diagnostic> {
    let fault = || {
        // A password would be before the '@'.
        let shown = if text.contains('@') { "an address with a user" } else { text };
        let message = format!("{shown:?} is no page to ask for");
        Diagnostic::new(place.clone(), message, "write it as http://127.0.0.1:9001/readyz")
    };
    let page: Uri = text.parse().map_err(|_| fault())?;
    if page.scheme_str() == Some("http") && is_host_and_port(&page) { Ok(page) } else { Err(fault()) }
}

/// Whether a URL has a host, perhaps a valid port, and nothing else.
fn is_host_and_port(page: &Uri) -> bool {
    let Some(authority) = page.authority() else { return false };
    let port = authority.port().map(|port| format!(":{}", port.as_str())).unwrap_or_default();
    authority.as_str().strip_prefix(authority.host()) == Some(port.as_str())
}

/// The first line of the answer of a server that is ready.
fn ask(page: &Uri) -> Result<String, Problem> {
    let answer = answer(page).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Problem::Silence,
        _ => Problem::Connection(error),
    })?;
    verdict(&answer)
}

fn answer(page: &Uri) -> io::Result<Vec<u8>> {
    let host = page.host().unwrap_or_default();
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let mut stream = connect((name, page.port_u16().unwrap_or(80)))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", target(page))?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer)?;
    Ok(answer)
}

/// Connects to the first address of a name that takes the connection: `localhost` is often `::1` first.
fn connect(name: impl ToSocketAddrs) -> io::Result<TcpStream> {
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    for address in name.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// Path and query of a page. An address alone means its readiness.
fn target(page: &Uri) -> &str {
    match page.path_and_query().map(|path| path.as_str()) {
        None | Some("/") => "/readyz",
        Some(path) => path,
    }
}

/// Head and body of an answer.
fn verdict(answer: &[u8]) -> Result<String, Problem> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let line = body.lines().next().unwrap_or_default().escape_debug().to_string();
    match status {
        Some("200") => Ok(line),
        Some(status) => Err(Problem::Status { status: status.escape_debug().to_string(), line }),
        None => Err(Problem::NotHttp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_is_the_first_line_of_the_page() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nready\nnode a: down\n", Ok("ready")),
            ("HTTP/1.0 200 OK\r\n\r\n", Ok("")),
            ("HTTP/1.1 503 x\r\n\r\nnot ready: the disk is full\n", Err("not ready: the disk is full (status 503)")),
            ("HTTP/1.1 404 Not Found\r\n\r\n\x1b[2J\n", Err("\\u{1b}[2J (status 404)")),
            ("SSH-2.0-OpenSSH\r\n", Err("the answer is not HTTP")),
            ("", Err("the answer is not HTTP")),
        ] {
            let found = verdict(answer.as_bytes()).map_err(|problem| problem.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{answer}");
        }
    }

    #[test]
    fn an_address_alone_means_its_readiness() {
        for (text, expected) in [
            ("http://127.0.0.1:9001", "/readyz"),
            ("http://127.0.0.1:9001/", "/readyz"),
            ("http://127.0.0.1:9001/healthz", "/healthz"),
            ("http://127.0.0.1:9001/readyz/read?x", "/readyz/read?x"),
        ] {
            assert_eq!(target(&parse(text, Location::from_name("--url")).unwrap()), expected);
        }
    }

    #[test]
    fn every_address_of_a_name_is_tried() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let addresses = [closed, listener.local_addr().unwrap()];
        assert!(connect(&addresses[..]).is_ok());
        assert!(connect(&addresses[..1]).is_err());
    }

    #[test]
    fn pages_are_plain_http() {
        for (text, good) in [
            ("http://127.0.0.1:9001/readyz", true),
            ("http://r2shim:9001", true),
            ("http://[::1]:9001/healthz", true),
            ("https://r2shim/readyz", false),
            ("http://127.0.0.1:99999/readyz", false),
            ("http://r2shim:/readyz", false),
            ("http://user:hush@r2shim:9001/readyz", false),
            ("127.0.0.1:9001", false),
            ("/readyz", false),
            ("", false),
        ] {
            let read = parse(text, Location::from_name("--url"));
            assert_eq!(read.is_ok(), good, "{text}");
            assert!(!format!("{read:?}").contains("hush"), "{text}");
        }
    }
}
