//! An explanation as text: the request, the filters it met, the rule that decided, and the answer.

use crate::cli::explain::request::Request;
use crate::cli::style::{BAD, BOLD, FAINT, GOOD};
use crate::diagnostics::Location;
use crate::filters::{Explanation, Finding, Outcome, StepVerdict, Subject};
use crate::policy::Ignored;
use crate::s3::xml;
use http::{HeaderValue, StatusCode};

/// The text, with colours. `quote` finds the text of a policy's line.
pub(super) fn render(
    request: &Request,
    policy: &str,
    explanation: &Explanation,
    quote: impl Fn(&Location) -> Option<String>,
) -> String {
    let mut lines = vec![heading(request), subject(&explanation.subject), String::new()];
    lines.extend(explanation.steps.iter().map(|step| format!("  {:<14}{}", step.filter, verdict(step.verdict))));
    lines.extend(ignored(&explanation.ignored));
    lines.push(String::new());
    match &explanation.outcome {
        Outcome::Admitted => {
            lines.push(format!("{GOOD}let through{GOOD:#}: nothing in policy {policy} stands against it"))
        }
        Outcome::Preflight(headers) => {
            lines.push(format!("{GOOD}let through{GOOD:#}: the browser may send the page's request"));
            let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
            let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
            lines.extend(reply(StatusCode::NO_CONTENT, &headers, ""));
        }
        Outcome::Fixed(answer) => {
            lines.extend(rule(&answer.rule, quote));
            lines.extend(reply(answer.status, &[], &answer.body));
        }
        Outcome::Refused(finding, others) => {
            lines.extend(refused(finding, request.head().method, &quote));
            lines.extend(refused_too(others, &quote));
        }
    }
    lines.join("\n") + "\n"
}

fn heading(request: &Request) -> String {
    let head = request.head();
    let question = if head.query.is_empty() { "" } else { "?" };
    format!("{BOLD}{} {}{question}{}{BOLD:#}", head.method, head.path, head.query)
}

fn subject(subject: &Subject) -> String {
    let operation = subject.operation.map_or("operation unknown", |operation| operation.name());
    let named = |what: &str, name: &Option<String>| {
        name.as_ref().map(|name| format!(", {what} {}", name.escape_debug())).unwrap_or_default()
    };
    format!("  {operation}{}{}", named("bucket", &subject.bucket), named("key", &subject.key))
}

fn verdict(verdict: StepVerdict) -> String {
    match verdict {
        StepVerdict::Passes => format!("{GOOD}passes{GOOD:#}"),
        StepVerdict::NotAsked => format!("{FAINT}not asked: needs a signature or a body{FAINT:#}"),
        StepVerdict::Refuses => format!("{BAD}refuses{BAD:#}"),
    }
}

/// What the request carries without effect, if anything.
fn ignored(ignored: &Ignored) -> Option<String> {
    let headers = ignored.headers.iter().map(|name| format!("header {name}"));
    let parameters = ignored.parameters.iter().map(|name| format!("parameter {}", name.escape_debug()));
    let names: Vec<String> = headers.chain(parameters).collect();
    (!names.is_empty()).then(|| format!("\n  ignored: {}", names.join(", ")))
}

/// The finding that is answered.
fn refused(finding: &Finding, method: &str, quote: impl Fn(&Location) -> Option<String>) -> Vec<String> {
    let mut lines = reason(finding, quote);
    let error = &finding.error;
    // An answer to HEAD has no body (RFC 9110, section 9.3.2).
    let body = if method == "HEAD" { String::new() } else { xml::error(error) };
    lines.extend(reply(error.status, &error.headers, &body));
    lines
}

/// The findings after the one that is answered.
fn refused_too(findings: &[Finding], quote: impl Fn(&Location) -> Option<String>) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings {
        lines.push(format!("\n{BOLD}refused too{BOLD:#}: {}", finding.error));
        lines.extend(reason(finding, &quote));
    }
    lines
}

