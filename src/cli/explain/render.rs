//! A report as text: the request, the stages it met, the rule that decided, and the answer.

use crate::audit::RuleId;
use crate::cli::explain::report::{Refusal, Report, Stage, Verdict};
use crate::cli::explain::request::Request;
use crate::cli::style::{BAD, BOLD, DOUBT, FAINT, GOOD};
use crate::cors::Header;
use crate::diagnostics::Location;
use crate::filters::{Missing, StepVerdict, Subject};
use crate::policy::Ignored;
use crate::routing::foreign_host::ForeignHost;
use crate::s3::secrecy::{Secrecy, query_without};
use crate::s3::xml;
use http::{HeaderValue, StatusCode};

/// The text, with colours. `quote` finds the text of a policy's line.
pub(super) fn render(
    request: &Request,
    host_of: Option<&ForeignHost>,
    policy: &str,
    report: &Report,
    quote: impl Fn(&Location) -> Option<String>,
) -> String {
    let mut lines = vec![heading(request), subject(&report.subject)];
    lines.extend(host_of.map(foreign));
    lines.extend(
        report.mode.is_audit().then(|| "  mode audit: what R2 would refuse is carried out and noted".to_owned()),
    );
    lines.push(String::new());
    lines.extend(report.stages.iter().map(stage));
    lines.extend(ignored(&report.ignored));
    lines.push(String::new());
    lines.extend(report.preflight.iter().flat_map(|headers| preflight(headers)));
    if let Some(answer) = &report.answer {
        lines.extend(rule(&answer.rule, &quote));
        lines.extend(reply(answer.status(), &[], &answer.body()));
        lines.push(String::new());
    }
    lines.extend(outcome(report, request.head().method, policy, &quote));
    lines.extend(report.missing.iter().map(|missing| format!("  {missing}")));
    lines.join("\n") + "\n"
}

/// The answer to a preflight.
fn preflight(headers: &[Header]) -> Vec<String> {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
    let mut lines = reply(StatusCode::NO_CONTENT, &headers, "");
    lines.push("\nthe browser may send the page's request".to_owned());
    lines
}

/// The verdict, up to the list of what is missing.
fn outcome(report: &Report, method: &str, policy: &str, quote: &impl Fn(&Location) -> Option<String>) -> Vec<String> {
    let (noted, refusals): (Vec<_>, Vec<_>) = report.refusals.iter().partition(|refusal| refusal.noted);
    let mut lines = noted.iter().flat_map(|refusal| note(refusal, quote)).collect::<Vec<_>>();
    let Some((first, others)) = refusals.split_first() else {
        let is_undecided = report.verdict() == Verdict::Undecided;
        lines.push(match noted.is_empty() {
            _ if is_undecided => undecided(policy),
            true => passes(policy),
            false => format!("{GOOD}passes{GOOD:#}: it is carried out, and noted by policy {policy}"),
        });
        return lines;
    };
    lines.extend(refused(first, method, quote));
    lines.extend(refused_too(others, quote));
    if !report.missing.is_empty() {
        lines.push("\nundecided too:".to_owned());
    }
    lines
}

fn undecided(policy: &str) -> String {
    let nothing = format!("nothing that is known stands against it under policy {policy}");
    format!("{DOUBT}undecided{DOUBT:#}: {nothing}. What is missing:")
}

fn passes(policy: &str) -> String {
    format!("{GOOD}passes{GOOD:#}: nothing stands against it under policy {policy}")
}

fn heading(request: &Request) -> String {
    let head = request.head();
    let question = if head.query.is_empty() { "" } else { "?" };
    format!("{BOLD}{} {}{question}{}{BOLD:#}", head.method, head.path, shown_query(head.query))
}

/// The query without its secrets, because a signature is as good as a password while it is valid.
pub(super) fn shown_query(query: &str) -> String {
    query_without(query, |secrecy| (secrecy != Secrecy::KeyName).then_some("[hidden]"))
}

