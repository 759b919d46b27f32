//! An error of pingora's connector or client as a kind of failure, and in words for people.

use crate::upstream::FailureKind;
use pingora::{Error, ErrorType};

/// The kind of an error of pingora's connector or client.
pub(in crate::server::remote) fn kind_of(error: &Error) -> FailureKind {
    use ErrorType as E;
    match error.etype() {
        E::ConnectRefused | E::ConnectNoRoute | E::ConnectError | E::BindError | E::SocketError => FailureKind::Connect,
        E::TLSHandshakeFailure | E::InvalidCert | E::HandshakeError | E::TLSWantX509Lookup => FailureKind::Tls,
        // A host name that no certificate could have.
        E::InternalError => FailureKind::Tls,
        E::ConnectTimedout | E::TLSHandshakeTimedout | E::ReadTimedout | E::WriteTimedout => FailureKind::Timeout,
        E::ReadError | E::WriteError | E::ConnectionClosed => FailureKind::Closed,
        _ => FailureKind::Protocol,
    }
}

/// The error in words for `/readyz` and the log. pingora's full message repeats the address and its own call chain.
pub(in crate::server::remote) fn in_words(error: &Error) -> String {
    match (error.etype(), kind_of(error)) {
        (ErrorType::ConnectRefused, _) => "connection refused".to_owned(),
        (ErrorType::ConnectNoRoute, _) => "no route to it".to_owned(),
        (_, FailureKind::Timeout) => "no answer in time".to_owned(),
        (_, FailureKind::Closed) => "it closed the connection".to_owned(),
        (_, FailureKind::Protocol) => "what it says is not HTTP".to_owned(),
        (_, FailureKind::Connect) if error.cause.is_some() => error.root_cause().to_string(),
        (_, FailureKind::Connect) => "no connection".to_owned(),
        (_, FailureKind::Tls) => {
            format!("no TLS: {}", error.context.as_ref().map_or("unknown cause", |text| innermost(text.as_str())))
        }
    }
}

/// The message of rustls without the layers that pingora wraps around it; the unchanged text if there are none.
fn innermost(context: &str) -> &str {
    let cause = context.rsplit("cause: ").next().unwrap_or(context);
    cause.split(", SNI: ").next().unwrap_or(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_a_kind_and_words() {
        for (error, name, words) in [
            (ErrorType::ConnectRefused, "connect", "connection refused"),
            (ErrorType::ConnectNoRoute, "connect", "no route to it"),
            (ErrorType::ConnectError, "connect", "no connection"),
            (ErrorType::TLSHandshakeFailure, "tls", "no TLS: more"),
            (ErrorType::InvalidCert, "tls", "no TLS: more"),
            (ErrorType::InternalError, "tls", "no TLS: more"),
            (ErrorType::ConnectTimedout, "timeout", "no answer in time"),
            (ErrorType::ReadTimedout, "timeout", "no answer in time"),
            (ErrorType::ConnectionClosed, "closed", "it closed the connection"),
            (ErrorType::WriteError, "closed", "it closed the connection"),
            (ErrorType::InvalidHTTPHeader, "protocol", "what it says is not HTTP"),
            (ErrorType::H1Error, "protocol", "what it says is not HTTP"),
        ] {
            let error = Error::explain(error, "more");
            assert_eq!((kind_of(&error).name(), in_words(&error).as_str()), (name, words));
        }
    }

    #[test]
    fn words_are_those_of_the_innermost_cause() {
        let unreachable = std::io::Error::other("network is unreachable");
        let connect = Error::because(ErrorType::ConnectError, "Fail to connect to 10.0.0.1:9000", unreachable);
        assert_eq!(in_words(&connect), "network is unreachable");
        let wrapped = "TLS connect() failed:  TLSHandshakeFailure context: tls connect error \
                       cause: invalid peer certificate: UnknownIssuer, SNI: minio";
        let tls = Error::explain(ErrorType::TLSHandshakeFailure, wrapped);
        assert_eq!(in_words(&tls), "no TLS: invalid peer certificate: UnknownIssuer");
    }
}
