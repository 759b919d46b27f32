//! `[limits]`, and what a key says of its own.

use super::*;
use crate::access::KeyLimits;
use crate::settings::{PortLimits, RequestLimits};
use std::time::Duration;

#[test]
fn what_is_not_written_has_its_default() {
    let limits = |text: &str| Start::with_file(&format!("{text}\n{KEY}")).load().unwrap().settings.limits;
    let default = RequestLimits::default();
    for (text, expected) in [
        ("", default),
        ("[limits]", default),
        ("[limits]\nrequests = 7\ncopies = 0", RequestLimits { requests: 7, copies: 0, ..default }),
        ("[limits]\ndocument_bytes = 65536", RequestLimits { document_bytes: 65_536, ..default }),
        (
            "[limits]\nbody_idle = 1\nbody_bytes = 2\nbody_window = 3\nanswer_bytes = 4",
            RequestLimits {
                body_idle: Duration::from_secs(1),
                body_bytes: 2,
                answer_bytes: 4,
                body_window: Duration::from_secs(3),
                ..default
            },
        ),
        (
            "[limits.key]\nrequests = 1\nrequest_rate = 2\nbytes_in = 65536\nbytes_out = 0\ncopies = 3\nuploads = 4\nspace = 5",
            RequestLimits {
                per_key: KeyLimits {
                    requests: Some(1),
                    request_rate: Some(2),
                    bytes_in: Some(65_536),
                    bytes_out: Some(0),
                    copies: Some(3),
                    uploads: Some(4),
                    space: Some(5),
                },
                ..default
            },
        ),
    ] {
        assert_eq!(limits(text), expected, "{text}");
    }
}

#[test]
fn connections_have_limits() {
    let ports = |text: &str| Start::with_file(&format!("{text}\n{KEY}")).load().unwrap().settings.ports;
    assert_eq!(ports("[limits]\nrequests = 1"), PortLimits::default());
    let counts = "connections = 7\nconnections_per_address = 6";
    let times = "handshake_time = 5\nfirst_byte_time = 4\nidle_time = 3\nhead_time = 2";
    let expected = PortLimits {
        connections: 7,
        connections_per_address: 6,
        handshake_time: Duration::from_secs(5),
        first_byte_time: Duration::from_secs(4),
        idle_time: Duration::from_secs(3),
        head_time: Duration::from_secs(2),
    };
    assert_eq!(ports(&format!("[limits]\n{counts}\n{times}")), expected);
}

#[test]
fn a_key_has_limits_of_its_own() {
    let start = Start::with_file(&format!("{KEY}\n[key.limits]\nrequest_rate = 3\nuploads = 0\n"));
    let keys = start.load().unwrap().keys;
    let expected = KeyLimits { request_rate: Some(3), uploads: Some(0), ..KeyLimits::default() };
    assert_eq!(keys[0].key.limits, expected);
}

#[test]
fn what_cannot_be_is_a_fault() {
    for (text, expected) in [
        ("[limits]\nrequest = 1", "2: unknown setting `request` in [limits]"),
        ("[limits]\nrequests = -1", "2: `requests` must be a whole number, zero or more, not of type integer"),
        ("[limits]\ndocument_bytes = 100", "2: document_bytes of 100 cannot be"),
        ("[limits]\nconnections = 0", "2: connections of 0 cannot be"),
        ("[limits]\nconnections_per_address = 1000001", "2: connections_per_address of 1000001 cannot be"),
        ("[limits]\nhandshake_time = 0", "2: handshake_time of 0 cannot be"),
        ("[limits]\nfirst_byte_time = 3601", "2: first_byte_time of 3601 cannot be"),
        ("[limits]\nidle_time = 0", "2: idle_time of 0 cannot be"),
        ("[limits]\nhead_time = 0", "2: head_time of 0 cannot be"),
        ("[limits]\nbody_idle = 0", "2: body_idle of 0 cannot be"),
        ("[limits]\nbody_bytes = 67108865", "2: body_bytes of 67108865 cannot be"),
        ("[limits]\nanswer_bytes = 0", "2: answer_bytes of 0 cannot be"),
        ("[limits]\nbody_window = 0", "2: body_window of 0 cannot be"),
        ("[limits.key]\nbytes_in = 1000", "2: bytes_in of 1000 bytes a second is too small"),
        ("[limits.key]\nbytes_out = 65535", "2: bytes_out of 65535 bytes a second is too small"),
        ("[limits.key]\nspace = 101", "2: a share of 101 percent is more than there is"),
        ("[limits.key]\nrate = 1", "2: unknown setting `rate` in [limits.key]"),
    ] {
        assert_eq!(Start::with_file(&format!("{text}\n{KEY}")).faults(), [expected], "{text}");
    }
}