fn subject(subject: &Subject) -> String {
    let operation = subject.operation.map_or("operation unknown", |operation| operation.name());
    let named = |what: &str, name: &Option<String>| {
        name.as_ref().map(|name| format!(", {what} {}", name.escape_debug())).unwrap_or_default()
    };
    format!("  {operation}{}{}", named("bucket", &subject.bucket), named("key", &subject.key))
}

/// `a host of Amazon S3, region eu-west-1: judged as if r2shim were s3.eu-west-1.amazonaws.com`
fn foreign(host: &ForeignHost) -> String {
    let part =
        |what: &str, part: &Option<String>| part.as_ref().map(|part| format!(", {what} {part}")).unwrap_or_default();
    let account = part("account", &host.account);
    let region = part("jurisdiction", &host.jurisdiction) + &part("region", &host.region);
    let place = if host.bucket.is_some() { "host" } else { "path" };
    let domain = &host.domain;
    format!(
        "  a host of {}{account}{region}, the bucket is in the {place}: judged as if r2shim had the domain {domain}",
        host.service
    )
}

fn stage(stage: &Stage) -> String {
    let mut missing: Vec<&str> = stage.missing.iter().map(Missing::name).collect();
    missing.dedup();
    let verdict = match stage.verdict {
        StepVerdict::Passes => format!("{GOOD}passes{GOOD:#}"),
        StepVerdict::Undecided => format!("{FAINT}undecided: needs the {}{FAINT:#}", missing.join(" and the ")),
        StepVerdict::Refuses => format!("{BAD}refuses{BAD:#}"),
    };
    format!("  {:<14}{verdict}", stage.name)
}

/// Headers and parameters of the request without effect, if there are any.
fn ignored(ignored: &Ignored) -> Option<String> {
    let headers = ignored.headers.iter().map(|name| format!("header {name}"));
    let parameters = ignored.parameters.iter().map(|name| format!("parameter {}", name.escape_debug()));
    let names: Vec<String> = headers.chain(parameters).collect();
    (!names.is_empty()).then(|| format!("\n  ignored: {}", names.join(", ")))
}

/// The refusal that is answered.
fn refused(refusal: &Refusal, method: &str, quote: impl Fn(&Location) -> Option<String>) -> Vec<String> {
    let mut lines = reason(refusal, quote);
    let error = &refusal.error;
    // An answer to HEAD has no body (RFC 9110, section 9.3.2).
    let body = if method == "HEAD" { String::new() } else { xml::error(error) };
    lines.extend(reply(error.status, &error.headers, &body));
    lines
}

/// A finding of an audit: the id of the rule, R2's answer, and the line of the policy.
fn note(refusal: &Refusal, quote: impl Fn(&Location) -> Option<String>) -> Vec<String> {
    let id = refusal.id.as_ref().map(RuleId::as_str).unwrap_or_default();
    let mut lines = vec![format!("noted {BOLD}{id}{BOLD:#}: {}", refusal.error)];
    lines.extend(reason(refusal, quote));
    lines.push(String::new());
    lines
}

/// The refusals after the one that is answered.
fn refused_too(refusals: &[&Refusal], quote: impl Fn(&Location) -> Option<String>) -> Vec<String> {
    let mut lines = Vec::new();
    for refusal in refusals {
        lines.push(format!("\n{BOLD}refused too{BOLD:#}: {}", refusal.error));
        lines.extend(reason(refusal, &quote));
    }
    lines
}

fn reason(refusal: &Refusal, quote: impl Fn(&Location) -> Option<String>) -> Vec<String> {
    let by = match &refusal.rule {
        Some(found) => rule(&found.location, quote),
        None => vec![format!("no rule of the policy: {BOLD}{}{BOLD:#} refuses it", refusal.stage)],
    };
    let cause = refusal.error.cause.iter().filter(|cause| **cause != refusal.error.message);
    let cause = cause.map(|cause| format!("  {cause}"));
    by.into_iter().chain(cause).collect()
}

