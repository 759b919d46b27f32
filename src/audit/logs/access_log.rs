//! S3's server access log: a line a request, its fields between blanks, in quotes or in brackets.
//!
//! Source: S3 user guide, "Amazon S3 server access log format".

use crate::audit;
use crate::audit::logs::entry::{Entry, LeftOut, Read, Unreadable};
use crate::audit::logs::request::LoggedRequest;
use crate::s3::operation::Operation;
use crate::s3::{Code, S3Error, Timestamp};
use crate::sigv4::AuthError;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const TIME: &[BorrowedFormatItem<'_>] = format_description!(
    "[day]/[month repr:short]/[year]:[hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
);

/// Copies are the only operations whose headers, which the log does not have, say what they are.
const COPIES: &[(&str, &str)] = &[("REST.COPY.OBJECT", "CopyObject"), ("REST.COPY.PART", "UploadPartCopy")];

/// How the names of operations begin or end that are not judged.
const LEFT_OUT: &[(&str, LeftOut)] = &[
    ("S3.", LeftOut::StoreItself),
    ("BATCH.", LeftOut::StoreItself),
    ("WEBSITE.", LeftOut::OtherInterface),
    ("SOAP.", LeftOut::OtherInterface),
    ("REST.OPTIONS.", LeftOut::Preflight),
];

/// Codes with which S3 says that it does not know the client.
const NOT_LET_IN: &[&str] = &[
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidSecurity",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// The fields of a line, by their places in it. The last ones came later, and older lines do not have them.
struct Fields<'l>(Vec<&'l str>);

impl<'l> Fields<'l> {
    /// Takes a line apart. A field in quotes may have quotes in it: it ends at one before a blank.
    fn of(line: &'l str) -> Fields<'l> {
        let mut rest = line.trim_end();
        let mut fields = Vec::with_capacity(28);
        while !rest.is_empty() {
            let (field, behind) = match rest.as_bytes()[0] {
                b'"' => until(&rest[1..], "\" ").or_else(|| rest[1..].strip_suffix('"').map(|all| (all, ""))),
                b'[' => until(&rest[1..], "] "),
                _ => None,
            }
            .or_else(|| until(rest, " "))
            .unwrap_or((rest, ""));
            fields.push(field);
            rest = behind;
        }
        Fields(fields)
    }

    /// The field; `None` where the line has none or says `-`.
    fn get(&self, place: usize) -> Option<&'l str> {
        self.0.get(place).copied().filter(|field| *field != "-")
    }

    fn needed(&self, place: usize, name: &'static str) -> Result<&'l str, Unreadable> {
        self.get(place).ok_or(Unreadable::Field(name))
    }
}

fn until<'l>(text: &'l str, end: &str) -> Option<(&'l str, &'l str)> {
    text.split_once(end)
}

const BUCKET: usize = 1;
const RECEIVED: usize = 2;
const REQUESTER: usize = 4;
const REQUEST_ID: usize = 5;
const OPERATION: usize = 6;
const REQUEST: usize = 8;
const STATUS: usize = 9;
const ERROR: usize = 10;
const OBJECT_SIZE: usize = 12;
const USER_AGENT: usize = 16;
const SIGNATURE_VERSION: usize = 19;
const AUTHENTICATION: usize = 21;
const HOST: usize = 22;
const ACL_REQUIRED: usize = 25;

/// Fewer fields are a line of something else.
const LEAST_FIELDS: usize = 17;

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Read {
    let text = std::str::from_utf8(line).map_err(|_| Unreadable::NotUtf8)?;
    let fields = Fields::of(text);
    if fields.0.len() < LEAST_FIELDS {
        return Err(Unreadable::Other);
    }
    let time = OffsetDateTime::parse(fields.needed(RECEIVED, "time")?, TIME).map_err(|_| Unreadable::Field("time"))?;
    let operation = fields.needed(OPERATION, "operation")?;
    if let Some(why) = left_out(operation, fields.get(ERROR)) {
        return Ok(Entry::LeftOut(why));
    }
    let mut request = LoggedRequest {
        time: Timestamp::from_millis(u64::try_from(time.unix_timestamp()).unwrap_or_default() * 1000),
        id: fields.get(REQUEST_ID).unwrap_or_default().to_owned(),
        operation: named(operation),
        key_id: fields.get(REQUESTER).map(|requester| principal(requester).to_owned()),
        user_agent: fields.get(USER_AGENT).unwrap_or_default().to_owned(),
        status: fields.get(STATUS).and_then(|status| status.parse().ok()),
        code: fields.get(ERROR).map(str::to_owned),
        bytes: fields.get(OBJECT_SIZE).and_then(|size| size.parse().ok()),
        ..LoggedRequest::default()
    };
    let (method, target) = request_line(fields.needed(REQUEST, "request line")?)?;
    method.clone_into(&mut request.method);
    let bucket = fields.get(BUCKET).filter(|bucket| !is_in_path(bucket, fields.get(HOST), target));
    request.set_target(bucket, target);
    note_access(&fields, &mut request);
    request.complete();
    // The store refused an unsigned request.
    if fields.get(AUTHENTICATION).is_none() && matches!(request.status, Some(401 | 403)) && fields.0.len() > HOST {
        return Ok(Entry::LeftOut(LeftOut::NotLetIn));
    }
    Ok(Entry::Request(Box::new(request)))
}

