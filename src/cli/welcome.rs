//! The text that `serve` prints when it listens: addresses, key, and a line to paste.

use crate::access::{AccessKey, BucketScope};
use crate::cli::shell;
use crate::cli::style::{BOLD, FAINT};
use crate::cli::upstream::endpoints;
use crate::cli::url::url;
use crate::routing::Scheme;
use crate::s3::operation::Access;
use crate::settings::{GivenKey, Loaded, Mode, SecretPlace, Settings, Upstream};
use std::net::SocketAddr;
use std::path::Path;

/// The parts of the text that are known before the addresses. It holds no secret.
#[derive(Debug)]
pub(super) struct Welcome {
    /// How clients connect.
    scheme: Scheme,
    policy: String,
    /// The file of the audit; empty if there is none.
    audit: String,
    /// Domains below which buckets are host names; empty if there are none.
    domains: String,
    /// Origins of pages that CORS rules allow; empty if there are none.
    cors: String,
    /// Buckets that are read without a key; empty if there is none.
    public: String,
    /// Where objects are: the row's name, and the place.
    objects: (&'static str, String),
    /// Buckets that settings name; empty if they name none.
    buckets: String,
    /// Whether the admin address has pages.
    has_pages: bool,
    key: Option<ShownKey>,
    /// How many keys there are besides the one shown.
    more_keys: usize,
}

/// A placeholder for a bucket, if the key's patterns name none.
const PLACEHOLDER: &str = "BUCKET";

/// A placeholder for a secret that the shell cannot read from a file.
const SECRET_PLACEHOLDER: &str = "SECRET";

#[derive(Debug)]
struct ShownKey {
    id: String,
    secret: SecretPlace,
    /// What `aws s3 ls` can list with the key.
    target: Option<String>,
}

/// The policy, and for the default which one is newer.
fn policy_row(policy: &str) -> String {
    let newer = if policy == "r2" { " (R2 of July 2022; --policy r2-2026 is today's)" } else { "" };
    format!("{policy}{newer}")
}

fn audit_file(settings: &Settings) -> String {
    match settings.mode {
        Mode::Enforce => String::new(),
        Mode::Audit => settings.audit_file.display().to_string(),
    }
}

impl Welcome {
    pub(super) fn new(loaded: &Loaded) -> Welcome {
        // A key that can list the buckets is better for a first try.
        let lists = |given: &&GivenKey| given.key.allows(Access::ListBuckets, None);
        let shown = loaded.keys.iter().find(lists).or(loaded.keys.first());
        Welcome {
            scheme: loaded.settings.scheme(),
            policy: loaded.settings.policy.name().to_owned(),
            audit: audit_file(&loaded.settings),
            domains: loaded.settings.domains.join(", "),
            cors: loaded.settings.cors.to_string(),
            public: loaded.settings.public.to_string(),
            objects: objects(&loaded.settings),
            buckets: buckets(&loaded.settings),
            has_pages: loaded.settings.pages.served,
            key: shown.map(ShownKey::new),
            more_keys: loaded.keys.len().saturating_sub(1),
        }
    }

    /// The text, with colours. `listen`, `public` and `admin` are the addresses really in use.
    pub(super) fn text(&self, listen: &[SocketAddr], public: &[SocketAddr], admin: Option<SocketAddr>) -> String {
        let mut lines = vec![format!("{BOLD}r2shim {}{BOLD:#}", env!("CARGO_PKG_VERSION"))];
        lines.extend(listen.iter().map(|address| row("endpoint", &endpoint(self.scheme, *address))));
        if !self.domains.is_empty() {
            lines.push(row("domains", &self.domains));
        }
        lines.extend(public.iter().map(|address| row("public", &self.public_row(*address))));
        lines.extend(admin.map(|address| row("admin", &self.admin_row(address))));
        lines.push(row("policy", &policy_row(&self.policy)));
        if !self.audit.is_empty() {
            let audit = format!("what {} would refuse is carried out and noted in {}", self.policy, self.audit);
            lines.push(row("audit", &audit));
        }
        if !self.cors.is_empty() {
            lines.push(row("cors", &format!("pages of {}", self.cors)));
        }
        lines.push(row(self.objects.0, &self.objects.1));
        if !self.buckets.is_empty() {
            lines.push(row("buckets", &self.buckets));
        }
        if let Some((key, address)) = self.key.as_ref().zip(listen.first()) {
            lines.extend(self.key_lines(key, *address));
        }
        lines.join("\n") + "\n"
    }

