//! Several nodes of one store: what one does not take another does.

use super::{error, get, put, remote, store};
use crate::support::scripted::{Received, Refusing, Scripted, Step};
use crate::support::service::eventually;
use crate::support::{Request, TestServer};
use r2shim::upstream::{Endpoint, Remote};

/// A server in front of these nodes, each of which has been checked.
fn in_front_of(endpoints: &[String]) -> TestServer {
    let nodes = endpoints.iter().map(|endpoint| Endpoint::parse(endpoint).unwrap()).collect();
    let server = TestServer::in_front_of("r2", Remote { endpoints: nodes, ..remote(&endpoints[0]) });
    eventually("every node is checked", || {
        let page = server.admin_page("/readyz").text();
        (!page.contains("not checked")).then_some(())
    });
    server
}

#[test]
fn all_nodes_are_asked() {
    let nodes = [Scripted::answering(store::usual), Scripted::answering(store::usual)];
    let server = in_front_of(&[nodes[0].endpoint(), nodes[1].endpoint()]);
    for _ in 0..8 {
        assert_eq!(server.send(get()).text(), "kept");
    }
    let hosts =
        nodes.each_ref().map(|node| node.requests().iter().all(|one| one.header("host") == node.address.to_string()));
    assert_eq!(hosts, [true, true]);
    assert!(nodes.iter().all(|node| !node.requests().is_empty()), "each got some");
}

/// A refused connection took nothing of the request, so anything may go elsewhere.
#[test]
fn a_node_that_is_not_there_costs_nothing() {
    let (gone, node) = (Refusing::new(), Scripted::answering(store::usual));
    for endpoints in [[gone.endpoint(), node.endpoint()], [node.endpoint(), gone.endpoint()]] {
        let server = in_front_of(&endpoints);
        for request in [get(), put("new"), put("new").header("if-none-match", "*"), put(vec![b'x'; 1 << 20])] {
            for _ in 0..4 {
                assert_eq!(server.send(request.clone()).status, 200, "{} {}", request.method, request.body.len());
            }
        }
    }
}

#[test]
fn nobody_is_left() {
    let gone = [Refusing::new(), Refusing::new()];
    let server = in_front_of(&[gone[0].endpoint(), gone[1].endpoint()]);
    for _ in 0..4 {
        let answer = server.send(get());
        assert!([super::bad_gateway(), super::no_store()].contains(&error(&answer)), "{}", answer.text());
    }
    let answer = server.send(get());
    let message = "The store behind this server is not available. Please try again.";
    assert_eq!((answer.status, answer.element("Message").as_str()), (503, message));
}

/// An object with more headers than are read is a client's doing. It must not take nodes away from others.
#[test]
fn an_answer_that_cannot_be_read_is_asked_for_once_and_takes_no_node_down() {
    let many: String = (0..300).map(|n| format!("x-amz-meta-{n}: v\r\n")).collect();
    let unreadable = move |request: &Received| match request.path() {
        "/acme-prod-media/kept" => {
            vec![Step::send(format!("HTTP/1.1 200 OK\r\n{many}content-length: 0\r\n\r\n")), Step::KeepAlive]
        }
        _ => vec![Step::Answer(store::usual(request)), Step::KeepAlive],
    };
    let nodes = [Scripted::choosing(unreadable.clone()), Scripted::choosing(unreadable)];
    let server = in_front_of(&[nodes[0].endpoint(), nodes[1].endpoint()]);
    for count in 1..=6 {
        assert_eq!(error(&server.send(get())), super::bad_gateway());
        assert_eq!(nodes.iter().map(|node| node.requests().len()).sum::<usize>(), count);
        let page = server.admin_page("/readyz").text();
        assert!(!page.contains("down"), "{page}");
    }
}

/// A node that closes a new connection has the request, and may carry it out after what is written next.
#[test]
fn a_write_goes_to_no_other_node_after_a_new_connection_was_closed() {
    for (request, sent) in [(get(), 2), (Request::new("HEAD", "/media/kept"), 2), (put("new"), 1), (put(""), 1)] {
        let nodes = [Scripted::always([Step::ReadHead, Step::Close]), Scripted::always([Step::ReadHead, Step::Close])];
        let server = in_front_of(&[nodes[0].endpoint(), nodes[1].endpoint()]);
        assert_eq!(server.send(request.clone()).status, 502, "{request:?}");
        assert_eq!(nodes.iter().map(|node| node.requests().len()).sum::<usize>(), sent, "{request:?}");
    }
}

/// A node that took the request and did not answer may have carried it out.
#[test]
fn a_write_that_a_node_received_does_not_go_to_another() {
    let take = |request: &Received| match request.method.as_str() {
        // Health checks are answered: the store is healthy.
        "GET" => vec![Step::Answer(store::usual(request))],
        _ => vec![Step::Close],
    };
    let nodes = [Scripted::choosing(take), Scripted::choosing(take)];
    let server = in_front_of(&[nodes[0].endpoint(), nodes[1].endpoint()]);
    let creation = Request::new("POST", "/media/new?uploads");
    for (count, request) in [put("new").header("if-none-match", "*"), creation].into_iter().enumerate() {
        assert_eq!(error(&server.send(request)), super::bad_gateway());
        let taken = nodes.iter().flat_map(Scripted::requests).filter(|request| request.method != "GET").count();
        assert_eq!(taken, count + 1);
    }
}
