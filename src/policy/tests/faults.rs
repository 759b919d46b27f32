//! What is wrong with a policy: every fault at once, with its line and a way out.

use super::*;

/// `FILE:LINE: message (advice)`
fn shown(found: &Diagnostic) -> String {
    format!("{found} ({})", found.advice)
}

fn faults(text: &str) -> Vec<String> {
    compile(text).err().unwrap_or_default().iter().map(shown).collect()
}

fn warnings(text: &str) -> Vec<String> {
    compile(text).unwrap().warnings().iter().map(shown).collect()
}

/// What stands below `extends = "r2"`, and the fault.
const FAULTS: &[(&str, &str)] = &[
    (
        "[operation.PutObjekt]\nverdict = \"accept\"",
        "own.toml:2: S3 has no operation 'PutObjekt' (did you mean 'PutObject'?)",
    ),
    ("[operation.PutObject]\nverdict = \"acept\"", "own.toml:3: there is no verdict 'acept' (did you mean 'accept'?)"),
    (
        "[operation.PutObject]\nverdikt = \"accept\"",
        "own.toml:3: 'PutObject' has no key 'verdikt' (did you mean 'verdict'?)",
    ),
    (
        "[operation.PutObject.headers]\nx-amz-alc = \"ignore\"",
        "own.toml:3: S3 has no header 'x-amz-alc' (did you mean 'x-amz-acl'?)",
    ),
    (
        "[operation.PutObject.headers]\nX-Amz-Acl = \"ignore\"",
        "own.toml:3: S3 has no header 'X-Amz-Acl' (did you mean 'x-amz-acl'?)",
    ),
    (
        "[operation.PutObject.headers]\nx-amz-date = \"ignore\"",
        "own.toml:3: the header 'x-amz-date' belongs to the transport (it is accepted everywhere: remove the rule)",
    ),
    (
        "[operation.ListObjects.query]\nprefx = \"ignore\"",
        "own.toml:3: S3 has no query parameter 'prefx' (did you mean 'prefix'?)",
    ),
    (
        "[operation.PutObject.headers]\nx-amz-acl = [{ is = \"private\", verdict = \"ignore\" }]",
        "own.toml:3: 'x-amz-acl' does not say what happens to other values (end the list with a case without pattern: { verdict = \"...\" })",
    ),
    (
        "[operation.PutObject.headers]\nx-amz-acl = [\n  { verdict = \"ignore\" },\n  { is = \"x\", verdict = \"ignore\" },\n]",
        "own.toml:5: a case after the one for all values is never reached (remove it)",
    ),
    (
        "[operation.PutObject.headers]\nx-amz-acl = [{ is = \"x\" }]",
        "own.toml:3: the case is not complete (a case has 'is' or 'starts' or neither, and a 'verdict')",
    ),
    (
        "[operation.PutObject.headers]\nx-amz-acl = 1",
        "own.toml:3: 'x-amz-acl' must be a string, not: integer (put it in quotes)",
    ),
    (
        "[operation.PutObject.headers]\nx-amz-acl = \"fixed\"\n[answer.fixed]\nstatus = 200\nbody = \"<a/>\"",
        "own.toml:3: 'fixed' is a fixed answer, and those are for operations (accept, ignore or refuse)",
    ),
    (
        "[operation.DeleteObjectTagging]\nas = \"DeleteBucket\"",
        "own.toml:3: DeleteObjectTagging cannot be answered as DeleteBucket (both need the same method, target, body and access)",
    ),
    (
        "[operation.DeleteObjectTagging]\nas = \"DeleteObject\"\nverdict = \"accept\"",
        "own.toml:3: a row with 'as' has nothing else (put the rest into the other operation's row)",
    ),
    (
        "[operation.PutObject]\nunknown_subresource = \"ignore\"",
        "own.toml:3: 'unknown_subresource' is 'ignore', which is no refusal (a sub-resource the operation does not know is always refused)",
    ),
    ("[payload]\nsined = \"accept\"", "own.toml:3: there is no payload kind 'sined' (did you mean 'signed'?)"),
    ("[limits]\nequal_part = true", "own.toml:3: there is no limit 'equal_part' (did you mean 'equal_parts'?)"),
    (
        "[limits]\npart_order = \"descending\"",
        "own.toml:3: the limit 'part_order' cannot be 'descending' (it is one of ascending, any)",
    ),
    (
        "[refusal.header]\nstatus = 501\ncode = \"X\"\ntext = \"{nmae}\"",
        "own.toml:5: the text has no slot '{nmae}' (the slots are {name}, {names}, {value} and {operation})",
    ),
    (
        "[refusal.header]\nstatus = 302\ncode = \"X\"\ntext = \"x\"",
        "own.toml:3: 'status' is not 400 to 599 (a refusal has 400 to 599, an answer 200 to 299 or 400 to 599)",
    ),
    (
        "[answer.mine]\nstatus = 302\nbody = \"<a/>\"",
        "own.toml:3: 'status' is not 200 to 299 or 400 to 599 (a refusal has 400 to 599, an answer 200 to 299 or 400 to 599)",
    ),
    (
        "[answer.mine]\nstatus = 200\ncode = \"X\"\ntext = \"x\"",
        "own.toml:2: answer 'mine' is not complete (an answer has status (200 to 299) and body, or status (400 to 599), code and text)",
    ),
    (
        "[answer.mine]\nstatus = 404\nbody = \"<a/>\"",
        "own.toml:2: answer 'mine' is not complete (an answer has status (200 to 299) and body, or status (400 to 599), code and text)",
    ),
    (
        "[answer.mine]\nstatus = 404\ncode = \"X\"\ntext = \"{nmae}\"",
        "own.toml:5: the text has no slot '{nmae}' (the slots are {name}, {names}, {value} and {operation})",
    ),
    (
        "[refusal.header]\nstatus = 501\ncode = \"X\"",
        "own.toml:2: refusal 'header' is not complete (a refusal has status (400 to 599), code and text)",
    ),
    (
        "[operation.PutObject]\nverdict = \"header\"",
        "own.toml:3: there is no verdict 'header' (write \"refuse\": it has the words for what is refused)",
    ),
    (
        "[operation.PutObject]\nignore = [\"alc\"]",
        "own.toml:3: S3 has no header, and the policy no group, 'alc' (did you mean 'acl'?)",
    ),
    (
        "[operation.PutObject]\nignore = [\"x-amz-acl\"]\nrefuse = [\"x-amz-acl\"]",
        "own.toml:4: 'x-amz-acl' is ruled twice; the first is at own.toml:3 (keep one of the two)",
    ),
    ("[groups]\nmine = [\"x-amz-alc\"]", "own.toml:3: S3 has no header 'x-amz-alc' (did you mean 'x-amz-acl'?)"),
    ("[groups]\nx-amz-acl = []", "own.toml:3: 'x-amz-acl' is a header (choose another name)"),
    (
        "[operation.\"GetObject, PutObjekt\"]\nverdict = \"accept\"",
        "own.toml:2: S3 has no operation 'PutObjekt' (did you mean 'PutObject'?)",
    ),
    (
        "[operation.\"GetObject, HeadObject\"]\nverdict = \"accept\"\n[operation.GetObject]\nverdict = \"refuse\"",
        "own.toml:5: the operation has 'accept' already, at own.toml:3 (keep one of the two)",
    ),
    (
        "[operation.PutObject]\nreplace = \"yes\"",
        "own.toml:3: 'replace' must be true or false (put no quotes around it)",
    ),
    (
        "[refusal.ignore]\nstatus = 501\ncode = \"X\"\ntext = \"x\"",
        "own.toml:2: 'ignore' is a verdict already (choose another name)",
    ),
    ("[answers]\nheader = []", "own.toml:3: [answers] has no key 'header' (did you mean 'headers'?)"),
    (
        "[answers]\nheaders = [\n  \"x-amz-meta-*\",\n  1,\n]",
        "own.toml:5: 'headers' must be a string, not: integer (put it in quotes)",
    ),
    (
        "[answers]\nheaders = [\n  \"x-amz-meta-*\",\n  \"X-Amz-Checksum-*\",\n]",
        "own.toml:5: 'X-Amz-Checksum-*' is no x-amz-* header (a name in lower case, or a prefix ending in *, that starts with x-amz-)",
    ),
    (
        "[answers]\nheaders = \"x-amz-request-id\"",
        "own.toml:3: 'x-amz-request-id' is what an upstream says of itself (it reaches no client: remove it)",
    ),
    (
        "[answers]\nstrip_elements = [\"s3:VersionId\"]",
        "own.toml:3: 's3:VersionId' is no element of an S3 answer (its local name, letters and digits, without a namespace)",
    ),
    ("[answers]\nstrip_elements = {}", "own.toml:3: 'strip_elements' must be a string, not: table (put it in quotes)"),
    ("answers = []", "own.toml:2: 'answers' must be a table, not: array (see policies/README.md)"),
    ("[region]\nhints = 1", "own.toml:3: 'hints' must be a string, not: integer (put it in quotes)"),
    ("[region]\nnam = \"auto\"", "own.toml:3: [region] has no key 'nam' (did you mean 'name'?)"),
    ("[operations.PutObject]", "own.toml:2: a policy has no key 'operations' (did you mean 'operation'?)"),
    ("operation = 1", "own.toml:2: 'operation' must be a table, not: integer (see policies/README.md)"),
    (
        "[operation.PutObject]\nverdict = ",
        "own.toml:3: not TOML: string values must be quoted, expected literal string (a policy is a TOML document, see https://toml.io)",
    ),
];

