//! What clients do, and what they must see while others do the same.

use super::body::{Body, PART};
use super::history::{Clock, Unacknowledged};
use super::random::Random;
use crate::support::{Connection, Request, Response};
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
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

    /// Carries it out: `Ok` is an acknowledgement, `Err` means that the proxy or the store died meanwhile.
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

/// Keys and ids of uploads that were begun, so that they must be there until somebody tries to complete them.
pub type Uploads = Mutex<BTreeSet<(String, String)>>;

/// A client's connection, kept from request to request.
pub struct Client<'a> {
    address: SocketAddr,
    connection: Connection,
    uploads: &'a Uploads,
}

impl Client<'_> {
    pub fn connect(address: SocketAddr, uploads: &Uploads) -> io::Result<Client<'_>> {
        Ok(Client { address, connection: Connection::try_open_patiently(address)?, uploads })
    }

    /// An answer that the server could not do it is an error, as one that does not come.
    fn send(&mut self, request: Request) -> io::Result<Response> {
        let answer = self.connection.try_send(&request.signed(self.address))?;
        if answer.status >= 500 { Err(io::Error::other(answer.text())) } else { Ok(answer) }
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
        let upload = (key.to_owned(), id.clone());
        self.uploads.lock().unwrap().insert(upload.clone());
        let mut list = String::new();
        for (number, part) in (1..).zip(body.bytes().chunks(if body.parts > 1 { PART } else { usize::MAX })) {
            let put = Request::put(&format!("{}?partNumber={number}&uploadId={id}", path(key))).body(part);
            let etag = self.expect(200, put)?.header("etag").to_owned();
            list += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>");
        }
        self.uploads.lock().unwrap().remove(&upload);
        let document = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
        let answer = self.expect(200, Request::new("POST", &format!("{}?uploadId={id}", path(key))).body(document))?;
        // It may have begun its answer before it failed.
        if answer.text().contains("<Error>") {
            return Err(io::Error::other(answer.text()));
        }
        assert_eq!(answer.element("Key"), key, "{}", answer.text());
        Ok(())
    }

    /// What a key holds: a whole body or nothing.
    pub fn observe(&mut self, key: &str) -> io::Result<Option<Body>> {
        let answer = self.send(Request::get(&path(key)))?;
        if answer.status == 404 {
            assert_eq!(answer.element("Code"), "NoSuchKey");
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
    pub fn end_uploads(&mut self, others: Unacknowledged) -> io::Result<()> {
        let begun = std::mem::take(&mut *self.uploads.lock().unwrap());
        let mut open = self.open_uploads("")?;
        for (key, id) in begun {
            // Some stores list the uploads of a key only where it is asked for.
            let is_open = open.contains(&(key.clone(), id.clone()))
                || self.open_uploads(&key)?.contains(&(key.clone(), id.clone()));
            assert!(is_open, "the upload {id} of {key} is lost");
            open.insert((key, id));
        }
        open.iter().try_for_each(|(key, id)| self.end_upload(key, id, others))
    }

    fn end_upload(&mut self, key: &str, id: &str, others: Unacknowledged) -> io::Result<()> {
        let answer = self.send(Request::new("DELETE", &format!("{}?uploadId={id}", path(key))))?;
        // A Complete that was not acknowledged may have been faster.
        let is_gone = others == Unacknowledged::MayCome && answer.status == 404;
        assert!(answer.status == 204 || is_gone, "{key}: {}", answer.text());
        Ok(())
    }

    fn open_uploads(&mut self, prefix: &str) -> io::Result<BTreeSet<(String, String)>> {
        let listing = self.expect(200, Request::get(&format!("/crash?uploads&prefix={prefix}")))?.text();
        let uploads = elements(&listing, "Upload").into_iter();
        Ok(uploads.map(|upload| (element(upload, "Key"), element(upload, "UploadId"))).collect())
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
