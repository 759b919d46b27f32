//! What goes wrong between here and a node, in few kinds for metrics and in words for people.

use pingora::{Error, ErrorType};

/// A kind of failure; a label of metrics, so there are few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No connection came about.
    Connect,
    /// TLS did not come about: an unknown certificate or another host's, mostly.
    Tls,
    /// It took too long, whatever it was.
    Timeout,
    /// The connection ended before the answer did.
    Closed,
    /// What came is not HTTP.
    Protocol,
}

impl Failure {
    /// Every kind, in the order they are declared.
    pub const ALL: [Failure; 5] =
        [Failure::Connect, Failure::Tls, Failure::Timeout, Failure::Closed, Failure::Protocol];

    /// The kind of an error of pingora's connector or client.
    pub fn of(error: &Error) -> Failure {
        use ErrorType as E;
        match error.etype() {
            E::ConnectRefused | E::ConnectNoRoute | E::ConnectError | E::BindError | E::SocketError => Failure::Connect,
            E::TLSHandshakeFailure | E::InvalidCert | E::HandshakeError | E::TLSWantX509Lookup => Failure::Tls,
            // A host's name that could stand in no certificate.
            E::InternalError => Failure::Tls,
            E::ConnectTimedout | E::TLSHandshakeTimedout | E::ReadTimedout | E::WriteTimedout => Failure::Timeout,
            E::ReadError | E::WriteError | E::ConnectionClosed => Failure::Closed,
            _ => Failure::Protocol,
        }
    }

    /// The label of it in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Failure::Connect => "connect",
            Failure::Tls => "tls",
            Failure::Timeout => "timeout",
            Failure::Closed => "closed",
            Failure::Protocol => "protocol",
        }
    }
}

/// The error in words for `/readyz` and the log. What pingora says in full repeats the address and its own call chain.
pub fn in_words(error: &Error) -> String {
    match (error.etype(), Failure::of(error)) {
        (ErrorType::ConnectRefused, _) => "connection refused".to_owned(),
        (ErrorType::ConnectNoRoute, _) => "no route to it".to_owned(),
        (_, Failure::Timeout) => "no answer in time".to_owned(),
        (_, Failure::Closed) => "it closed the connection".to_owned(),
        (_, Failure::Protocol) => "what it says is not HTTP".to_owned(),
        (_, Failure::Connect) if error.cause.is_some() => error.root_cause().to_string(),
        (_, Failure::Connect) => "no connection".to_owned(),
        (_, Failure::Tls) => {
            format!("no TLS: {}", error.context.as_ref().map_or("unknown cause", |text| innermost(text.as_str())))
        }
    }
}

/// What rustls said, out of the layers that pingora wraps around it; the text as it is where it has none.
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
            assert_eq!((Failure::of(&error).name(), in_words(&error).as_str()), (name, words));
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

    #[test]
    fn kinds_stand_at_their_place() {
        assert!(Failure::ALL.iter().enumerate().all(|(place, kind)| *kind as usize == place));
    }
}
