use super::*;
use Blame::{Node, Unclear};
use ConnectionOrigin::{New, Pool};
use FailureKind::{Closed, Connect, Protocol, Timeout, Tls};
use RequestClass::{IdempotentWrite, OtherWrite, Read};
use Retry::{Never, OtherConnection, OtherNode};
use SendProgress::{BodyAvailable, BodyInTransit, BodySent, NotSent};

const CLASSES: [RequestClass; 3] = [Read, IdempotentWrite, OtherWrite];

fn failed(
    kind: FailureKind,
    progress: SendProgress,
    class: RequestClass,
    connection: ConnectionOrigin,
) -> FailedAttempt {
    FailedAttempt { kind, progress, class, connection }
}

/// Rows are failures; the retries are those of a read, of an idempotent write and of another write.
#[test]
fn whether_a_request_is_sent_again_and_what_the_failure_says_about_the_node() {
    let nodes = [OtherNode; 3];
    let read = [OtherNode, Never, Never];
    let idempotent = [OtherConnection, OtherConnection, Never];
    let none = [Never; 3];
    for (progress, connection, kind, retries, blame) in [
        (NotSent, New, Connect, nodes, Node),
        (NotSent, New, Tls, nodes, Node),
        (NotSent, New, Timeout, nodes, Node),
        (NotSent, New, Closed, nodes, Node),
        (NotSent, New, Protocol, nodes, Node),
        (BodyAvailable, New, Timeout, read, Node),
        (BodyAvailable, New, Closed, read, Node),
        (BodyAvailable, New, Protocol, none, Unclear),
        (BodyAvailable, Pool, Timeout, read, Node),
        (BodyAvailable, Pool, Closed, idempotent, Unclear),
        (BodyAvailable, Pool, Protocol, none, Unclear),
        (BodyInTransit, New, Timeout, none, Unclear),
        (BodyInTransit, New, Closed, none, Unclear),
        (BodyInTransit, New, Protocol, none, Unclear),
        (BodyInTransit, Pool, Closed, none, Unclear),
        (BodySent, New, Timeout, none, Node),
        (BodySent, New, Closed, none, Node),
        (BodySent, New, Protocol, none, Unclear),
        (BodySent, Pool, Timeout, none, Node),
        (BodySent, Pool, Closed, none, Unclear),
    ] {
        for (class, retry) in CLASSES.into_iter().zip(retries) {
            let failed = failed(kind, progress, class, connection);
            assert_eq!(failed.consequence(), Consequence { retry, blame }, "{failed:?}");
        }
    }
}

#[test]
fn a_body_that_is_gone_is_never_sent_again() {
    for progress in [BodyInTransit, BodySent] {
        for kind in FailureKind::ALL {
            for (class, connection) in CLASSES.into_iter().flat_map(|class| [(class, New), (class, Pool)]) {
                assert_eq!(failed(kind, progress, class, connection).consequence().retry, Never);
            }
        }
    }
}

fn retries(kinds: &[FailedAttempt]) -> Vec<Retry> {
    let mut retries = Retries::default();
    kinds.iter().map(|failed| retries.after(failed).retry).collect()
}

#[test]
fn after_three_dead_connections_of_the_pool_another_node_is_asked() {
    let stale = failed(Closed, BodyAvailable, IdempotentWrite, Pool);
    assert_eq!(retries(&[stale; 4]), [OtherConnection, OtherConnection, OtherConnection, OtherNode]);
    let mut many = Retries::default();
    let blames: Vec<Blame> = (0..4).map(|_| many.after(&stale).blame).collect();
    assert_eq!(blames, [Unclear, Unclear, Unclear, Node]);
}

#[test]
fn one_slow_node_is_enough_for_a_read_and_any_number_that_cannot_be_reached() {
    let slow = failed(Timeout, BodyAvailable, Read, New);
    let unreachable = failed(Timeout, NotSent, Read, New);
    assert_eq!(retries(&[slow, slow]), [OtherNode, Never]);
    assert_eq!(
        retries(&[unreachable, unreachable, slow, unreachable, slow]),
        [OtherNode, OtherNode, OtherNode, OtherNode, Never]
    );
}

#[test]
fn kinds_are_declared_in_the_order_of_the_counters() {
    let names = FailureKind::ALL.map(FailureKind::name);
    assert_eq!(names, ["connect", "tls", "timeout", "closed", "protocol"]);
    assert!(FailureKind::ALL.iter().enumerate().all(|(place, kind)| *kind as usize == place));
}
