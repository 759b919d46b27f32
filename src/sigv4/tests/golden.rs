//! Golden vectors: requests that others signed, from `tests/vectors/sigv4`.

use super::*;
use sha2::{Digest, Sha256};

const S3_EXAMPLES: &str = include_str!("../../../tests/vectors/sigv4/s3-examples.txt");
const SUITE: &str = include_str!("../../../tests/vectors/sigv4/suite.txt");
const BOTOCORE: &str = include_str!("../../../tests/vectors/sigv4/botocore.txt");

const SUITE_SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const BOTOCORE_SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The named requests of a vector file.
fn vectors(text: &str) -> impl Iterator<Item = (&str, Request)> {
    text.trim().split("\n\n").map(|block| {
        let (name, request) = block.trim().split_once('\n').unwrap();
        (name, Request::new(request))
    })
}

fn example(name: &str) -> Request {
    let wanted = format!("# {name}");
    vectors(S3_EXAMPLES).find(|(found, _)| *found == wanted).map(|(_, request)| request).unwrap()
}

#[test]
fn the_examples_of_the_s3_documentation_verify() {
    let requests: Vec<_> = vectors(S3_EXAMPLES).collect();
    assert_eq!(requests.len(), 7);
    for (name, request) in requests {
        let claim = parse(&request.head()).unwrap();
        assert_eq!(claim.access_key_id(), "AKIAIOSFODNN7EXAMPLE", "{name}");
        assert_eq!(claim.scope().to_string(), "20130524/us-east-1/s3/aws4_request", "{name}");
        request.verify(SECRET).expect(name);
        check_signed_headers(&claim, &request.head()).expect(name);
        check_clock(&claim, claim.date()).expect(name);
    }
}

#[test]
fn the_public_test_suite_verifies() {
    let requests: Vec<_> = vectors(SUITE).collect();
    assert_eq!(requests.len(), 15);
    for (name, mut request) in requests {
        // The suite is of a service named "service" and leaves out the header that S3 demands.
        let authorization = request.head().header("authorization").unwrap().replace("/service/", "/s3/");
        request.set("authorization", &authorization);
        if !request.headers.contains_key("x-amz-content-sha256") {
            request.set("x-amz-content-sha256", EMPTY_SHA256);
        }
        let mut claim = parse(&request.head()).unwrap();
        claim.scope.service = "service".to_owned();
        verify(&claim, &request.head(), &Secret::new(SUITE_SECRET), &KeyCache::new()).expect(name);
    }
}

#[test]
fn what_botocore_signs_verifies() {
    let requests: Vec<_> = vectors(BOTOCORE).collect();
    assert!(requests.len() > 100, "{}", requests.len());
    for (name, request) in requests {
        let claim = parse(&request.head()).expect(name);
        request.verify(BOTOCORE_SECRET).expect(name);
        check_signed_headers(&claim, &request.head()).expect(name);
    }
}

#[test]
fn chunks_and_trailers_continue_the_signature() {
    let big: [u8; 32] = Sha256::digest([b'a'; 65536]).into();
    let small: [u8; 32] = Sha256::digest([b'a'; 1024]).into();
    let none: [u8; 32] = Sha256::digest(b"").into();
    let mut chain = example("streaming, signed chunks").verify(SECRET).unwrap().chain();
    for (sha256, signature) in [
        (big, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (small, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (none, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ] {
        chain.verify_chunk(&sha256, signature).expect(signature);
    }
    let mut chain = example("streaming, signed chunks and trailer").verify(SECRET).unwrap().chain();
    for (sha256, signature) in [
        (big, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
        (small, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
        (none, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
    ] {
        assert_eq!(chain.sign_chunk(&sha256).hex(), signature);
    }
    let trailer: [u8; 32] = Sha256::digest(b"x-amz-checksum-crc32c:sOO8/Q==\n").into();
    let signature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
    assert!(chain.clone().verify_chunk(&trailer, signature).is_err());
    chain.verify_trailer(&trailer, signature).unwrap();
    assert!(chain.verify_trailer(&trailer, signature).is_err());
}

#[test]
fn our_signer_signs_as_the_documentation_does() {
    let (secret, cache) = (Secret::new(SECRET), KeyCache::new());
    let signer = Signer { access_key_id: ID, secret: &secret, region: "us-east-1", service: "s3", cache: &cache };
    for name in ["GET bucket lifecycle", "list objects"] {
        let request = example(name);
        let payload = *parse(&request.head()).unwrap().payload();
        let authorization = signer.sign(&request.head(), &payload, now()).authorization;
        let documented = request.head().header("authorization").unwrap();
        assert_eq!(authorization.replace(", ", ","), documented, "{name}");
    }
    let mut request = example("presigned GET");
    let documented = std::mem::take(&mut request.query);
    assert_eq!(signer.presign(&request.head(), 86400, now()), documented);
}
