//! The sender of requests. For an audit a client is a key and a product.

/// A client: a key id and the product of its user agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Client {
    /// The id of the key that signs; `None` where a request had no signature, or where a log does not show it.
    pub key_id: Option<String>,
    /// The product, without version: `Boto3`, `aws-sdk-go-v2`. Empty where the request named none.
    pub product: String,
}

/// The most bytes of a product, of a version and of a key id. Clients choose them.
pub(super) const MAX_NAME: usize = 64;

impl Client {
    /// The client, and the version of its product; empty where the user agent has none.
    pub fn new(key_id: Option<&str>, user_agent: &str) -> (Client, String) {
        let (product, version) = product(user_agent);
        let key_id = key_id.map(|id| cut(id).to_owned());
        (Client { key_id, product: cut(product).to_owned() }, cut(version).to_owned())
    }
}

/// Product and version of a user agent (RFC 9110 section 10.1.5): the first product that identifies the sender.
///
/// aws-cli and boto3 put themselves first. Browsers all call themselves `Mozilla`: for them the product is `browser`,
/// as an audit has no use for more.
pub fn product(user_agent: &str) -> (&str, &str) {
    let text = user_agent.trim().trim_matches(|c| matches!(c, '[' | ']' | '"'));
    let first = text.split([' ', ',', ';', '(']).next().unwrap_or_default();
    let (name, version) = first.split_once('/').unwrap_or((first, ""));
    match name {
        "Mozilla" => ("browser", ""),
        "-" => ("", ""),
        name => (name, version),
    }
}

/// The start of a text, at most [`MAX_NAME`] bytes.
pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_NAME)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_reduced_to_product_and_version() {
        for (agent, name, version) in [
            ("Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1", "Boto3", "1.43.11"),
            ("aws-cli/2.31.0 md/awscrt#0.27.6", "aws-cli", "2.31.0"),
            ("aws-sdk-go-v2/1.39.2 ua/2.1", "aws-sdk-go-v2", "1.39.2"),
            ("MinIO (linux; amd64) minio-go/v7.0.95 mc/RELEASE", "MinIO", ""),
            ("rclone/v1.71.0", "rclone", "v1.71.0"),
            ("[aws-sdk-java/2.33.0 Linux/6.1]", "aws-sdk-java", "2.33.0"),
            ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140", "browser", ""),
            ("-", "", ""),
            ("", "", ""),
            ("secret token", "secret", ""),
        ] {
            assert_eq!(product(agent), (name, version), "{agent}");
        }
    }

    #[test]
    fn what_clients_choose_is_cut() {
        let (client, version) = Client::new(Some(&"k".repeat(1000)), &format!("{}/{}", "é".repeat(99), "1".repeat(99)));
        assert_eq!(client.key_id.map(|id| id.len()), Some(MAX_NAME));
        assert_eq!((client.product.len(), version.len()), (MAX_NAME, MAX_NAME));
    }
}
