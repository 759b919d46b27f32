//! Documents in, documents out, cut at every byte.

use super::*;
use crate::s3::xml::nesting::MAX_DEPTH;
use crate::s3::xml::reader::parse;
use crate::s3::xml::tokens::MAX_TOKEN_BYTES;
use crate::s3::xml::{OWNER, Owner};

const ODD_OWNER: Owner<'static> = Owner { id: "<1>", display_name: "&" };

fn rules() -> Rules {
    Rules::none().root("R").text("R/Name", "a&b").owner("R/C/Owner", ODD_OWNER).without("Gone")
}

/// What a document of these pieces becomes, put together, and how it ended.
fn rewrite<'p>(rules: Rules, pieces: impl IntoIterator<Item = &'p [u8]>) -> Result<(String, Ending), Malformed> {
    let (mut rewriter, mut given) = (Rewriter::new(rules), Vec::new());
    for piece in pieces {
        given.extend(rewriter.update(piece)?);
    }
    rewriter.finish().map(|ending| (String::from_utf8(given).unwrap(), ending))
}

fn whole(document: &str) -> Result<(String, Ending), Malformed> {
    rewrite(rules(), [document.as_bytes()])
}

/// The document is rewritten as expected wherever it is cut, and is an error where it ends.
fn assert_rewritten(rules: &Rules, document: &str, expected: &str) {
    let expected = Ok((expected.to_owned(), Ending::Document));
    for at in 0..=document.len() {
        let (front, back) = document.as_bytes().split_at(at);
        assert_eq!(rewrite(rules.clone(), [front, back]), expected, "cut at {at}");
    }
    for size in 1..8 {
        assert_eq!(rewrite(rules.clone(), document.as_bytes().chunks(size)), expected, "pieces of {size}");
    }
}

#[test]
fn only_what_rules_name_changes() {
    for (document, expected) in [
        ("<R><Name>x</Name></R>", "<R><Name>a&amp;b</Name></R>"),
        ("<R><Name/></R>", "<R><Name>a&amp;b</Name></R>"),
        ("<R><Name a='/' /></R>", "<R><Name a='/' >a&amp;b</Name></R>"),
        ("<R><Name></Name ></R>", "<R><Name>a&amp;b</Name ></R>"),
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
fn all_else_passes_byte_for_byte() {
    for document in [
        "<R/>",
        " \r\n <R\t/>",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></R>\n\n",
        "<?xml version='1.0'?><!-- <R> --><R><!----></R><!-- x -->",
        "<R><K>&lt;Name&gt;x&lt;/Name&gt;</K></R>",
        "<R><K><![CDATA[<Name>x</Name><Gone/>]]></K></R>",
        "<R><K a=\"&lt;Name>\">x</K></R>",
        "<R><K a='>' b=\"'\">Gone</K></R>",
        "<R>\r\n\t<K> a  b </K >\u{a0}é𝄞&#x1;&#13;&quot;&#0;</R>",
        "<R><!-- <Name>x</Name> --><C><Name>x</Name></C></R>",
        "<R><Names/><NameX/><R><Name>x</Name></R></R>",
    ] {
        assert_rewritten(&rules(), document, document);
    }
}

#[test]
fn a_declaration_stands_at_the_start_or_nowhere() {
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

#[test]
fn what_can_go_on_goes_on_at_once() {
    let mut rewriter = Rewriter::new(rules());
    for (piece, given) in [
        ("<?xml version=\"1.0\"?>\n", "<?xml version=\"1.0\"?>\n"),
        (" ", " "),
        (" <", " "),
        ("R><Name>", "<R><Name>a&amp;b"),
        ("xx", ""),
        ("</Name><K>ke", "</Name><K>ke"),
        ("y&am", "y"),
        ("p;</K></R", "&amp;</K>"),
        (">", "</R>"),
    ] {
        assert_eq!(rewriter.update(piece.as_bytes()).unwrap(), given.as_bytes(), "{piece}");
    }
    assert_eq!(rewriter.finish(), Ok(Ending::Document));
}

#[test]
fn an_error_is_kept_wherever_it_is_cut() {
    let document = "<?xml version=\"1.0\"?>\n  <Error><Code>InternalError</Code><Message>a&amp;b</Message></Error>\n";
    let message = "a&b".to_owned();
    let error = ErrorDocument { code: "InternalError".to_owned(), message, ..ErrorDocument::default() };
    let root = document.find("<Error>").unwrap();
    for at in 0..=document.len() {
        let (front, back) = document.as_bytes().split_at(at);
        let (given, ending) = rewrite(rules(), [front, back]).unwrap();
        let begun = !given.is_empty();
        assert_eq!(ending, Ending::Error { error: error.clone(), begun }, "cut at {at}");
        // What went before the root was known, and never a byte of the error.
        assert!(document[..root].starts_with(&given), "{given}");
        assert_eq!(begun, given.starts_with('<') && at < root + "<Error>".len(), "cut at {at}");
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
    assert!(whole(&key(MAX_TOKEN_BYTES - 100)).is_ok());
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
        key(MAX_TOKEN_BYTES).as_str(),
        error.as_str(),
    ] {
        assert!(whole(document).is_err(), "{document:.60}");
    }
    assert!(rewrite(rules(), [&b"<R>\xff</R>"[..]]).is_err());
}

#[test]
fn nothing_more_is_given_after_an_error() {
    let mut rewriter = Rewriter::new(rules());
    assert!(rewriter.update(b"<R><a></b>").is_err());
    assert!(rewriter.update(b"</a></R>").is_err());
    assert!(rewriter.finish().is_err());
}

/// Whatever a byte becomes: no panic, and what is called whole is well-formed.
#[test]
fn no_single_wrong_byte_goes_unnoticed() {
    let document = b"<?xml version='1.0'?> <p:R><Name>x</Name><C b='c'>&#65;<![CDATA[x]]><Owner/></C><!-- c --></p:R>";
    for at in 0..document.len() {
        for wrong in 0..=u8::MAX {
            let mut document = document.to_vec();
            document[at] = wrong;
            if let Ok((given, Ending::Document)) = rewrite(rules(), [&document[..]]) {
                assert!(parse(given.trim_start().as_bytes(), "R").is_ok(), "{given}");
            }
        }
    }
}

#[test]
fn what_is_dropped_may_be_of_any_length() {
    let mut rewriter = Rewriter::new(Rules::none().owner("R/Owner", OWNER));
    rewriter.update(b"<R><Owner>").unwrap();
    let blanks = vec![b' '; MAX_TOKEN_BYTES];
    for _ in 0..10 {
        assert_eq!(rewriter.update(&blanks), Ok(Vec::new()));
    }
    assert_eq!(rewriter.update(b"</Owner></R>").unwrap(), b"</Owner></R>");
}
