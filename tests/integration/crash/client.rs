//! What clients do, and what they must see while others do the same.

use super::body::{Body, PART};
use super::history::Clock;
use super::random::Random;
use crate::support::{Connection, Process, Request, Response};
use std::collections::BTreeSet;
use std::io;
use std::sync::Mutex;

/// What a client does to a key. The effect is known before; only whether it took place may stay unknown.
#[derive(Debug, Clone, Copy)]
pub enum Operation {
    /// Writes the body, whole or in parts.
    Write(Body),
    Delete,
}

impl Operation {
    pub fn draw(random: &mut Random, clock: &Clock) -> Operation {
        let (number, length) = (clock.next(), random.length());
        // A part has at least a byte here, so that there are as many as said.
        let in_parts = length.max(1);
        Operation::Write(match random.below(32) {
            0..8 => return Operation::Delete,
            8 => Body { number, length: PART + in_parts, parts: 2 },
            9..13 => Body { number, length: in_parts, parts: 1 },
            _ => Body { number, length, parts: 0 },
        })
    }

    /// What the key holds once this is done.
    pub fn effect(self) -> Option<Body> {
        match self {
            Operation::Write(body) => Some(body),
            Operation::Delete => None,
        }
    }

    /// Does it: `Ok` is an acknowledgement, `Err` says that the server died over it.
    pub fn carry_out(self, client: &mut Client<'_>, key: &str) -> io::Result<()> {
        match self {
            Operation::Write(body @ Body { parts: 0, .. }) => {
                client.expect(200, described(Request::put(&path(key)), body).body(body.bytes()))
            }
            Operation::Write(body) => return client.upload(key, body),
            Operation::Delete => client.expect(204, Request::new("DELETE", &path(key))),
        }
        .map(drop)
    }
}

/// The request with a header that has the number of its body, for bodies that are empty.
fn described(request: Request, body: Body) -> Request {
    request.header("x-amz-meta-number", &body.number.to_string())
}

fn path(key: &str) -> String {
    format!("/crash/{key}")
}

/// Uploads that were begun, so that they must be there until somebody tries to complete them.
pub type Uploads = Mutex<BTreeSet<String>>;

/// A client's connection, kept from request to request.
pub struct Client<'a> {
    server: &'a Process,
    connection: Connection,
    uploads: &'a Uploads,
}

impl Client<'_> {
    pub fn connect<'a>(server: &'a Process, uploads: &'a Uploads) -> io::Result<Client<'a>> {
        Ok(Client { server, connection: Connection::try_open_patiently(server.address)?, uploads })
    }

    fn send(&mut self, request: Request) -> io::Result<Response> {
        self.connection.try_send(&request.signed(self.server.address))
    }

    fn expect(&mut self, status: u16, request: Request) -> io::Result<Response> {
        let what = format!("{} {}", request.method, request.target);
        let answer = self.send(request)?;
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
        Ok(answer)
    }

    fn upload(&mut self, key: &str, body: Body) -> io::Result<()> {
        let create = described(Request::new("POST", &format!("{}?uploads", path(key))), body);
        let id = self.expect(200, create)?.element("UploadId");
        self.uploads.lock().unwrap().insert(id.clone());
        let mut list = String::new();
        for (number, part) in (1..).zip(body.bytes().chunks(if body.parts > 1 { PART } else { usize::MAX })) {
            let put = Request::put(&format!("{}?partNumber={number}&uploadId={id}", path(key))).body(part);
            let etag = self.expect(200, put)?.header("etag").to_owned();
            list += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
        }
        self.uploads.lock().unwrap().remove(&id);
        let document = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
        self.expect(200, Request::new("POST", &format!("{}?uploadId={id}", path(key))).body(document)).map(drop)
    }

    /// What a key holds: a whole body or nothing.
    pub fn observe(&mut self, key: &str) -> io::Result<Option<Body>> {
        let answer = self.send(Request::get(&path(key)))?;
        if answer.status == 404 {
            return Ok(None);
        }
        assert_eq!(answer.status, 200, "{key}: {}", answer.text());
        // The tag of an object that was uploaded in parts ends with their number.
        let parts =
            answer.header("etag").trim_matches('"').split_once('-').map_or(0, |(_, parts)| parts.parse().unwrap());
        let number = answer.header("x-amz-meta-number").parse().unwrap();
        let body = Body { number, length: answer.body.len(), parts };
        assert!(answer.body == body.bytes(), "{key} is not the whole of write {number}");
        Ok(Some(body))
    }

    /// Keys and sizes of all objects, as a listing shows them.
    pub fn listed(&mut self) -> io::Result<Vec<(String, usize)>> {
        let listing = self.expect(200, Request::get("/crash?list-type=2"))?.text();
        let entries = elements(&listing, "Contents").into_iter();
        Ok(entries.map(|entry| (element(entry, "Key"), element(entry, "Size").parse().unwrap())).collect())
    }

    /// Ends the uploads that a crash has left open. Those that were acknowledged must be among them.
    pub fn end_uploads(&mut self) -> io::Result<()> {
        let listing = self.expect(200, Request::get("/crash?uploads"))?.text();
        let mut begun = std::mem::take(&mut *self.uploads.lock().unwrap());
        for upload in elements(&listing, "Upload") {
            let (key, id) = (element(upload, "Key"), element(upload, "UploadId"));
            begun.remove(&id);
            self.expect(204, Request::new("DELETE", &format!("{}?uploadId={id}", path(&key))))?;
        }
        assert!(begun.is_empty(), "uploads are lost: {begun:?}");
        Ok(())
    }
}

/// The text of each element of that name.
fn elements<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let rests = text.split(&format!("<{name}>")).skip(1).collect::<Vec<_>>();
    rests.into_iter().map(|rest| rest.split(&format!("</{name}>")).next().unwrap()).collect()
}

fn element(text: &str, name: &str) -> String {
    elements(text, name)[0].to_owned()
}
