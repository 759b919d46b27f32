//! What a script is made of.

/// One thing that a scripted store does on a connection. Where the other side ended it, the script ends too; where the
/// script ends, the connection is closed.
#[derive(Debug, Clone)]
pub enum Step {
    /// Reads the head of a request.
    ReadHead,
    /// Reads the rest of the request's body, by its Content-Length.
    ReadBody,
    /// Reads this many bytes of the request's body.
    ReadBytes(usize),
    /// Sends bytes as they are.
    Send(Vec<u8>),
    /// Sends a whole answer; to HEAD without its body.
    Answer(Reply),
    /// Invites the body.
    Continue100,
    /// Waits for the test to say `go_on`.
    Wait,
    /// Neither reads nor sends, until the other side ends the connection.
    Stall,
    /// Sends a head that does not end, byte by byte, until the other side ends the connection.
    Trickle,
    /// Ends this side of the connection, and what the other side still sends is lost.
    Close,
    /// Ends the connection the hard way: the other side cannot even read what was sent to it.
    Reset,
    /// Begins the script anew on the same connection.
    KeepAlive,
}

impl Step {
    /// Sends text as it is.
    pub fn send(text: impl Into<Vec<u8>>) -> Step {
        Step::Send(text.into())
    }

    /// Answers with a status, and headers and a body where they are added to it.
    pub fn answer(status: u16) -> Step {
        Step::Answer(Reply::new(status))
    }
}

impl From<Reply> for Step {
    fn from(reply: Reply) -> Step {
        Step::Answer(reply)
    }
}

/// An answer in the making. Its Content-Length is that of the body unless it is given.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Reply {
    pub fn new(status: u16) -> Reply {
        Reply { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An XML document.
    pub fn xml(status: u16, body: &str) -> Reply {
        let document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}");
        Reply::new(status).header("content-type", "application/xml").body(document)
    }

    /// An error as S3 writes it.
    pub fn error(status: u16, code: &str) -> Reply {
        let text = "the store's own words";
        Reply::xml(status, &format!("<Error><Code>{code}</Code><Message>{text}</Message></Error>"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Reply {
        self.body = body.into();
        self
    }

    /// The answer as it goes over the wire.
    pub fn bytes(&self, head_only: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let framed =
            self.headers.iter().any(|(name, _)| ["content-length", "transfer-encoding"].contains(&name.as_str()));
        if !framed && !matches!(self.status, 100..=199 | 204 | 304) {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        [head.as_bytes(), if head_only { b"" } else { &self.body }].concat()
    }
}
