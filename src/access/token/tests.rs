//! Tokens as text, and what becomes of them.

use super::*;

pub(in crate::access) const ID: &str = "0123456789abcdef0123456789abcdef";
pub(in crate::access) const NOW: u64 = 1_800_000_000;

pub(in crate::access) fn parent() -> AccessKey {
    AccessKey::admin(ID, Secret::new("parent secret"))
}

pub(in crate::access) fn now() -> Timestamp {
    seconds(NOW)
}

/// A token with that head and those claims, signed with that secret.
fn token_by(secret: &str, head: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
    let tag = URL_SAFE_NO_PAD.encode(Secret::new(secret).mac(signed.as_bytes()));
    STANDARD.encode(format!("jwt/{signed}.{tag}"))
}

fn token(claims: &str) -> String {
    token_by("parent secret", r#"{"alg":"HS256","typ":"JWT"}"#, claims)
}

/// Claims that are good, with one change.
pub(in crate::access) fn claims(from: &str, to: &str) -> String {
    let good = format!(
        r#"{{"bucket":"media","scope":"object-read-only","sub":"account","iss":"{ID}","aud":"host","iat":{NOW},"exp":{}}}"#,
        NOW + 900
    );
    assert!(good.contains(from), "{from}");
    good.replace(from, to)
}

fn verdict(text: &str) -> String {
    match SessionToken::verify(text, &parent(), now()) {
        Ok(_) => "good".to_owned(),
        Err(bad) => format!("{bad:?}").split('(').next().unwrap().to_owned(),
    }
}

#[test]
fn claims_and_what_becomes_of_them() {
    for (from, to, expected) in [
        ("media", "media", "good"),
        (r#""sub":"account","#, "", "good"),
        (r#""aud":"host","#, r#""aud":["a","b"],"#, "good"),
        (r#""aud":"host","#, r#""aud":"host","jti":"1","nbf":1800000000,"#, "good"),
        (r#""scope":"object-read-only""#, r#""actions":["GetObject","ListObjectsV1"]"#, "good"),
        (r#""scope":"object-read-only""#, r#""scope":"admin-read-write","actions":[]"#, "good"),
        (r#""bucket":"media""#, r#""bucket":"media","paths":{"prefixPaths":["a/"],"objectPaths":[]}"#, "good"),
        (r#""bucket":"media""#, r#""bucket":"media","paths":{"prefixPaths":["a/"]}"#, "good"),
        // Limits that are not known would not be kept.
        (r#""bucket":"media""#, r#""bucket":"media","paths":{"prefixes":["a/"]}"#, "Claims"),
        (r#""bucket":"media""#, r#""bucket":"media","prefixes":["a/"]"#, "Claims"),
        (r#""bucket":"media""#, r#""bucket":"media","ip":"10.0.0.1""#, "Claims"),
        (r#""bucket":"media""#, r#""bucket":"media","bucket":"other""#, "Claims"),
        (r#""bucket":"media""#, r#""bucket":["media"]"#, "Claims"),
        (r#""bucket":"media","#, "", "Claims"),
        (r#""bucket":"media""#, r#""bucket":"*""#, "Bucket"),
        (r#""bucket":"media""#, r#""bucket":"Media""#, "Bucket"),
        (r#","exp":1800000900"#, "", "Claims"),
        (r#""exp":1800000900"#, r#""exp":-1"#, "Claims"),
        (r#""exp":1800000900"#, r#""exp":"1800000900""#, "Claims"),
        (r#""exp":1800000900"#, r#""exp":18446744073709551615"#, "good"),
        (r#""iat":1800000000"#, r#""iat":1800000899"#, "good"),
        (r#""iat":1800000000"#, r#""iat":1800000901"#, "Early"),
        (r#""aud":"host""#, r#""nbf":1800000901"#, "Early"),
        (ID, "another", "Issuer"),
        ("object-read-only", "object-write-only", "Operations"),
        (r#""scope":"object-read-only","#, "", "Operations"),
        (r#""scope":"object-read-only""#, r#""actions":["GetBucketPolicy"]"#, "Operations"),
        (r#""scope":"object-read-only""#, r#""actions":["GetObject","*"]"#, "Operations"),
        ("{", "[", "Claims"),
    ] {
        assert_eq!(verdict(&token(&claims(from, to))), expected, "{from} to {to}");
    }
}

#[test]
fn forms_of_a_token() {
    let good = claims("media", "media");
    let head = r#"{"alg":"HS256","typ":"JWT"}"#;
    let unsigned = |head: &str| {
        let parts = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(&good));
        STANDARD.encode(format!("jwt/{parts}."))
    };
    let jwt = String::from_utf8(STANDARD.decode(token(&good)).unwrap()).unwrap();
    let tampered = {
        let mut parts: Vec<String> = jwt.split('.').map(str::to_owned).collect();
        parts[1] = URL_SAFE_NO_PAD.encode(claims("media", "other"));
        STANDARD.encode(parts.join("."))
    };
    for (what, text, expected) in [
        ("as it should be", token(&good), "good"),
        ("no typ", token_by("parent secret", r#"{"alg":"HS256"}"#, &good), "good"),
        ("another secret", token_by("other secret", head, &good), "Signature"),
        ("no secret", token_by("", head, &good), "Signature"),
        ("changed claims", tampered, "Signature"),
        ("no algorithm", unsigned(r#"{"alg":"none"}"#), "Signature"),
        ("no signature", unsigned(head), "Signature"),
        ("none, well signed", token_by("parent secret", r#"{"alg":"none"}"#, &good), "Algorithm"),
        ("HS512", token_by("parent secret", r#"{"alg":"HS512"}"#, &good), "Algorithm"),
        ("critical", token_by("parent secret", r#"{"alg":"HS256","crit":["x"]}"#, &good), "Algorithm"),
        ("two algorithms", token_by("parent secret", r#"{"alg":"none","alg":"HS256"}"#, &good), "Algorithm"),
        ("of AWS", "FwoGZXIvYXdzEBYaDH".to_owned(), "Form"),
        ("not base64", "jwt/a.b.c".to_owned(), "Form"),
        ("the bare JSON Web Token", jwt.trim_start_matches("jwt/").to_owned(), "Form"),
        ("without jwt/", STANDARD.encode(jwt.trim_start_matches("jwt/")), "Form"),
        ("for URLs", URL_SAFE_NO_PAD.encode(format!("{jwt}ÿÿ")), "Form"),
        ("one part", STANDARD.encode("jwt/abc"), "Form"),
        ("four parts", STANDARD.encode(format!("{jwt}.AAAA")), "Signature"),
        ("two bytes more", STANDARD.encode(format!("{jwt}=")), "Form"),
        ("not UTF-8", STANDARD.encode(b"jwt/\xff.\xff.\xff"), "Form"),
        ("empty", String::new(), "Form"),
        ("too long", "A".repeat(MAX_TOKEN_BYTES + 4), "TooLong"),
    ] {
        assert_eq!(verdict(&text), expected, "{what}");
    }
}

/// What a token with these claims leaves.
pub(in crate::access) fn scope_of(claims: &str) -> TokenScope {
    SessionToken::verify(&token(claims), &parent(), now()).unwrap().scope
}
