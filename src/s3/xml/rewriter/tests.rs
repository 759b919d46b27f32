//! Documents in, documents out, cut at every byte.

use super::*;
use crate::s3::sequences::sequences;
use crate::s3::xml::Owner;
use crate::s3::xml::error_document::MAX_ERROR_BYTES;
use crate::s3::xml::reader::parse;

const ODD_OWNER: Owner<'static> = Owner { id: "<1>", display_name: "&" };

fn rules() -> RewriteRules {
    RewriteRules::none().root("R").text("R/Name", "a&b").owner("R/C/Owner", ODD_OWNER).without("Gone")
}

/// What a document of these pieces becomes: what the client has early, and the ending.
fn rewrite<'p>(rules: RewriteRules, pieces: impl IntoIterator<Item = &'p [u8]>) -> Result<(String, Ending), Malformed> {
    let (mut rewriter, mut early) = (Rewriter::new(rules), Vec::new());
    for piece in pieces {
        early.extend(rewriter.update(piece)?);
    }
    rewriter.finish().map(|ending| (String::from_utf8(early).unwrap(), ending))
}

/// The same, put together.
fn rewritten<'p>(rules: RewriteRules, pieces: impl IntoIterator<Item = &'p [u8]>) -> Result<String, Malformed> {
    match rewrite(rules, pieces)? {
        (early, Ending::Document(text)) => Ok(early + &text),
        (_, Ending::Error(error)) => Err(Malformed::new(error.code)),
    }
}

fn whole(document: &str) -> Result<(String, Ending), Malformed> {
    rewrite(rules(), [document.as_bytes()])
}

/// The document is rewritten as expected wherever it is cut, and is an error where it ends.
fn assert_rewritten(rules: &RewriteRules, document: &str, expected: &str) {
    let expected = Ok(expected.to_owned());
    for at in 0..=document.len() {
        let (front, back) = document.as_bytes().split_at(at);
        assert_eq!(rewritten(rules.clone(), [front, back]), expected, "cut at {at}");
    }
    for size in 1..8 {
        assert_eq!(rewritten(rules.clone(), document.as_bytes().chunks(size)), expected, "pieces of {size}");
    }
}

#[test]
fn only_what_rules_name_changes() {
    for (document, expected) in [
        ("<R><Name>x</Name></R>", "<R><Name>a&amp;b</Name></R>"),
        ("<R><Name/></R>", "<R><Name>a&amp;b</Name></R>"),
        ("<R><Name a='/' /></R>", "<R><Name a='/' >a&amp;b</Name></R>"),
        ("<R><Name></Name ></R>", "<R><Name>a&amp;b</Name></R>"),
        ("<R><Name>x<!-- y --><![CDATA[z]]>&lt;</Name></R>", "<R><Name>a&amp;b</Name></R>"),
        ("<R><Name>x<Name>y</Name><Gone/></Name>z</R>", "<R><Name>a&amp;b</Name>z</R>"),
        ("<p:R xmlns:p='u'><p:Name>x</p:Name></p:R>", "<p:R xmlns:p='u'><p:Name>a&amp;b</p:Name></p:R>"),
        (
            "<R><C><Name>x</Name></C><C><Owner/></C></R>",
            "<R><C><Name>x</Name></C><C><Owner><ID>&lt;1&gt;</ID><DisplayName>&amp;</DisplayName></Owner></C></R>",
        ),
        ("<R>1<Gone>x<Gone>y</Gone>z</Gone>2<C><Gone a='b'/>3</C></R>", "<R>12<C>3</C></R>"),
        ("<R><Gone><Name>x</Name></Gone><gone/><p:Gone/></R>", "<R><gone/></R>"),
    ] {
        assert_rewritten(&rules(), document, expected);
    }
}