    /// The URL of the pages, or the path for programs.
    fn admin_row(&self, address: SocketAddr) -> String {
        let url = url(Scheme::Http, address);
        if self.has_pages {
            format!("{url} shows each request as it comes, and why it fails")
        } else {
            format!("{url}/metrics")
        }
    }

    fn public_row(&self, address: SocketAddr) -> String {
        format!("{}/BUCKET/KEY without a key, of {}", url(self.scheme, address), self.public)
    }

    fn key_lines(&self, key: &ShownKey, address: SocketAddr) -> [String; 5] {
        let more = if self.more_keys > 0 { format!(" (and {} more)", self.more_keys) } else { String::new() };
        [
            row("access key id", &format!("{}{more}", key.id.escape_debug())),
            row("secret", &format!("in {}", key.secret)),
            String::new(),
            format!("{FAINT}Try it, in another terminal; {}{}:{FAINT:#}", key.replacement(), key.purpose()),
            key.aws_line(&url(self.scheme, address)),
        ]
    }
}

impl ShownKey {
    fn new(given: &GivenKey) -> ShownKey {
        ShownKey { id: given.key.id.clone(), secret: given.secret.clone(), target: target(&given.key) }
    }

    /// A line for sh, bash and zsh. The region is a flag because that wins over all of a user's own settings, and a
    /// session token of another account would be refused.
    fn aws_line(&self, endpoint: &str) -> String {
        let target = self.target.as_ref().map(|bucket| format!(" s3://{bucket}")).unwrap_or_default();
        format!(
            "AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY={} AWS_SESSION_TOKEN= \
             aws s3 --endpoint-url {endpoint} --region auto ls{target}",
            shell::word(&self.id),
            self.secret_word(),
        )
    }

    /// What to replace in the line before it works.
    fn replacement(&self) -> &'static str {
        match self.secret {
            SecretPlace::Flag(_) => "with the key's secret in place of SECRET, ",
            _ => "",
        }
    }

    /// What the line does.
    fn purpose(&self) -> &'static str {
        match self.target.as_deref() {
            None => "this lists the buckets",
            Some(PLACEHOLDER) => "with a bucket of yours in place of BUCKET, this lists what is in it",
            Some(_) => "this lists what is in the bucket",
        }
    }

    fn secret_word(&self) -> String {
        match &self.secret {
            SecretPlace::Environment(name) => format!("\"${name}\""),
            SecretPlace::File(path) => format!("\"$(cat {})\"", path_word(path)),
            SecretPlace::Kept(path) => {
                format!(r#""$(sed -n 's/^secret_access_key = "\(.*\)"$/\1/p' {})""#, path_word(path))
            }
            SecretPlace::Flag(_) => SECRET_PLACEHOLDER.to_owned(),
            SecretPlace::Settings(location) => settings_word(&location.file, location.line.unwrap_or(1)),
        }
    }
}

fn objects(settings: &Settings) -> (&'static str, String) {
    match &settings.upstream {
        Upstream::Local => ("data", settings.data_folder.display().to_string()),
        Upstream::Remote(remote) => ("in front of", endpoints(remote)),
    }
}