fn reason(finding: &Finding, quote: impl Fn(&Location) -> Option<String>) -> Vec<String> {
    match &finding.rule {
        Some(found) => rule(&found.location, quote),
        None => {
            let line = format!("no rule: filter {BOLD}{}{BOLD:#} refuses it under every policy", finding.filter);
            // A client gets less than that; who explains is the operator.
            [line].into_iter().chain(finding.error.cause.as_ref().map(|cause| format!("  {cause}"))).collect()
        }
    }
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
    use crate::filters::{Filter, Step};
    use crate::policy::{RuleRef, RuledAnswer};
    use crate::s3::{Code, Operation, S3Error};

    fn explanation(outcome: Outcome) -> Explanation {
        let subject = Subject {
            operation: Some(Operation::PutObject),
            bucket: Some("b".into()),
            key: Some("k\n".into()),
            ..Subject::default()
        };
        let steps = vec![
            Step { filter: Filter::Limits, verdict: StepVerdict::Passes },
            Step { filter: Filter::Authenticate, verdict: StepVerdict::NotAsked },
            Step { filter: Filter::Policy, verdict: StepVerdict::Refuses },
        ];
        Explanation { steps, subject, ignored: Ignored::default(), outcome }
    }

    fn location() -> Location {
        Location { file: "policies/r2.toml".into(), line: Some(7) }
    }

    fn error() -> S3Error {
        S3Error::new(Code::NOT_IMPLEMENTED).message("Header 'x-amz-acl' with value 'private' not implemented")
    }

    fn text(method: &str, outcome: Outcome) -> String {
        let request = Request::parse(method, "/b/k?x=1", &[]).unwrap();
        let quote = |location: &Location| Some(format!("line {}", location.line.unwrap_or_default()));
        anstream::adapter::strip_str(&render(&request, "r2", &explanation(outcome), quote)).to_string()
    }

    fn tail(method: &str, outcome: Outcome) -> String {
        text(method, outcome).split_once("refuses\n\n").unwrap().1.to_owned()
    }

    fn by_the_policy() -> Outcome {
        let rule = RuleRef { feature: "x-amz-acl".into(), location: location() };
        Outcome::Refused(Finding { error: error(), filter: Filter::Policy, rule: Some(rule), label: None }, Vec::new())
    }

    #[test]
    fn request_and_filters_come_first() {
        assert!(text("PUT", Outcome::Admitted).starts_with(
            "PUT /b/k?x=1\n  PutObject, bucket b, key k\\n\n\n  limits        passes\n  \
             authenticate  not asked: needs a signature or a body\n  policy        refuses\n\n"
        ));
    }

    #[test]
    fn a_refusal_of_the_policy_quotes_its_rule() {
        let expected = "rule policies/r2.toml:7\n  line 7\n\n501 Not Implemented\n\n<?xml";
        assert!(tail("PUT", by_the_policy()).starts_with(expected), "{}", tail("PUT", by_the_policy()));
        assert!(tail("PUT", by_the_policy()).contains("<Code>NotImplemented</Code>"));
    }

    #[test]
    fn an_answer_to_head_has_no_body() {
        assert!(tail("HEAD", by_the_policy()).ends_with("501 Not Implemented\nno body\n"));
    }

    #[test]
    fn a_refusal_of_another_filter_names_it() {
        let finding =
            Finding { error: error().header("allow", "GET"), filter: Filter::Limits, rule: None, label: None };
        let shown = tail("PUT", Outcome::Refused(finding, Vec::new()));
        assert!(
            shown.starts_with(
                "no rule: filter limits refuses it under every policy\n\n501 Not Implemented\nallow: GET\n"
            ),
            "{shown}"
        );
    }

    #[test]
    fn what_else_is_refused_and_what_is_ignored_is_shown() {
        let Outcome::Refused(first, _) = by_the_policy() else { unreachable!() };
        let other = Finding { filter: Filter::Names, error: Code::INVALID_BUCKET_NAME.into(), rule: None, label: None };
        let shown = tail("HEAD", Outcome::Refused(first, vec![other]));
        let expected = "no body\n\nrefused too: 400 InvalidBucketName: The specified bucket name is not valid.\n\
                        no rule: filter names refuses it under every policy\n";
        assert!(shown.ends_with(expected), "{shown}");
        let names = Ignored { headers: vec!["x-amz-storage-class".into()], parameters: vec!["a\nb".into()] };
        assert_eq!(ignored(&names).unwrap(), "\n  ignored: header x-amz-storage-class, parameter a\\nb");
    }

    #[test]
    fn a_fixed_answer_is_shown_as_it_is() {
        let answer = RuledAnswer { status: StatusCode::OK, body: "<X/>".into(), rule: location() };
        assert_eq!(tail("PUT", Outcome::Fixed(answer)), "rule policies/r2.toml:7\n  line 7\n\n200 OK\n\n<X/>\n");
    }

    #[test]
    fn an_admitted_request_is_let_through() {
        assert_eq!(tail("PUT", Outcome::Admitted), "let through: nothing in policy r2 stands against it\n");
    }
}