#[test]
fn plus_is_a_space_only_where_rules_say_so() {
    let rules = rules().plus_for_space("R/Key").plus_for_space("R/C/Key");
    for (document, expected) in [
        ("<R><Key>a+b%2Bc</Key></R>", "<R><Key>a%20b%2Bc</Key></R>"),
        ("<R><Key><![CDATA[+a++]]>+&amp;</Key></R>", "<R><Key><![CDATA[%20a%20%20]]>%20&amp;</Key></R>"),
        ("<R>+<Key a='+'><!-- + --></Key>+</R>", "<R>+<Key a='+'><!-- + --></Key>+</R>"),
        (
            "<R><K>a+b</K><C><Key>+</Key><K><Key>+</Key></K></C></R>",
            "<R><K>a+b</K><C><Key>%20</Key><K><Key>+</Key></K></C></R>",
        ),
        ("<R><Key>+<K>+</K>+</Key></R>", "<R><Key>%20<K>+</K>%20</Key></R>"),
        ("<R><Name>+</Name><Gone>+</Gone></R>", "<R><Name>a&amp;b</Name></R>"),
    ] {
        assert_rewritten(&rules, document, expected);
    }
}

#[test]
fn everything_else_stays() {
    for document in [
        "<R/>",
        " \r\n <R\t/>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></R>\n\n",
        "<?xml version='1.0'?><!-- <R> --><R><!----></R><!-- x -->",
        "<R><K>&lt;Name&gt;x&lt;/Name&gt;</K></R>",
        "<R><K><![CDATA[<Name>x</Name><Gone/>]]></K></R>",
        "<R><K a=\"&lt;Name>\">x</K></R>",
        "<R><K a='>' b=\"'\">Gone</K></R>",
        "<R>\r\n\t<K> a  b </K>\u{a0}é𝄞&#x1;&#13;&quot;&#0;</R>",
        "<R><!-- <Name>x</Name> --><C><Name>x</Name></C></R>",
        "<R><Names/><NameX/><R><Name>x</Name></R></R>",
    ] {
        assert_rewritten(&rules(), document, document);
    }
}

#[test]
fn a_declaration_is_allowed_only_at_the_start() {
    assert_rewritten(&rules(), " \n<?xml version=\"1.0\"?>\n<R/>", " \n\n<R/>");
    for (declaration, taken) in [
        ("<?xml version='1.0' encoding='utf-8' standalone='yes'?>", true),
        ("<?xml version='1.0' encoding='US-ASCII'?>", true),
        ("<?xml version='1.0' encoding='UTF-7'?>", false),
        ("<?xml version='1.0' encoding=UTF-8?>", false),
        ("<?xmlversion='1.0'?>", false),
        ("<?xml-stylesheet href='a'?>", false),
        ("<??>", false),
    ] {
        assert_eq!(whole(&format!("{declaration}<R/>")).is_ok(), taken, "{declaration}");
    }
}

/// What the client has after each piece.
fn assert_early(pieces: &[(&str, &str)]) {
    let mut rewriter = Rewriter::new(RewriteRules::none());
    for (piece, early) in pieces {
        assert_eq!(String::from_utf8(rewriter.update(piece.as_bytes()).unwrap()).unwrap(), *early, "{piece}");
    }
    rewriter.finish().unwrap();
}

/// S3 and MinIO send a declaration and then a blank every few seconds while they work.
#[test]
fn white_space_that_keeps_the_connection_open_is_passed_on_at_once() {
    assert_early(&[
        ("<?xml version=\"1.0\"?>\n", "<?xml version=\"1.0\"?>\n"),
        (" ", " "),
        (" ", " "),
        (" <R", ""),
        ("/>", ""),
    ]);
    assert_early(&[(" ", " "), ("<?xml versi", ""), ("on=\"1.0\"?>", ""), (" ", " "), ("<R/>", "")]);
    assert_early(&[("<?xml version=\"1.0\"?>\n<R>", ""), (" ", ""), ("</R>", "")]);
}

