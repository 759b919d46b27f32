//! The scripted store itself: what the tests of the upstream rely on.

use crate::support::scripted::{BodyEnd, HEALTH, Refusing, Reply, Scripted, Step};
use crate::support::{Connection, Request};

fn get(upstream: &Scripted) -> Request {
    Request::get("/media/kept").unsigned(upstream.address)
}

#[test]
fn requests_are_answered_and_remembered() {
    let upstream = Scripted::answering(|request| Reply::new(200).header("x-was", &request.target).body("kept"));
    let mut connection = Connection::open(upstream.address);
    let put = Request::put("/media/a%2Fb?x=1").header("X-Name", " a  b ").body("new");
    let answer = connection.send(put.unsigned(upstream.address));
    assert_eq!((answer.status, answer.header("x-was"), answer.text().as_str()), (200, "/media/a%2Fb?x=1", "kept"));
    let answer = connection.send(Request { method: "HEAD".into(), ..get(&upstream) });
    assert_eq!((answer.status, answer.header("content-length"), answer.body.len()), (200, "4", 0));
    let requests = upstream.requests();
    let [put, head] = requests.as_slice() else { panic!("{requests:?}") };
    assert!(
        put.head.starts_with(b"PUT /media/a%2Fb?x=1 HTTP/1.1\r\nX-Name:  a  b \r\n") && put.head.ends_with(b"\r\n\r\n")
    );
    assert_eq!((put.path(), put.query(), put.header("x-name")), ("/media/a%2Fb", "x=1", "a  b"));
    assert_eq!((put.end, put.text().as_str(), put.connection), (BodyEnd::Whole, "new", 0));
    assert_eq!((head.end, head.method.as_str(), head.connection), (BodyEnd::Whole, "HEAD", 0));
    assert_eq!(upstream.connection_count(), 1);
}

#[test]
fn connections_have_scripts_of_their_own() {
    let upstream = Scripted::connections([
        vec![Step::ReadHead, Step::answer(201), Step::ReadHead],
        vec![Step::ReadHead, Step::answer(202), Step::ReadHead, Step::Reset],
    ]);
    for status in [201, 202] {
        let mut connection = Connection::open(upstream.address);
        assert_eq!(connection.send(get(&upstream)).status, status);
        connection.write(&get(&upstream).head_bytes());
        assert!(connection.is_closed());
    }
    let mut third = Connection::open(upstream.address);
    third.write(&get(&upstream).head_bytes());
    assert!(third.is_closed(), "there is no third script");
    drop(third);
    assert_eq!((upstream.connection_count(), upstream.requests().len()), (3, 4));
    upstream.wait_until_left();
}

#[test]
fn incomplete_bodies_are_distinguished_from_complete_ones() {
    let upstream = Scripted::always([Step::ReadHead, Step::ReadBody, Step::answer(200), Step::KeepAlive]);
    let put = || Request::put("/media/new").header("content-length", "9").unsigned(upstream.address);
    let mut connection = Connection::open(upstream.address);
    connection.begin(&put().body("1234"));
    let some = upstream.wait_until(|requests| requests.iter().any(|request| request.text() == "1234"));
    assert_eq!(some[0].end, BodyEnd::Unread);
    drop(connection);
    assert_eq!(upstream.only_request().end, BodyEnd::BrokenOff);
    Connection::open(upstream.address).send(put().body("123456789"));
    assert!(upstream.request(1).is_whole());
}

#[test]
fn scripts_wait_for_the_test() {
    let script = [Step::ReadHead, Step::Continue100, Step::ReadBytes(2), Step::Wait, Step::ReadBody, Step::answer(200)];
    let upstream = Scripted::always(script);
    let mut connection = Connection::open(upstream.address);
    connection.begin(&Request::put("/media/new").body("new").unsigned(upstream.address));
    assert_eq!(connection.read_head().status, 100);
    assert_eq!(upstream.wait_until(|requests| requests.iter().any(|request| request.text() == "ne")).len(), 1);
    upstream.go_on();
    assert_eq!(connection.read(false).status, 200);
    assert_eq!(upstream.only_request().text(), "new");
    assert!(connection.is_closed());
}

#[test]
fn a_stall_ends_with_the_other_side_or_with_the_test() {
    let upstream = Scripted::choosing(|_| vec![Step::Stall]);
    let put = Request::put("/media/new").body(vec![b'x'; 8 << 20]).unsigned(upstream.address);
    let mut left = Connection::open(upstream.address);
    left.write(&put.head_bytes());
    drop(left);
    upstream.wait_until_left();
    let mut kept = Connection::open(upstream.address);
    kept.write(&get(&upstream).head_bytes());
    assert_eq!(upstream.wait_until(|requests| requests.len() == 2)[0].end, BodyEnd::Unread);
    drop(upstream);
    assert!(kept.is_closed());
}

#[test]
fn it_is_known_that_nothing_arrived() {
    let upstream = Scripted::answering(|_| Reply::new(200));
    assert!(upstream.nothing_arrived());
    let check = Request::get(HEALTH).unsigned(upstream.address);
    assert_eq!(Connection::open(upstream.address).send(check).status, 200);
    assert!(upstream.nothing_arrived(), "a check is nothing");
    Connection::open(upstream.address).write(b"G");
    assert!(!upstream.nothing_arrived(), "a connection is something");
    assert_eq!(upstream.connection_count(), 1, "a check by the test is not counted");
}

#[test]
fn nobody_listens() {
    let refusing = Refusing::new();
    let error = Connection::try_open(refusing.address).err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}
