//! Browsers that ask before they send: what the CORS rules answer, and what is explained of it.

use super::*;

/// What becomes of an OPTIONS request: the answer's status, code and label, or the headers.
fn asked(text: &str) -> String {
    let (rules, head, mut subject) = (rules("r2"), Head::parse(text), Subject::default());
    match admit(&rules, head.borrow(), now(), &mut subject) {
        Ok(Accepted::Preflight(headers)) => format!("{} headers", headers.len()),
        Ok(Accepted::Request(_)) => "admitted".to_owned(),
        Err(finding) => {
            assert_eq!(finding.filter, Filter::Cors, "{text}");
            let label = finding.label.unwrap_or_default();
            format!("{} {} {label}", finding.error.status.as_u16(), finding.error.code)
        }
    }
}

/// Signed, presigned or neither, for a bucket in the path or in the host: only the CORS rules count.
#[test]
fn a_preflight_is_answered_from_the_cors_rules_alone() {
    const ASKS: &str = "origin: https://app.example | access-control-request-method: PUT";
    for (request, expected) in [
        ("OPTIONS /media/k | ", "5 headers"),
        ("OPTIONS /media/k?X-Amz-Signature=0&X-Amz-Date=x | ", "5 headers"),
        ("OPTIONS /media/k | authorization: junk | ", "5 headers"),
        ("OPTIONS /media?cors&acl | ", "5 headers"),
        ("OPTIONS /k | host: media.localhost | ", "5 headers"),
        ("OPTIONS /media/%ff | ", "5 headers"),
        ("OPTIONS /other/k | ", "403 Unauthorized no-cors-rule"),
        ("OPTIONS /UPPER/k | ", "403 Unauthorized no-cors-rule"),
        ("OPTIONS / | ", "403 Unauthorized no-cors-rule"),
        ("OPTIONS * | ", "403 Unauthorized no-cors-rule"),
        ("OPTIONS /media/k | host: media.nowhere.example | ", "403 Unauthorized no-cors-rule"),
        ("OPTIONS /media/k | origin: https://b.example | ", "403 Unauthorized cors-origin"),
        ("OPTIONS /media/k | access-control-request-headers: x-y | ", "6 headers"),
        ("OPTIONS /media/k | access-control-request-headers: x y | ", "403 Unauthorized cors-header"),
    ] {
        assert_eq!(asked(&format!("{request}{ASKS}")), expected, "{request}");
    }
    for (request, expected) in [
        ("OPTIONS /media/k", "400 InvalidRequest no-preflight"),
        ("OPTIONS /media/k | origin: https://app.example", "400 InvalidRequest no-preflight"),
        ("OPTIONS /media/k | access-control-request-method: PUT", "400 InvalidRequest no-preflight"),
    ] {
        assert_eq!(asked(request), expected, "{request}");
    }
}

/// What buckets have stored may allow what the rules at hand do not, so an explanation does not call it refused.
#[test]
fn an_explained_preflight_may_depend_on_stored_rules() {
    let rules = Rules { cors: cors_rules().without_the_stored(), ..rules("open") };
    for (request, missing, findings) in [
        ("OPTIONS /media/k | origin: https://app.example | access-control-request-method: PUT", 0, 0),
        ("OPTIONS /media/k | origin: https://b.example | access-control-request-method: PUT", 1, 0),
        ("OPTIONS / | origin: https://b.example | access-control-request-method: PUT", 0, 1),
        ("OPTIONS /media/k", 0, 1),
    ] {
        let head = Head::parse(request);
        let known = Known { keys: KnownKeys::Nothing, body: None };
        let explained = explain(&rules, head.borrow(), now(), known);
        assert_eq!((explained.missing().len(), explained.findings.len()), (missing, findings), "{request}");
        let refused = missing + findings > 0;
        assert_eq!(admit(&rules, head.borrow(), now(), &mut Subject::default()).is_err(), refused, "{request}");
    }
}

/// The client gets R2's words whatever is missing, the log says what that is and where rules are written.
#[test]
fn a_refused_preflight_is_explained_to_the_operator() {
    let ask = |request: &str| {
        let head = Head::parse(&format!("OPTIONS {request} | access-control-request-method: PUT"));
        let finding = admit(&rules("r2"), head.borrow(), now(), &mut Subject::default()).unwrap_err();
        assert_eq!(finding.error.message, "CORS not configured for this bucket");
        finding.error.cause.unwrap()
    };
    let advice = "; rules are [[cors]] in the settings, --cors, or what PutBucketCors stores";
    for (request, cause) in [
        ("/other | origin: https://app.example", "no CORS rule is for this bucket"),
        ("/media | origin: http://b", "no CORS rule of the bucket allows the origin \"http://b\""),
        (
            "/media | host: media.nowhere.example | origin: http://b",
            "the host \"media.nowhere.example\" is neither a domain nor below one",
        ),
    ] {
        assert_eq!(ask(request), format!("{cause}{advice}"), "{request}");
    }
}

#[test]
fn an_explained_preflight_ends_with_its_answer() {
    let head = Head::parse("OPTIONS /media/k | origin: https://app.example | access-control-request-method: PUT");
    let rules = rules("r2");
    let explanation = explain(&rules, head.borrow(), now(), NOTHING);
    assert_eq!(explanation.preflight.map(|headers| headers.len()), Some(5));
    assert_eq!(
        explanation.steps.last().map(|step| (step.filter, step.verdict)),
        Some((Filter::Cors, StepVerdict::Passes))
    );
}