/// Ceph reports the progress of a copy inside the root.
#[test]
fn progress_inside_the_root_of_a_copy_is_a_blank() {
    let start = "<?xml version=\"1.0\"?><CopyObjectResult>";
    let progress = ("<Progress>1048576</Progress>", " ");
    assert_early(&[(start, ""), progress, progress, ("<ETag>e</ETag></CopyObjectResult>", " ")]);
    let pieces = [start, progress.0, "</CopyObjectResult>"].map(str::as_bytes);
    let expected = "  <CopyObjectResult><Progress>1048576</Progress></CopyObjectResult>";
    assert_eq!(rewritten(RewriteRules::none(), pieces), Ok(expected.to_owned()));
    assert_early(&[("<CopyObjectResult><ETag>e</ETag></CopyObjectResult>", "")]);
    // Listings are only sent when they are made.
    assert_early(&[("<R>", ""), (progress.0, ""), ("</R>", "")]);
}

#[test]
fn an_error_is_kept_wherever_it_is_cut() {
    let document = "<?xml version=\"1.0\"?>\n  <Error><Code>InternalError</Code><Message>a&amp;b</Message></Error>\n";
    let message = "a&b".to_owned();
    let error = ErrorDocument { code: "InternalError".to_owned(), message, ..ErrorDocument::default() };
    let (declaration, root) = (document.find('\n').unwrap(), document.find("<Error>").unwrap());
    for at in 0..=document.len() {
        let (front, back) = document.as_bytes().split_at(at);
        let early = if (declaration..=root).contains(&at) { &document[..at] } else { "" };
        assert_eq!(
            rewrite(RewriteRules::none(), [front, back]),
            Ok((early.to_owned(), Ending::Error(error.clone()))),
            "cut at {at}"
        );
        // Nothing is early of a document that no store begins before its work is done.
        let whole = Ok((String::new(), Ending::Error(error.clone())));
        assert_eq!(rewrite(RewriteRules::none().root("R"), [front, back]), whole, "cut at {at}");
    }
}

#[test]
fn an_error_inside_a_document_is_none() {
    let document = "<R><Error><Key>k</Key><Code>AccessDenied</Code><Message>m</Message></Error></R>";
    assert_rewritten(&rules(), document, document);
}

#[test]
fn a_cut_document_is_never_whole() {
    let document = "<?xml version=\"1.0\"?> <R><Name>x</Name><C a='b'>é&amp;<![CDATA[x]]></C><!-- c --><Gone/></R>";
    let error = "<Error><Code>A</Code></Error>";
    for document in [document, error] {
        assert!(whole(document).is_ok());
        for end in 0..document.len() {
            assert!(rewrite(rules(), [&document.as_bytes()[..end]]).is_err(), "{end}");
        }
    }
}

#[test]
fn what_is_malformed() {
    let deep = |depth: usize| format!("<R>{}{}</R>", "<a>".repeat(depth - 1), "</a>".repeat(depth - 1));
    let key = |bytes: usize| format!("<R><K a='{}'/></R>", "x".repeat(bytes));
    let error = format!("<Error><Code>A</Code><Message>{}</Message></Error>", "x".repeat(MAX_ERROR_BYTES));
    assert!(whole(&deep(MAX_DEPTH)).is_ok());
    assert!(whole(&key(MAX_TAG_BYTES - 100)).is_ok());
    for document in [
        "",
        " ",
        "x<R/>",
        "<R/>x",
        "&#32;<R/>",
        "<![CDATA[ ]]><R/>",
        "<R/><![CDATA[]]>",
        "<R/><R/>",
        "<R/></R>",
        "</R>",
        "<R></r>",
        "<R><p:a></a></R>",
        "<R><a></R></a>",
        "<R><Gone><a></Gone></a></R>",
        "<R><Name><a></Name></R>",
        "<R><?xml version='1.0'?></R>",
        "<R/><?xml version='1.0'?>",
        "<!DOCTYPE R><R/>",
        "<!DOCTYPE R [<!ENTITY a 'b'>]><R>&a;</R>",
        "<R>&a;</R>",
        "<R>a & b</R>",
        "<R>&#;</R>",
        "<R>&#xg;</R>",
        "<R>&;</R>",
        "<R a></R>",
        "<html><body>Service Unavailable</body></html>",
        "{\"Name\": 1}",
        "<Error/>",
        "<Error><Message>no code</Message></Error>",
        "\u{feff}<R/>",
        deep(MAX_DEPTH + 1).as_str(),
        key(MAX_TAG_BYTES).as_str(),
        error.as_str(),
    ] {
        assert!(whole(document).is_err(), "{document:.60}");
    }
    assert!(rewrite(rules(), [&b"<R>\xff</R>"[..]]).is_err());
}

