//! A page as it is sent, with headers that restrict the browser to what the page needs.

use askama::Template;
use http::{HeaderName, Method, StatusCode, Version, header};
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use std::borrow::Cow;

/// The policy for pages: they load only their own style, script and stream. A page cannot contain a script.
pub(super) const OWN_FILES: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
                                    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy for other content: it may load nothing, and has no origin.
pub(super) const NOTHING: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// Headers that every answer has.
const ALWAYS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// An answer that is a text.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    /// The Content-Security-Policy.
    pub(super) policy: Cow<'static, str>,
    pub(super) text: Cow<'static, str>,
}

impl Page {
    /// A page of a template.
    pub(super) fn of(status: StatusCode, template: &impl Template) -> Page {
        match template.render() {
            Ok(text) => Page { status, ..Page::html(text) },
            Err(error) => Page::plain(StatusCode::INTERNAL_SERVER_ERROR, format!("the page cannot be made: {error}\n")),
        }
    }

    /// A complete page, in which everything is escaped already.
    pub(super) fn html(text: String) -> Page {
        Page {
            status: StatusCode::OK,
            content_type: "text/html; charset=utf-8",
            policy: Cow::Borrowed(OWN_FILES),
            text: Cow::Owned(text),
        }
    }

    /// Plain text.
    pub(super) fn plain(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Page {
        let content_type = "text/plain; charset=utf-8";
        Page { status, content_type, policy: Cow::Borrowed(NOTHING), text: text.into() }
    }

    /// A file that the pages load.
    pub(super) fn file(content_type: &'static str, text: &'static str) -> Page {
        Page { status: StatusCode::OK, content_type, policy: Cow::Borrowed(NOTHING), text: Cow::Borrowed(text) }
    }

    /// Sends it.
    pub(super) async fn send(self, session: &mut ServerSession) -> pingora::Result<()> {
        let mut header = head(self.status, self.content_type, &self.policy)?;
        header.insert_header(header::CONTENT_LENGTH, self.text.len())?;
        let head_only = session.req_header().method == Method::HEAD;
        session.write_response_header(Box::new(header)).await?;
        if head_only { Ok(()) } else { session.write_response_body(self.text.into_owned().into(), true).await }
    }
}

/// The head of an answer, without its length.
pub(super) fn head(status: StatusCode, content_type: &str, policy: &str) -> pingora::Result<ResponseHeader> {
    let mut header = ResponseHeader::build(status, Some(ALWAYS.len() + 4))?;
    header.insert_header(header::CONTENT_TYPE, content_type)?;
    header.insert_header(header::CONTENT_SECURITY_POLICY, policy)?;
    for (name, value) in ALWAYS {
        header.insert_header(name, value)?;
    }
    Ok(header)
}

/// Frames a body whose length is not known. HTTP/1.0 has no frames: there the end of the connection ends it.
pub(super) fn without_length(session: &mut ServerSession, header: &mut ResponseHeader) -> pingora::Result<()> {
    if session.req_header().version > Version::HTTP_10 {
        header.insert_header(header::TRANSFER_ENCODING, "chunked")?;
    }
    session.set_keepalive(None);
    Ok(())
}
