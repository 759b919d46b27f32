//! The nodes of a remote store over real sockets: found, checked, left when they die, and taken back.

use pingora::connectors::http::v1::Connector;
use r2shim::server::observe::metrics::{Metrics, Moment, RemoteStats, Stats};
use r2shim::server::remote::nodes::{Intervals, Nodes};
use r2shim::upstream::{CredentialSource, Endpoint};
use r2shim::upstream::{FailureKind, HealthCheck, Remote};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Addresses of one test each, so that no other test takes a port that was closed there.
const APART: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 0, 0, 77), Ipv4Addr::new(127, 0, 0, 78)];

/// A node that reads a request's head, gives its answer whatever was asked, and closes. It is gone when this is
/// dropped.
struct FakeNode {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FakeNode {
    fn start(address: impl Into<SocketAddr>, answer: &'static str) -> FakeNode {
        let listener = TcpListener::bind(address.into()).unwrap();
        let address = listener.local_addr().unwrap();
        let (heads, stopping) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (kept, stop) = (heads.clone(), stopping.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().take_while(|_| !stop.load(Ordering::SeqCst)) {
                kept.lock().unwrap().push(answered(&stream.unwrap(), answer));
            }
        });
        FakeNode { address, heads, stopping, thread: Some(thread) }
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Reads a head, as far as it is text, and answers.
fn answered(mut stream: &TcpStream, answer: &str) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    // The client may have closed its connection.
    let _ = stream.write_all(answer.as_bytes());
    head.join("\n")
}

impl Drop for FakeNode {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Its thread waits for a connection.
        TcpStream::connect(self.address).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

fn nodes(endpoints: &[&str], health: HealthCheck) -> Arc<Nodes> {
    let endpoints = endpoints.iter().map(|endpoint| Endpoint::parse(endpoint).unwrap()).collect();
    let remote = Remote { health, ..Remote::new(endpoints, CredentialSource::AwsChain) };
    Arc::new(Nodes::new(&remote, Arc::new(Connector::new(None))))
}

/// Nodes that were looked up and checked once.
async fn checked(endpoints: &[&str], health: HealthCheck) -> Arc<Nodes> {
    let nodes = nodes(endpoints, health);
    nodes.resolve().await;
    nodes.check().await;
    nodes
}

fn reported(nodes: &Nodes) -> Vec<String> {
    nodes.states().iter().map(|state| format!("{}: {}", state.name, state.health)).collect()
}

/// How often each address is picked in ten turns.
fn picks(nodes: &Nodes) -> BTreeMap<SocketAddr, usize> {
    let mut counts = BTreeMap::new();
    (0..10).filter_map(|_| nodes.pick(&[])).for_each(|node| *counts.entry(node.address()).or_default() += 1);
    counts
}

/// Waits until the nodes are so.
async fn until(nodes: &Nodes, wanted: &[String]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while reported(nodes) != wanted {
        assert!(Instant::now() < deadline, "{:?} did not become {wanted:?}", reported(nodes));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_dies_is_left_and_taken_back() {
    let a = FakeNode::start(([127, 0, 0, 1], 0), FORBIDDEN);
    let b = FakeNode::start((APART[0], 0), FORBIDDEN);
    let (a_is, b_at) = (a.endpoint(), b.address);
    let both_up = [format!("{a_is}: up"), format!("http://{b_at}: up")];
    let nodes = nodes(&[&a_is, &b.endpoint()], HealthCheck::Any);
    let often = Duration::from_millis(20);
    let watch = tokio::spawn(nodes.clone().watch(Intervals { lookups: often, checks: often }));

    until(&nodes, &both_up).await;
    assert_eq!(picks(&nodes), [(a.address, 5), (b_at, 5)].into());

    drop(b);
    until(&nodes, &[format!("{a_is}: up"), format!("http://{b_at}: down: connection refused")]).await;
    assert_eq!(picks(&nodes), [(a.address, 10)].into());
    assert_eq!(nodes.readiness(None).failure, None);

    let _b = FakeNode::start(b_at, FORBIDDEN);
    until(&nodes, &both_up).await;
    assert_eq!(picks(&nodes), [(a.address, 5), (b_at, 5)].into());
    watch.abort();
}

#[tokio::test]
async fn a_node_that_failed_a_request_waits_for_a_good_check() {
    let a = FakeNode::start(([127, 0, 0, 1], 0), OK);
    let b = FakeNode::start(([127, 0, 0, 1], 0), OK);
    let nodes = checked(&[&a.endpoint(), &b.endpoint()], HealthCheck::Any).await;
    let failed = nodes.pick(&[]).unwrap();
    failed.failed(FailureKind::Closed, "it closed the connection");
    let other = nodes.pick(&[]).unwrap();
    assert_eq!(picks(&nodes), [(other.address(), 10)].into());
    assert!(reported(&nodes).contains(&format!("{failed}: down: it closed the connection")));
    nodes.check().await;
    assert_eq!(picks(&nodes), [(a.address, 5), (b.address, 5)].into());
}

#[tokio::test]
async fn the_answer_of_a_node_decides_about_its_health() {
    let path = || HealthCheck::Path("/minio/health/live".to_owned());
    for (answer, health, shown) in [
        (OK, HealthCheck::Any, "up"),
        (FORBIDDEN, HealthCheck::Any, "up"),
        (UNAVAILABLE, HealthCheck::Any, "down: it answers 503 to GET /"),
        (OK, path(), "up"),
        (FORBIDDEN, path(), "down: it answers 403 to GET /minio/health/live"),
        ("", HealthCheck::Any, "down: it closed the connection"),
        ("SSH-2.0-OpenSSH\r\n\r\n", HealthCheck::Any, "down: what it says is not HTTP"),
    ] {
        let node = FakeNode::start(([127, 0, 0, 1], 0), answer);
        let target = if health == HealthCheck::Any { "/" } else { "/minio/health/live" };
        let nodes = checked(&[&node.endpoint()], health).await;
        assert_eq!(reported(&nodes), [format!("{}: {shown}", node.endpoint())], "{answer}");
        let heads = node.heads.lock().unwrap().join("");
        assert!(heads.starts_with(&format!("GET {target} HTTP/1.1\n")), "{heads}");
        assert!(heads.to_ascii_lowercase().contains(&format!("\nhost: {}", node.address)), "{heads}");
    }
}

#[tokio::test]
async fn a_node_without_tls_is_not_taken_for_one_with() {
    let node = FakeNode::start(([127, 0, 0, 1], 0), OK);
    let nodes = checked(&[&node.endpoint().replace("http:", "https:")], HealthCheck::Any).await;
    assert!(reported(&nodes)[0].contains(": down: no TLS: "), "{:?}", reported(&nodes));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_delays_no_request() {
    let node = FakeNode::start(([127, 0, 0, 1], 0), OK);
    // No label has more than 63 bytes, so this name is never looked up.
    let nowhere = format!("http://{}.test", "a".repeat(64));
    let localhost = format!("http://localhost:{}", node.address.port());
    let nodes = checked(&[&nowhere, &localhost], HealthCheck::Any).await;
    assert_eq!(nodes.pick(&[]).map(|node| node.address()), Some(node.address));
    assert_eq!(nodes.readiness(None).failure, None);
    let lines = nodes.readiness(None).details;
    assert!(lines[0].starts_with(&format!("node {nowhere}: down: ")), "{lines:?}");
    assert!(lines.contains(&format!("node {localhost} ({}): up", node.address)), "{lines:?}");
}

#[tokio::test]
async fn with_no_node_up_requests_still_have_somewhere_to_go() {
    let (a, b) = (FakeNode::start((APART[1], 0), OK), FakeNode::start((APART[1], 0), OK));
    let (a_at, b_at) = (a.address, b.address);
    drop((a, b));
    let nodes = checked(&[&format!("http://{a_at}"), &format!("http://{b_at}")], HealthCheck::Any).await;
    assert_eq!(picks(&nodes), [(a_at, 5), (b_at, 5)].into());
    let (first, second) = (nodes.pick(&[]).unwrap(), nodes.pick(&[]).unwrap());
    assert_eq!(nodes.pick(&[first, second]), None);
    let readiness = nodes.readiness(None);
    assert_eq!(readiness.failure.as_deref(), Some("no node is up"));
    assert_eq!(readiness.details[0], format!("node http://{a_at}: down: connection refused"));
}

#[tokio::test]
async fn in_front_of_a_store_metrics_are_about_nodes() {
    let up = FakeNode::start(([127, 0, 0, 1], 0), OK);
    let down = FakeNode::start(([127, 0, 0, 1], 0), UNAVAILABLE);
    let nodes = checked(&[&up.endpoint(), &down.endpoint()], HealthCheck::Any).await;
    let well = nodes.pick(&[]).unwrap();
    let unwell = nodes.pick(&[well]).unwrap();
    unwell.failed(FailureKind::Timeout, "no answer in time");
    unwell.retried();
    let stats = Stats::Remote(RemoteStats { nodes: nodes.stats(), unchecked_uploads: 0 });
    let moment = Moment { policy: "r2", stats, certificate_expires: None, process: None };
    let text = Metrics::new().unwrap().render(&moment).unwrap();
    let (up, down) = (up.endpoint(), down.endpoint());
    for line in [
        format!("r2shim_upstream_node_up{{node=\"{up}\"}} 1"),
        format!("r2shim_upstream_node_up{{node=\"{down}\"}} 0"),
        format!("r2shim_upstream_failures_total{{kind=\"timeout\",node=\"{up}\"}} 0"),
        format!("r2shim_upstream_failures_total{{kind=\"timeout\",node=\"{down}\"}} 1"),
        format!("r2shim_upstream_retries_total{{node=\"{down}\"}} 1"),
    ] {
        assert!(text.lines().any(|given| given == line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("r2shim_store_"), "{text}");
    let page = nodes.readiness(None);
    assert_eq!(page.failure, None);
    assert!(page.details[0].contains(&up) && page.details[0].ends_with(": up"), "{page:?}");
    assert!(page.details[1].contains(&down) && page.details[1].contains(": down"), "{page:?}");
}