/// The bound is on the document, not on what keeps the connection open before it.
#[test]
fn a_document_that_is_too_long_is_malformed_whatever_follows() {
    let mut rewriter = Rewriter::new(RewriteRules::none());
    rewriter.update(b"<R>").unwrap();
    assert!(rewriter.update(&vec![b' '; MAX_DOCUMENT_BYTES]).is_err());
    assert!(rewriter.update(b"</R>").is_err());
    assert!(rewriter.finish().is_err());

    let mut rewriter = Rewriter::new(RewriteRules::none());
    for _ in 0..MAX_DOCUMENT_BYTES / MAX_PROLOG_BYTES {
        assert_eq!(rewriter.update(&[b' '; MAX_PROLOG_BYTES]).unwrap().len(), MAX_PROLOG_BYTES);
    }
    rewriter.update(b"<R/>").unwrap();
    assert_eq!(rewriter.finish(), Ok(Ending::Document("<R/>".to_owned())));
}

/// Whatever a byte becomes: no panic, and what is called whole is well-formed.
#[test]
fn no_single_wrong_byte_goes_unnoticed() {
    let document = b"<?xml version='1.0'?> <p:R><Name>x</Name><C b='c'>&#65;<![CDATA[x]]><Owner/></C><!-- c --></p:R>";
    for at in 0..document.len() {
        for wrong in 0..=u8::MAX {
            let mut document = document.to_vec();
            document[at] = wrong;
            if let Ok(given) = rewritten(rules(), [&document[..]]) {
                assert!(parse(given.trim_start().as_bytes(), "R").is_ok(), "{given}");
            }
        }
    }
}

/// What XML is made of, and what rules name.
const TOKENS: &[&str] = &[
    "<R>",
    "</R>",
    "<R/>",
    "<Name>",
    "</Name>",
    "<Gone/>",
    "<Gone a='>'>",
    "</Gone>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "&lt;",
    "&",
    "x",
    " ",
    "<?xml version='1.0'?>",
    "<!DOCTYPE R>",
    "\"",
    "é",
];

/// Whatever stands in the root: no panic, the same wherever it is cut, and nothing that a rule names is left.
#[test]
fn any_document_of_three_tokens_is_rewritten_the_same_however_it_is_cut() {
    for inside in sequences(TOKENS, 3) {
        let document = format!("<R>{inside}</R>");
        let expected = whole(&document);
        for at in (0..document.len()).step_by(3) {
            let (front, back) = document.as_bytes().split_at(at);
            assert_eq!(rewrite(rules(), [front, back]), expected, "{document} cut at {at}");
        }
        if let Ok((_, Ending::Document(text))) = expected {
            let root = parse(text.as_bytes(), "R").unwrap();
            assert!(!root.contains("Gone"), "{document} became {text}");
        }
    }
}

#[test]
fn any_text_of_three_tokens_is_rewritten_or_malformed() {
    for document in sequences(TOKENS, 3) {
        let read = rewritten(rules(), [document.as_bytes()]);
        assert_eq!(rewritten(rules(), document.as_bytes().chunks(1)), read, "{document}");
        if let Ok(text) = read {
            assert!(parse(text.trim_start().as_bytes(), "R").is_ok(), "{document} became {text}");
        }
    }
}