fn rule(location: &Location, quote: impl Fn(&Location) -> Option<String>) -> Vec<String> {
    let line = quote(location).map(|text| format!("  {text}"));
    std::iter::once(format!("rule {BOLD}{location}{BOLD:#}")).chain(line).collect()
}

fn reply(status: StatusCode, headers: &[(&str, String)], body: &str) -> Vec<String> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut lines = vec![String::new(), format!("{BOLD}{} {reason}{BOLD:#}", status.as_u16())];
    lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
    if body.is_empty() {
        lines.push(format!("{FAINT}no body{FAINT:#}"));
    } else {
        lines.extend([String::new(), body.trim_end().to_owned()]);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::Mode;
    use crate::policy::{BucketAnswer, RuleRef, RuledAnswer};
    use crate::s3::{Code, Operation, S3Error};

    fn report() -> Report {
        let subject = Subject {
            operation: Some(Operation::PutObject),
            bucket: Some("b".into()),
            key: Some("k\n".into()),
            ..Subject::default()
        };
        let stage = |name, verdict, missing| Stage { name, verdict, missing };
        let stages = vec![
            stage("limits", StepVerdict::Passes, Vec::new()),
            stage("authenticate", StepVerdict::Undecided, vec![Missing::Signature]),
            stage("policy", StepVerdict::Refuses, Vec::new()),
        ];
        Report {
            subject,
            stages,
            mode: Mode::Enforce,
            refusals: Vec::new(),
            answer: None,
            preflight: None,
            ignored: Ignored::default(),
            missing: Vec::new(),
        }
    }

    fn refused_by(refusals: Vec<Refusal>) -> Report {
        Report { refusals, ..report() }
    }

    fn location() -> Location {
        Location { file: "policies/r2.toml".into(), line: Some(7) }
    }

    fn error() -> S3Error {
        S3Error::new(Code::NOT_IMPLEMENTED).message("Header 'x-amz-acl' with value 'private' not implemented")
    }

    fn text(method: &str, report: &Report) -> String {
        let request = Request::parse(method, "/b/k?x=1&X-Amz-Signature=ab", &[]).unwrap();
        let quote = |location: &Location| Some(format!("line {}", location.line.unwrap_or_default()));
        anstream::adapter::strip_str(&render(&request, None, "r2", report, quote)).to_string()
    }

    fn tail(method: &str, report: &Report) -> String {
        text(method, report).split_once("refuses\n\n").unwrap().1.to_owned()
    }

    fn by_the_policy() -> Refusal {
        let rule = RuleRef { feature: "x-amz-acl".into(), location: location() };
        Refusal { stage: "policy", error: error(), rule: Some(rule), id: None, noted: false }
    }

    #[test]
    fn request_and_stages_come_first() {
        assert!(text("PUT", &report()).starts_with(
            "PUT /b/k?x=1&X-Amz-Signature=[hidden]\n  PutObject, bucket b, key k\\n\n\n  limits        passes\n  \
             authenticate  undecided: needs the signature\n  policy        refuses\n\n"
        ));
    }

    #[test]
    fn a_refusal_of_the_policy_quotes_its_rule() {
        let shown = tail("PUT", &refused_by(vec![by_the_policy()]));
        let expected = "rule policies/r2.toml:7\n  line 7\n\n501 Not Implemented\n\n<?xml";
        assert!(shown.starts_with(expected), "{shown}");
        assert!(shown.contains("<Code>NotImplemented</Code>"));
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        assert!(tail("HEAD", &refused_by(vec![by_the_policy()])).ends_with("501 Not Implemented\nno body\n"));
    }

    #[test]
    fn a_refusal_of_another_stage_names_it_and_its_cause() {
        let error = error().header("allow", "GET").cause("it is so");
        let shown =
            tail("PUT", &refused_by(vec![Refusal { stage: "limits", error, rule: None, id: None, noted: false }]));
        let expected = "no rule of the policy: limits refuses it\n  it is so\n\n501 Not Implemented\nallow: GET\n";
        assert!(shown.starts_with(expected), "{shown}");
    }

    #[test]
    fn what_else_is_refused_ignored_and_missing_is_shown() {
        let other =
            Refusal { stage: "names", error: Code::INVALID_BUCKET_NAME.into(), rule: None, id: None, noted: false };
        let mut report = refused_by(vec![by_the_policy(), other]);
        report.missing = vec![Missing::Body("the length of the body".to_owned())];
        let shown = tail("HEAD", &report);
        let expected = "no body\n\nrefused too: 400 InvalidBucketName: The specified bucket name is not valid.\n\
                        no rule of the policy: names refuses it\n\nundecided too:\n  the length of the body\n";
        assert!(shown.ends_with(expected), "{shown}");
        let names = Ignored { headers: vec!["x-amz-storage-class".into()], parameters: vec!["a\nb".into()] };
        assert_eq!(ignored(&names).unwrap(), "\n  ignored: header x-amz-storage-class, parameter a\\nb");
    }

    #[test]
    fn an_audit_shows_what_is_noted_by_its_id_and_what_is_refused() {
        let noted = || Refusal { id: Some(RuleId::named("policy/x-amz-acl")), noted: true, ..by_the_policy() };
        let audit = |refusals| Report { mode: Mode::AuditRemote, ..refused_by(refusals) };
        let note = "noted policy/x-amz-acl: 501 NotImplemented: Header 'x-amz-acl' with value 'private' not implemented\n\
                    rule policies/r2.toml:7\n  line 7\n\n";
        let shown = tail("PUT", &audit(vec![noted()]));
        assert_eq!(shown, format!("{note}passes: it is carried out, and noted by policy r2\n"));
        let denied = Refusal { stage: "authorise", error: Code::ACCESS_DENIED.into(), rule: None, ..by_the_policy() };
        let shown = tail("HEAD", &audit(vec![noted(), denied]));
        let expected = format!("{note}no rule of the policy: authorise refuses it\n\n403 Forbidden\nno body\n");
        assert_eq!(shown, expected);
        assert!(text("PUT", &audit(Vec::new())).contains("\n  mode audit: "));
    }

    #[test]
    fn a_fixed_answer_is_shown_as_it_is() {
        let document = BucketAnswer::Document { status: StatusCode::OK, body: "<X/>".into() };
        let error = S3Error::new(Code::NO_SUCH_KEY).message("gone");
        let document_of_error = xml::error(&error);
        for (answer, reply) in [
            (document, "200 OK\n\n<X/>\n".to_owned()),
            (BucketAnswer::Error(Box::new(error)), format!("404 Not Found\n\n{document_of_error}\n")),
        ] {
            let answer = RuledAnswer { answer, rule: location() };
            let shown = tail("PUT", &Report { answer: Some(answer), ..report() });
            let passes = "passes: nothing stands against it under policy r2\n";
            assert_eq!(shown, format!("rule policies/r2.toml:7\n  line 7\n\n{reply}\n{passes}"));
        }
    }

    #[test]
    fn a_request_without_refusals_passes_or_is_undecided() {
        assert_eq!(tail("PUT", &report()), "passes: nothing stands against it under policy r2\n");
        let undecided = Report { missing: vec![Missing::Secret("app".into())], ..report() };
        let expected = "undecided: nothing that is known stands against it under policy r2. What is missing:\n  \
                        the secret of the key \"app\" is not at hand, so its signature cannot be verified\n";
        assert_eq!(tail("PUT", &undecided), expected);
    }

    #[test]
    fn a_host_of_another_service_is_named() {
        let host = ForeignHost {
            service: "Amazon S3",
            domain: "s3.eu-west-1.amazonaws.com".into(),
            account: None,
            jurisdiction: None,
            region: Some("eu-west-1".into()),
            bucket: Some("media".into()),
        };
        assert_eq!(
            foreign(&host),
            "  a host of Amazon S3, region eu-west-1, the bucket is in the host: judged as if r2shim had the domain \
             s3.eu-west-1.amazonaws.com"
        );
    }
}