#[test]
fn each_fault_names_line_and_way_out() {
    for (text, expected) in FAULTS {
        let found = faults(&format!("extends = \"r2\"\n{text}"));
        assert!(found.iter().any(|fault| fault == expected), "{text}\nexpected {expected}\nfound {found:#?}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let text = "extends = \"r2\"\n[operation.Nothing]\n[operation.PutObject.headers]\nx-no = \"nor\"\n[payload]\nx = \"ignore\"";
    assert_eq!(faults(text).len(), 4, "{:#?}", faults(text));
}

#[test]
fn nothing_has_a_default() {
    let found = faults("");
    for what in [
        "'name' in [region]",
        "'text' in [region]",
        "the limit 'part_order'",
        "the limit 'equal_parts'",
        "the payload kind 'unsigned'",
        "'headers' in [answers]",
        "'strip_elements' in [answers]",
        "[default]",
    ] {
        assert!(found.iter().any(|fault| fault.starts_with(&format!("own.toml:1: the policy lacks {what}"))), "{what}");
    }
    let found = faults("[region]\nname = \"auto\"\naliases = []\ntext = \"no\"\nhints = [\"weur\"]");
    assert!(found.iter().any(|fault| fault.starts_with("own.toml:1: the policy lacks 'hint_text' in [region]")));
    let found = faults("[default]\nverdict = \"accept\"");
    assert!(
        found.iter().any(|fault| fault.starts_with("own.toml:1: the policy lacks 'unknown_subresource' in [default]")),
        "{found:#?}"
    );
}

#[test]
fn bases_are_found_or_named() {
    assert_eq!(
        faults("extends = \"base.toml\"").first().map(String::as_str),
        Some(
            "own.toml:1: the policy 'base.toml' cannot be extended: base.toml is not there (name a built-in policy or a file)"
        )
    );
    let own = Source { name: "own".into(), file: "own.toml".into(), text: "extends = \"own.toml\"".into() };
    let found = Policy::compile(&own, &|_| Ok(own.clone())).unwrap_err();
    assert!(found[0].to_string().contains("extends itself"), "{}", found[0]);
}

#[test]
fn faults_of_a_base_name_the_base() {
    let base =
        Source { name: "b".into(), file: "b.toml".into(), text: "extends = \"r2\"\n[payload]\nsigned = \"x\"".into() };
    let own = Source { name: "own".into(), file: "own.toml".into(), text: "extends = \"b.toml\"".into() };
    let found = Policy::compile(&own, &|_| Ok(base.clone())).unwrap_err();
    assert_eq!(found[0].location.to_string(), "b.toml:3");
}

/// What stands below `extends = "r2"`, a request and what becomes of it.
const MERGED: &[(&str, &str, &str)] = &[
    // A row says what differs, and the rest is as it was.
    ("[operation.PutObject]\nignore = [\"acl\"]", "PutObject | x-amz-acl: x", "PutObject, ignored: x-amz-acl"),
    ("[operation.PutObject]\nignore = [\"acl\"]", "PutObject | x-amz-tagging: x", "501 x-amz-tagging"),
    ("[operation.PutObject]\nignore = [\"acl\"]", "PutObject | x-amz-checksum-crc32: x", "PutObject"),
    ("[operation.PutObject]\nignore = [\"acl\"]", "CreateBucket | x-amz-acl: x", "501 x-amz-acl"),
    ("[operation.PutObject]\nunlisted_headers = \"accept\"", "PutObject | x-amz-acl: x", "501 x-amz-acl"),
    ("[operation.PutObject]\nunlisted_headers = \"accept\"", "PutObject | x-amz-zzz: x", "PutObject"),
    (
        "[operation.GetObject]\nunlisted_headers = \"ignore\"",
        "GetObject | x-amz-zzz: x",
        "GetObject, ignored: x-amz-zzz",
    ),
    ("[default]\naccept = [\"cf-prefix\"]", "GetObject | cf-prefix: x", "GetObject"),
    ("[default]\naccept = [\"cf-prefix\"]", "GetObject | cf-max-keys: x", "501 cf-max-keys"),
    ("[operation.ListParts]\nverdict = \"accept\"", "ListParts?uploadId=1", "ListParts"),
    // What is said of a name counts more than what is said of its group, in one file.
    (
        "[operation.PutObject]\naccept = [\"acl\"]\nrefuse = [\"x-amz-acl\"]",
        "PutObject | x-amz-grant-read: x | x-amz-acl: x",
        "501 x-amz-acl",
    ),
    // A prefix takes the place of the names below it, and a group with other members of the group below it.
    (
        "[operation.PutObject.headers]\n\"x-amz-grant-*\" = \"ignore\"",
        "PutObject | x-amz-grant-read: x",
        "PutObject, ignored: x-amz-grant-read",
    ),
    ("[groups]\nmfa = []", "DeleteObject | x-amz-mfa: x", "501 x-amz-mfa"),
    (
        "[groups]\nchecksums = [\"x-amz-checksum-crc32\"]",
        "PutObject | x-amz-checksum-sha1: x",
        "501 x-amz-checksum-sha1",
    ),
    // A row that replaces another falls back on [default] ...
    (
        "[operation.PutObject]\nreplace = true\nverdict = \"accept\"",
        "PutObject | x-amz-checksum-crc32: x",
        "501 x-amz-checksum-crc32",
    ),
    ("[operation.HeadObject]\nreplace = true\nverdict = \"accept\"", "HeadObject | range: x", "HeadObject"),
    // ... but for the conditions that protect data: those are let through by name or not at all.
    ("[operation.CopyObject]\nreplace = true\nverdict = \"accept\"", "CopyObject | if-match: x", "501 if-match"),
    (
        "[operation.CopyObject]\nreplace = true\nverdict = \"accept\"\naccept = [\"conditions\"]",
        "CopyObject | if-match: x",
        "CopyObject",
    ),
    ("[operation.DeleteObject]\naccept = [\"mfa\"]", "DeleteObject | if-match: x", "501 if-match"),
];

#[test]
fn a_policy_says_what_differs_from_the_one_it_extends() {
    for (text, request, expected) in MERGED {
        let policy = compile(&format!("extends = \"r2\"\n{text}")).unwrap_or_else(|faults| panic!("{faults:#?}"));
        let expected = match expected.strip_prefix("501 ") {
            Some(name) => format!("501 NotImplemented: Header '{name}' with value 'x' not implemented"),
            None => (*expected).to_owned(),
        };
        assert_eq!(answer(&policy, request), expected, "{text}");
    }
}

#[test]
fn pointless_rules_are_warned_of() {
    for (text, expected) in [
        (
            "[refusal.mine]\nstatus = 501\ncode = \"X\"\ntext = \"x\"",
            "own.toml:2: no rule uses the verdict 'mine' (remove it)",
        ),
        (
            "[operation.ListParts.query]\nmax-parts = \"accept\"",
            "own.toml:3: the operation is never served, so this rule has no effect (remove it)",
        ),
        (
            "[operation.PutBucketCors]\nverdict = \"accept\"",
            "own.toml:3: SDKs send 'x-amz-checksum-crc32' with PutBucketCors, and the row refuses it (add accept = [\"checksums\"] to it)",
        ),
        (
            "[operation.PutObject]\nverdict = \"accept\"\n[operation.PutObject.headers]\n\"x-amz-grant-*\" = \"ignore\"\n\"x-amz-grant-read*\" = \"refuse\"",
            "own.toml:6: 'x-amz-grant-read*' is never reached: 'x-amz-grant-*' comes before it (put the longer prefix first)",
        ),
        (
            "[operation.HeadBucket]\nignore = [\"acl\"]",
            "own.toml:3: HeadBucket has none of the group 'acl' (remove it)",
        ),
        (
            "[answers]\nheaders = [\n  \"x-amz-meta-a\",\n  \"x-amz-meta-*\",\n]",
            "own.toml:4: 'x-amz-meta-a' has no effect beside 'x-amz-meta-*' (remove it)",
        ),
        (
            "[answers]\nheaders = [\"x-amz-*\",\n  \"x-amz-meta-*\"]",
            "own.toml:4: 'x-amz-meta-*' has no effect beside 'x-amz-*' (remove it)",
        ),
        (
            "[answers]\nstrip_elements = [\n  \"VersionId\",\n  \"VersionId\",\n]",
            "own.toml:5: 'VersionId' has no effect beside 'VersionId' (remove it)",
        ),
    ] {
        let found = warnings(&format!("extends = \"r2\"\n{text}"));
        assert!(found.iter().any(|fault| fault == expected), "{text}\n{found:#?}");
    }
}

#[test]
fn a_base_may_have_verdicts_its_extension_has_no_use_for() {
    assert_eq!(warnings("extends = \"r2\"\n[operation.PostObject]\nverdict = \"refuse\""), [""; 0]);
}

#[test]
fn a_row_that_accepts_what_sdks_send_is_well() {
    for row in ["verdict = \"accept\"\naccept = [\"checksums\"]", "verdict = \"accept\"\nignore = [\"checksums\"]"] {
        assert_eq!(warnings(&format!("extends = \"r2\"\n[operation.PutBucketCors]\n{row}")), [""; 0]);
    }
}

#[test]
fn no_text_is_a_panic() {
    let whole = Source::builtin("r2").unwrap().text;
    for end in (0..whole.len()).step_by(499).filter(|end| whole.is_char_boundary(*end)) {
        let _ = compile(&whole[..end]);
    }
    for text in
        ["\0", "[[default]]", "default = []", "[operation]\nPutObject = 1", "payload = { signed = {} }", "extends = 1"]
    {
        assert!(!faults(text).is_empty(), "{text:?}");
    }
}
