//! Documents of another store on their way to a client.

use super::input::{Input, pieces};
use crate::s3::operation::{AnswerKind, DocumentSpec, OPERATIONS};
use crate::s3::xml::{Ending, Rewriter};
use crate::upstream::documents::{ClientNames, client_document};
use crate::upstream::whole;
use std::sync::LazyLock;

static SPECS: LazyLock<Vec<&'static DocumentSpec>> = LazyLock::new(|| {
    let spec = |answer: &AnswerKind| match answer {
        AnswerKind::Document(spec) => Some(*spec),
        _ => None,
    };
    OPERATIONS.iter().filter_map(|operation| spec(&operation.answer)).collect()
});

/// A document comes to the same however it is cut, and what came of it is taken as it is.
pub fn rewriter(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let spec = input.one_of(&SPECS);
    let (plus, audits) = (input.byte() % 2 == 1, input.byte() % 4 == 1);
    let cuts = input.cuts();
    let document = input.rest();
    let made = || if audits { in_an_audit(spec) } else { enforced(spec, plus) };
    let whole = rewritten(made(), [document]);
    let same =
        |other: Rewritten, what: &str| assert_eq!(without_blanks(other), without_blanks(whole.clone()), "{what}");
    same(rewritten(made(), pieces(document, cuts)), "cut in three");
    if document.len() < 512 {
        same(rewritten(made(), document.chunks(1)), "byte by byte");
    }
    if let Some(Ok(text)) = &whole {
        same(rewritten(made(), [text.as_bytes()]), "once more");
    }
}

fn enforced(spec: &'static DocumentSpec, plus: bool) -> Rewriter {
    let names = ClientNames { scheme: "http", host: "shim:9000", bucket: "media", key: "a&b" };
    client_document(spec, &names, &["VersionId".to_owned()], plus)
}

fn in_an_audit(spec: &'static DocumentSpec) -> Rewriter {
    let names = whole::BucketNames { client: "media".to_owned(), upstream: "acme".to_owned() };
    whole::client_document(spec, &names)
}

/// The document, or the error in it; `None` where it is malformed.
type Rewritten = Option<Result<String, String>>;

/// A slow document has more white space where it comes in pieces, and no declaration behind that.
fn without_blanks(rewritten: Rewritten) -> Rewritten {
    let same = |text: String| -> String { without_declaration(&text).split_ascii_whitespace().collect() };
    rewritten.map(|found| found.map(same))
}

fn without_declaration(text: &str) -> &str {
    let declaration = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>"));
    declaration.map_or(text, |(_, rest)| rest)
}

fn rewritten<'p>(mut rewriter: Rewriter, pieces: impl IntoIterator<Item = &'p [u8]>) -> Rewritten {
    let mut early = Vec::new();
    for piece in pieces {
        early.extend(rewriter.update(piece).ok()?);
    }
    match rewriter.finish().ok()? {
        Ending::Error(error) => Some(Err(format!("{error:?}"))),
        Ending::Document(text) => Some(Ok(String::from_utf8(early).unwrap() + &text)),
    }
}
