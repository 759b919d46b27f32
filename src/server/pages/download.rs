//! Downloads of objects. A stored file never runs as a page in this origin, even if its type says so.

use crate::s3::uri::IN_QUERY;
use crate::server::pages::page::{self, NOTHING, Page};
use crate::store::{Object, StoreError};
use http::{Method, StatusCode, header};
use percent_encoding::utf8_percent_encode;
use pingora::protocols::http::ServerSession;

/// The content type of every download. The stored type is ignored.
const CONTENT_TYPE: &str = "application/octet-stream";

/// Sends an object under the last part of its key. If the object cannot be read to its end, the connection ends, so
/// that the browser does not take the part for the whole.
pub(super) async fn send(session: &mut ServerSession, key: &str, object: Object) -> pingora::Result<()> {
    let size = object.info.size;
    let mut reader = match object.read(0..size, None).await {
        Ok(reader) => reader,
        Err(error) => return Page::plain(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).send(session).await,
    };
    let mut header = page::head(StatusCode::OK, CONTENT_TYPE, NOTHING)?;
    header.insert_header(header::CONTENT_LENGTH, size)?;
    header.insert_header(header::CONTENT_DISPOSITION, disposition(key))?;
    let head_only = session.req_header().method == Method::HEAD;
    session.write_response_header(Box::new(header)).await?;
    if head_only {
        return Ok(());
    }
    while let Some(piece) = reader.next().await {
        let piece = match piece {
            Ok(piece) => piece,
            Err(error) => return break_off(session, &error).await,
        };
        session.write_response_body(piece, false).await?;
    }
    session.finish_body().await
}

async fn break_off(session: &mut ServerSession, error: &StoreError) -> pingora::Result<()> {
    tracing::warn!(%error, "a download broke off");
    session.set_keepalive(None);
    // pingora would end the body properly, as if this were all of it.
    session.shutdown().await;
    Ok(())
}

/// RFC 6266: the name in UTF-8, and nothing that a browser could open.
fn disposition(key: &str) -> String {
    let name = key.rsplit('/').find(|part| !part.is_empty()).unwrap_or("object");
    format!("attachment; filename*=UTF-8''{}", utf8_percent_encode(name, IN_QUERY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_is_named_after_its_key() {
        for (key, name) in [
            ("a.html", "a.html"),
            ("a/b c.txt", "b%20c.txt"),
            ("a/b/", "b"),
            ("/", "object"),
            ("ä\r\n\";x", "%C3%A4%0D%0A%22%3Bx"),
        ] {
            assert_eq!(disposition(key), format!("attachment; filename*=UTF-8''{name}"));
        }
    }
}