fn buckets(settings: &Settings) -> String {
    settings.buckets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A bucket that the key can list, if it cannot list them all.
fn target(key: &AccessKey) -> Option<String> {
    if key.allows(Access::ListBuckets, None) {
        return None;
    }
    let name = match &key.buckets {
        BucketScope::All => None,
        BucketScope::Matching(patterns) => patterns.iter().map(ToString::to_string).find(|name| !name.contains('*')),
    };
    Some(name.unwrap_or_else(|| PLACEHOLDER.to_owned()))
}

/// A shell command that reads the secret from a line of the settings file.
fn settings_word(file: &str, line: usize) -> String {
    let value = r#"secret_access_key *= *[\"']\([^\"']*\)[\"']"#;
    format!(r#""$(sed -n "{line}s/.*{value}.*/\1/p" {})""#, path_word(Path::new(file)))
}

/// The path for a shell in any folder.
fn path_word(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    shell::word(&absolute.to_string_lossy())
}

fn row(name: &str, value: &str) -> String {
    format!("  {name:<15}{value}")
}

/// The URL for clients. They cannot connect to a wildcard address, so it is shown as one that this machine reaches.
fn endpoint(scheme: Scheme, address: SocketAddr) -> String {
    let everywhere = if address.ip().is_unspecified() { ", and every other address of this machine" } else { "" };
    format!("{}{everywhere}", url(scheme, address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Location;
    use std::process::Command;

    fn shown(secret: SecretPlace) -> ShownKey {
        ShownKey { id: "id".into(), secret, target: None }
    }

    fn welcome(secret: SecretPlace) -> String {
        let key = Some(shown(secret));
        let domains = "s3.localtest".into();
        let cors = "http://localhost:3000".into();
        let (policy, public, objects) = ("r2".into(), "media, site-*".into(), ("data", "./r2shim-data".into()));
        let buckets = "media, logs".into();
        let welcome = Welcome {
            scheme: Scheme::Http,
            policy,
            audit: String::new(),
            domains,
            cors,
            public,
            objects,
            buckets,
            has_pages: true,
            key,
            more_keys: 1,
        };
        let public = ["127.0.0.1:9002".parse().unwrap()];
        let admin = Some("127.0.0.1:9001".parse().unwrap());
        anstream::adapter::strip_str(&welcome.text(&["0.0.0.0:9000".parse().unwrap()], &public, admin)).to_string()
    }

    #[test]
    fn the_text_says_where_and_with_which_key() {
        let expected = [
            concat!("r2shim ", env!("CARGO_PKG_VERSION")),
            "  endpoint       http://127.0.0.1:9000, and every other address of this machine",
            "  domains        s3.localtest",
            "  public         http://127.0.0.1:9002/BUCKET/KEY without a key, of media, site-*",
            "  admin          http://127.0.0.1:9001 shows each request as it comes, and why it fails",
            "  policy         r2 (R2 of July 2022; --policy r2-2026 is today's)",
            "  cors           pages of http://localhost:3000",
            "  data           ./r2shim-data",
            "  buckets        media, logs",
            "  access key id  id (and 1 more)",
            "  secret         in $APP",
            "",
            "Try it, in another terminal; this lists the buckets:",
            "AWS_ACCESS_KEY_ID=id AWS_SECRET_ACCESS_KEY=\"$APP\" AWS_SESSION_TOKEN= \
             aws s3 --endpoint-url http://127.0.0.1:9000 --region auto ls",
            "",
        ];
        assert_eq!(welcome(SecretPlace::Environment("APP".into())).split('\n').collect::<Vec<_>>(), expected);
    }

    /// Runs the pasted line in a shell where `aws` shows what it was given.
    fn pasted(line: &str) -> String {
        let script = format!(
            "aws() {{ printf '%s|%s|%s' \"$AWS_ACCESS_KEY_ID\" \"$AWS_SECRET_ACCESS_KEY\" \"$*\"; }}\n{line}\n"
        );
        let output = Command::new("sh").args(["-c", &script]).env("APP", "s p").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn the_line_works_when_pasted() {
        let folder = tempfile::Builder::new().prefix("it's a $(folder)").tempdir().unwrap();
        let kept = folder.path().join("credentials.toml");
        std::fs::write(&kept, "# c\naccess_key_id = \"id\"\nsecret_access_key = \"abc123\"\n").unwrap();
        let file = folder.path().join("app.secret");
        std::fs::write(&file, "s p\n").unwrap();
        let settings = folder.path().join("r2shim.toml");
        std::fs::write(&settings, "[[keys]]\nsecret_access_key = \"s p\" # the app's\nsecret_access_key = 'a/b+c'\n")
            .unwrap();
        for (secret, expected) in [
            (SecretPlace::Kept(kept), "abc123"),
            (SecretPlace::File(file), "s p"),
            (SecretPlace::Environment("APP".into()), "s p"),
            (SecretPlace::Settings(Location::line(&settings, 2)), "s p"),
            (SecretPlace::Settings(Location::line(&settings, 3)), "a/b+c"),
        ] {
            let line = shown(secret).aws_line("http://127.0.0.1:9000");
            let arguments = "s3 --endpoint-url http://127.0.0.1:9000 --region auto ls";
            assert_eq!(pasted(&line), format!("id|{expected}|{arguments}"), "{line}");
        }
    }

    #[test]
    fn a_key_that_cannot_list_buckets_lists_one_of_its_own() {
        use crate::access::{BucketPattern, Permission};
        use crate::sigv4::Secret;
        for (permission, patterns, expected) in [
            (Permission::AdminReadOnly, &["media"][..], None),
            (Permission::ObjectReadOnly, &["logs-*", "media"], Some("media")),
            (Permission::ObjectReadOnly, &["logs-*"], Some("BUCKET")),
        ] {
            let buckets = patterns.iter().map(|text| BucketPattern::parse(text).unwrap()).collect();
            let buckets = BucketScope::Matching(buckets);
            let key = AccessKey { permission, buckets, ..AccessKey::admin("id", Secret::new("s")) };
            assert_eq!(target(&key).as_deref(), expected);
        }
    }
}
