//! The places where the AWS SDKs look for credentials, in their order: environment, shared profile, web identity,
//! container role, instance role ("Standardized credential providers", AWS SDKs and Tools Reference Guide).
//!
//! When they are fetched again is decided elsewhere. Profiles of single sign-on are not read.

use crate::s3::Timestamp;
use crate::server::remote::credentials::Credentials;
use crate::sigv4::Secret;
use aws_config::Region;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use std::error::Error;
use std::iter::successors;
use std::time::Duration;
use tokio::time::timeout;

/// How long all the places together may take. Where there is no instance role, asking for it takes a second.
const LIMIT: Duration = Duration::from_secs(30);

/// What to do if no place has any.
const ADVICE: &str = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, give the machine a role, \
                      or write credentials = \"static\" with a key into [upstream]";

/// Why there are no credentials, and what to do, in one line without secrets.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum NoCredentials {
    /// The places together took too long.
    #[error("no place of the AWS credentials has answered within {} s. {ADVICE}", LIMIT.as_secs())]
    Slow,
    /// No place has any.
    #[error("there are none in {places}. {ADVICE}")]
    Nowhere {
        /// The places, and the message of each.
        places: String,
    },
    /// A place is set up and does not work.
    #[error("{place}: {cause}. {advice}")]
    Broken {
        /// The place.
        place: &'static str,
        /// What is wrong.
        cause: String,
        /// What to look at.
        advice: &'static str,
    },
    /// Credentials were found and have expired.
    #[error("those that were found have expired; is the clock of this machine right?")]
    Expired,
}

/// Where credentials can be.
struct Place {
    name: &'static str,
    provider: Box<dyn ProvideCredentials>,
    /// What to look at if something is wrong there.
    advice: &'static str,
}

/// Looks once. `region` is that of the security token service, unless the environment names another.
///
/// # Errors
/// Why there are none.
pub(super) async fn fetch(region: &str) -> Result<Credentials, NoCredentials> {
    timeout(LIMIT, async { first(places(region).await).await }).await.unwrap_or(Err(NoCredentials::Slow))
}

/// A place without credentials is skipped. An error at a place ends the search, because the credentials of a later
/// place may be for another purpose.
async fn first(places: Vec<Place>) -> Result<Credentials, NoCredentials> {
    let mut passed = Vec::new();
    for Place { name, provider, advice } in places {
        match provider.provide_credentials().await {
            Ok(found) => return Ok(Credentials::from(found)),
            Err(error @ CredentialsError::CredentialsNotLoaded(_)) => {
                passed.push(format!("{name} ({})", causes(error.source())));
            }
            Err(error) => {
                let cause = causes(error.source().or(Some(&error)));
                return Err(NoCredentials::Broken { place: name, cause, advice });
            }
        }
    }
    Err(NoCredentials::Nowhere { places: passed.join(", ") })
}

/// Made for each search, so that a profile that was corrected is read.
async fn places(region: &str) -> Vec<Place> {
    let from_environment = EnvironmentVariableRegionProvider::new();
    let region = RegionProviderChain::first_try(from_environment).or_else(Region::new(region.to_owned()));
    let http = Builder::new().tls_provider(Tls::Rustls(CryptoMode::Ring)).build_https();
    let shared = ProviderConfig::default().with_http_client(http).with_region(region.region().await);
    vec![
        Place {
            name: "environment",
            provider: Box::new(EnvironmentVariableCredentialsProvider::new()),
            advice: "Look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        },
        Place {
            name: "profile",
            provider: Box::new(ProfileFileCredentialsProvider::builder().configure(&shared).build()),
            advice: "Look at AWS_PROFILE, ~/.aws/config and ~/.aws/credentials. Profiles of single sign-on (sso) are \
                     not read: give them a credential_process",
        },
        Place {
            name: "web identity",
            provider: Box::new(WebIdentityTokenCredentialsProvider::builder().configure(&shared).build()),
            advice: "Look at AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, and whether the role trusts the issuer of \
                     the token",
        },
        Place {
            name: "container role",
            provider: Box::new(EcsCredentialsProvider::builder().configure(&shared).build()),
            advice: "Look at AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI, and at the server there",
        },
        Place {
            name: "instance role",
            provider: Box::new(ImdsCredentialsProvider::builder().configure(&shared).build()),
            advice: "Look at the role of the instance and its metadata options",
        },
    ]
}

impl From<aws_credential_types::Credentials> for Credentials {
    fn from(found: aws_credential_types::Credentials) -> Credentials {
        Credentials {
            access_key_id: found.access_key_id().to_owned(),
            secret: Secret::new(found.secret_access_key()),
            session_token: found.session_token().map(str::to_owned),
            expires: found.expiry().map(Timestamp::from),
        }
    }
}

/// An error and what caused it, in one line.
fn causes(error: Option<&(dyn Error + 'static)>) -> String {
    let texts: Vec<String> =
        successors(error, |error| (*error).source()).map(|error| one_line(&error.to_string())).collect();
    if texts.is_empty() { "nothing there".to_owned() } else { texts.join(": ") }
}

/// The lines of a text as one, and no stop at its end: it goes on.
fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ").trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::provider::{Result, future};
    use std::fmt;

    /// A place that makes of nothing what its function does.
    struct Scripted(fn() -> Result);

    impl fmt::Debug for Scripted {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Scripted")
        }
    }

    impl ProvideCredentials for Scripted {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            future::ProvideCredentials::ready(self.0())
        }
    }

    fn place(name: &'static str, script: fn() -> Result) -> Place {
        Place { name, provider: Box::new(Scripted(script)), advice: "Look there" }
    }

    #[tokio::test]
    async fn the_first_place_that_has_any_or_is_broken_decides() {
        let bare: fn() -> Result = || Err(CredentialsError::not_loaded_no_source());
        let unset: fn() -> Result = || Err(CredentialsError::not_loaded("not\n set."));
        let slow: fn() -> Result = || Err(CredentialsError::provider_timed_out(Duration::from_secs(5)));
        let broken: fn() -> Result =
            || Err(CredentialsError::unhandled(CredentialsError::invalid_configuration("no JSON")));
        let key: fn() -> Result =
            || Ok(aws_credential_types::Credentials::new("KEY", "secret", None, None, "scripted"));
        let nothing = format!("there are none in a (nothing there), b (not set). {ADVICE}");
        for (scripts, expected) in [
            ([bare, unset], Err(nothing.as_str())),
            ([unset, key], Ok("KEY")),
            ([key, broken], Ok("KEY")),
            ([broken, key], Err("a: the credentials provider was not properly configured: no JSON. Look there")),
            ([unset, slow], Err("b: credentials provider timed out after 5 seconds. Look there")),
        ] {
            let [a, b] = scripts;
            let found = first(vec![place("a", a), place("b", b)]).await.map(|found| found.access_key_id);
            let found = found.map_err(|error| error.to_string());
            assert_eq!(found.as_deref().map_err(String::as_str), expected);
        }
    }
}
