//! The places where the AWS SDKs look for credentials, in their order: environment, shared profile, web identity,
//! container role, instance role ("Standardized credential providers", AWS SDKs and Tools Reference Guide).
//!
//! Not here: when, and how long what was found is used. Single sign-on profiles are not read.

use crate::s3::Timestamp;
use crate::server::remote::credentials::Credentials;
use crate::sigv4::Secret;
use aws_config::Region;
use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use std::error::Error;
use std::iter::successors;
use std::time::Duration;
use tokio::time::timeout;

/// How long all the places together may take. Without an instance role the last one takes a second.
const LIMIT: Duration = Duration::from_secs(30);

/// Looks once. `region` is that of the security token service, unless the environment names another.
///
/// Everything is made anew each time, so that a profile that was mended and a token that was renewed are read.
///
/// # Errors
/// Why there are none, and what to do, in one line without secrets.
pub(super) async fn fetch(region: &str) -> Result<Credentials, String> {
    let found = timeout(LIMIT, async { chain(region).await.provide_credentials().await }).await;
    match found {
        Ok(Ok(found)) => Ok(Credentials::from(found)),
        Ok(Err(error)) => Err(fault(&error)),
        Err(_) => Err(format!("no answer within {} s from where the AWS credentials are", LIMIT.as_secs())),
    }
}

async fn chain(region: &str) -> DefaultCredentialsChain {
    let region = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(Region::new(region.to_owned()));
    let http = Builder::new().tls_provider(Tls::Rustls(CryptoMode::Ring)).build_https();
    let configuration = ProviderConfig::default().with_http_client(http);
    DefaultCredentialsChain::builder().region(region).configure(configuration).build().await
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

/// Places that have nothing are passed over; one that has something wrong ends the search.
fn fault(error: &CredentialsError) -> String {
    let causes = causes(error);
    match error {
        CredentialsError::CredentialsNotLoaded(_) => format!(
            "{causes}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, give the machine a role, \
             or write credentials = \"static\" with a key into [upstream]"
        ),
        _ => format!("{causes}. Mend or remove what is named; until then none of the places after it are looked at"),
    }
}

/// An error and what caused it, in one line.
fn causes(error: &CredentialsError) -> String {
    let chain = successors(Some(error as &(dyn Error + 'static)), |error| (*error).source());
    let texts: Vec<String> = chain.map(|error| one_line(&error.to_string())).collect();
    texts.join(": ")
}

fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join("; ").replace(":; ", ": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_one_line_with_every_cause() {
        let nowhere = "no credentials found in chain. Attempted:\n  Environment: not set\n  Profile: none";
        let told = fault(&CredentialsError::not_loaded(nowhere));
        assert!(told.starts_with(
            "the credential provider was not enabled: no credentials found in chain. Attempted: Environment: not set; \
             Profile: none. Set AWS_ACCESS_KEY_ID and"
        ));
        let told = fault(&CredentialsError::provider_error(CredentialsError::unhandled("not JSON")));
        assert_eq!(
            told,
            "an error occurred while loading credentials: unexpected credentials error: not JSON. Mend or remove what \
             is named; until then none of the places after it are looked at"
        );
    }
}