fn left_out(operation: &str, error: Option<&str>) -> Option<LeftOut> {
    // The line of a copy's source stands beside that of the copy.
    if operation.ends_with("_GET") && operation.starts_with("REST.COPY.") {
        return Some(LeftOut::StoreItself);
    }
    let by_name = LEFT_OUT.iter().find(|(start, _)| operation.starts_with(start)).map(|(_, why)| *why);
    by_name.or_else(|| error.filter(|code| NOT_LET_IN.contains(code)).map(|_| LeftOut::NotLetIn))
}

fn named(operation: &str) -> Option<Operation> {
    let name = COPIES.iter().find(|(of_log, _)| *of_log == operation).map(|(_, name)| *name)?;
    Operation::parse(name)
}

/// Method and target of `PUT /media/a%20b?acl HTTP/1.1`.
fn request_line(text: &str) -> Result<(&str, &str), Unreadable> {
    let (method, rest) = text.split_once(' ').ok_or(Unreadable::Field("request line"))?;
    let target = rest.rsplit_once(" HTTP/").map_or(rest, |(target, _)| target);
    Ok((method, target))
}

/// Whether the path has the bucket, and not the host. Without a host the path says so.
fn is_in_path(bucket: &str, host: Option<&str>, target: &str) -> bool {
    let in_host = |host: &str| host.strip_prefix(bucket).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let path = target.split('?').next().unwrap_or_default();
    let in_path = path.strip_prefix('/').and_then(|path| path.strip_prefix(bucket));
    !host.is_some_and(in_host) && in_path.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The sender, in a form that stays the same: of an ARN the part after the account, and of a role without its session.
fn principal(requester: &str) -> &str {
    let name = match requester.strip_prefix("arn:") {
        Some(arn) => arn.splitn(5, ':').last().unwrap_or(requester),
        None => requester,
    };
    match name.strip_prefix("assumed-role/").and_then(|role| role.find('/')) {
        Some(end) => &name[.."assumed-role/".len() + end],
        None => name,
    }
}

/// What the line says of the signature and of ACLs. The signature itself is not in it.
fn note_access(fields: &Fields<'_>, request: &mut LoggedRequest) {
    let is_in_header = fields.get(AUTHENTICATION) == Some("AuthHeader");
    if fields.get(SIGNATURE_VERSION) == Some("SigV2") && is_in_header {
        request.set_sigv2();
    }
    if fields.0.len() > AUTHENTICATION && fields.get(AUTHENTICATION).is_none() && fields.get(REQUESTER).is_none() {
        request.refused.push((audit::UNSIGNED, AuthError::NothingSupplied.into()));
    }
    if fields.get(ACL_REQUIRED) == Some("Yes") {
        let message = "Access depends on an ACL, and R2 has none.";
        request.refused.push((audit::ACL_REQUIRED, S3Error::new(Code::ACCESS_DENIED).message(message)));
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A line of that operation and request, with what is behind the status; all else as in the maker's examples.
    pub(crate) fn line(operation: &str, request: &str, status: &str) -> String {
        format!(
            "79a5 media [06/Feb/2019:00:00:38 +0000] 192.0.2.3 arn:aws:iam::123456789012:user/alice 3E57427F33A59F07 \
             {operation} photos/a%2520b.jpg \"{request}\" {status} - 113 21 7 - \"-\" \"S3Console/0.4\" - s9lz= SigV4 \
             ECDHE-RSA-AES128-GCM-SHA256 AuthHeader media.s3.us-west-1.amazonaws.com TLSV1.2 - -"
        )
    }

    fn request(line: &str) -> LoggedRequest {
        match read(line.as_bytes()) {
            Ok(Entry::Request(request)) => *request,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_line_is_a_request() {
        let read = request(&line("REST.GET.OBJECT", "GET /photos/a%20b.jpg?versionId=1 HTTP/1.1", "200"));
        assert_eq!((&*read.method, &*read.target()), ("GET", "/media/photos/a%20b.jpg?versionId=1"));
        assert_eq!((read.key_id.as_deref(), &*read.user_agent), (Some("user/alice"), "S3Console/0.4"));
        assert_eq!((read.status, read.time.iso_8601().as_str()), (Some(200), "2019-02-06T00:00:38.000Z"));
        assert_eq!(read.bytes, Some(21));
    }

    #[test]
    fn the_bucket_is_in_the_host_or_in_the_path() {
        let get = "REST.GET.OBJECT";
        for (host, target, expected) in [
            ("media.s3.us-west-1.amazonaws.com", "/media/k", "/media/media/k"),
            ("s3.us-west-1.amazonaws.com", "/media/k", "/media/k"),
            ("s3.us-west-1.amazonaws.com", "/media", "/media"),
            ("media", "/k", "/media/k"),
            ("-", "/media/k", "/media/k"),
            ("-", "/k", "/media/k"),
            ("point-123.s3-accesspoint.us-west-1.amazonaws.com", "/k", "/media/k"),
        ] {
            let line = line(get, &format!("GET {target} HTTP/1.1"), "200");
            let line = line.replace("media.s3.us-west-1.amazonaws.com", host);
            assert_eq!(request(&line).target(), expected, "{host} {target}");
        }
    }

    #[test]
    fn lines_that_are_not_requests_of_clients_are_left_out() {
        for (operation, error, why) in [
            ("S3.EXPIRE.OBJECT", "-", LeftOut::StoreItself),
            ("S3.TRANSITION_SIA.OBJECT", "-", LeftOut::StoreItself),
            ("BATCH.DELETE.OBJECT", "-", LeftOut::StoreItself),
            ("REST.COPY.OBJECT_GET", "-", LeftOut::StoreItself),
            ("REST.COPY.PART_GET", "-", LeftOut::StoreItself),
            ("WEBSITE.GET.OBJECT", "-", LeftOut::OtherInterface),
            ("REST.OPTIONS.PREFLIGHT", "-", LeftOut::Preflight),
            ("REST.GET.OBJECT", "SignatureDoesNotMatch", LeftOut::NotLetIn),
        ] {
            let line = line(operation, "-", "403").replace("403 -", &format!("403 {error}"));
            let read = read(line.as_bytes());
            assert!(matches!(read, Ok(Entry::LeftOut(found)) if found == why), "{operation}: {read:?}");
        }
    }

    #[test]
    fn access_by_acl_and_without_a_signature_is_a_finding() {
        let plain = line("REST.GET.OBJECT", "GET /k HTTP/1.1", "200");
        let rules =
            |line: &str| request(line).refused.into_iter().map(|(rule, _)| rule.to_string()).collect::<Vec<_>>();
        assert_eq!(rules(&plain), [""; 0]);
        assert_eq!(rules(&format!("{}Yes", plain.strip_suffix('-').unwrap())), ["acl/required"]);
        let stranger = plain.replace("arn:aws:iam::123456789012:user/alice", "-").replace("AuthHeader", "-");
        assert_eq!(rules(&stranger), ["authenticate/unsigned"]);
        let refused = stranger.replace("HTTP/1.1\" 200 -", "HTTP/1.1\" 403 AccessDenied");
        assert!(matches!(read(refused.as_bytes()), Ok(Entry::LeftOut(LeftOut::NotLetIn))));
        assert_eq!(
            request(&plain.replace("SigV4", "SigV2")).head().header("authorization").map(|v| &v[..4]),
            Some("AWS ")
        );
        assert_eq!(
            request(&line("REST.COPY.OBJECT", "PUT /k HTTP/1.1", "200")).operation.map(Operation::name),
            Some("CopyObject")
        );
    }

    #[test]
    fn principals_stay_the_same() {
        for (requester, expected) in [
            ("arn:aws:iam::123456789012:user/team/alice", "user/team/alice"),
            ("arn:aws:sts::123456789012:assumed-role/Backup/i-0123", "assumed-role/Backup"),
            ("arn:aws:iam::123456789012:root", "root"),
            ("79a59df900b949e5", "79a59df900b949e5"),
            ("arn:x", "x"),
        ] {
            assert_eq!(principal(requester), expected, "{requester}");
        }
    }

    #[test]
    fn no_cut_of_a_line_is_misread() {
        let whole = line("REST.PUT.OBJECT", "PUT /k?acl HTTP/1.1", "200");
        for end in 0..whole.len() {
            if let Ok(Entry::Request(request)) = read(&whole.as_bytes()[..end]) {
                assert_eq!(request.target(), "/media/k?acl", "{}", &whole[..end]);
            }
        }
        assert!(read(b"\xff\xfe").is_err());
        assert!(read(whole.replace("06/Feb/2019", "99/Feb/2019").as_bytes()).is_err());
        let zone = request(&whole.replace("+0000", "-0130"));
        assert_eq!(zone.time.iso_8601(), "2019-02-06T01:30:38.000Z");
        let quoted = request(&whole.replace("S3Console/0.4", "odd \"agent\"/1"));
        assert_eq!(quoted.user_agent.len(), 13, "{}", quoted.user_agent);
    }
}
