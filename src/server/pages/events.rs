//! The stream of new requests (server-sent events, WHATWG HTML section 9.2). Each event is a row of the list on the
//! page.

use crate::server::pages::page::{self, OWN_FILES};
use crate::server::pages::requests::{Row, Show};
use crate::server::recent::{News, Recent, Seen};
use askama::Template;
use bytes::Bytes;
use http::{Method, StatusCode};
use pingora::protocols::http::ServerSession;
use std::fmt::Write;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// The longest silence of a stream. After it the server writes, so that it notices a closed browser, and no proxy takes
/// the connection for dead.
const SILENCE: Duration = Duration::from_secs(15);

/// The shortest time between two writes. Requests that arrive meanwhile are written together.
const PACE: Duration = Duration::from_millis(100);

/// The most requests in one write. Nobody can read more at once.
const BATCH: usize = 50;

/// How long a client may take to read a write.
const WRITE_TIME: Duration = Duration::from_secs(10);

/// A stream: where it continues, and which requests it has.
#[derive(Debug)]
pub(super) struct Events<'a> {
    pub(super) recent: &'a Recent,
    pub(super) show: Show,
    /// The event after which it begins, as a browser names it; `None` for the newest there is.
    pub(super) after: Option<String>,
    /// Becomes true when the server stops.
    pub(super) stopping: watch::Receiver<bool>,
}

/// Why a stream is written to again.
enum Wake {
    News,
    Silence,
    End,
}

impl Events<'_> {
    /// Sends events until the client or the server ends it.
    pub(super) async fn send(mut self, session: &mut ServerSession) -> pingora::Result<()> {
        let mut header = page::head(StatusCode::OK, "text/event-stream; charset=utf-8", OWN_FILES)?;
        page::without_length(session, &mut header)?;
        session.set_write_timeout(Some(WRITE_TIME));
        session.write_response_header(Box::new(header)).await?;
        if session.req_header().method == Method::HEAD {
            return Ok(());
        }
        let mut watch = self.recent.watch();
        let (mut latest, opening) = self.opening();
        let mut text = opening;
        loop {
            // Marked before it is read, so that no request in between is missed.
            watch.mark_unchanged();
            let news = self.recent.since(latest, BATCH);
            latest = news.latest;
            text.push_str(&frames(&news, self.show, &self.recent.run));
            if !text.is_empty() {
                session.write_response_body(Bytes::from(std::mem::take(&mut text)), false).await?;
            }
            match self.wait(session, &mut watch).await {
                Wake::News => {}
                Wake::Silence => text.push_str(":\n\n"),
                Wake::End => return session.finish_body().await,
            }
        }
    }

    /// The number after which the stream begins, and what it begins with.
    fn opening(&self) -> (u64, String) {
        let retry = "retry: 2000\n\n";
        let named = self.after.as_deref().and_then(|after| after.rsplit_once('-'));
        match named.map(|(run, number)| (run == self.recent.run, number.parse())) {
            Some((true, Ok(number))) => (number, retry.to_owned()),
            // The event is of another run of the server: nothing of what was shown is known here.
            Some(_) => (0, format!("{retry}event: reset\ndata:\n\n")),
            None => (self.recent.since(0, 0).latest, retry.to_owned()),
        }
    }

    async fn wait(&mut self, session: &mut ServerSession, watch: &mut watch::Receiver<u64>) -> Wake {
        let news = async {
            sleep(PACE).await;
            // The sender lives as long as the ring, which is borrowed here.
            let _ = watch.changed().await;
        };
        tokio::select! {
            () = news => Wake::News,
            () = sleep(SILENCE) => Wake::Silence,
            _ = self.stopping.wait_for(|stopping| *stopping) => Wake::End,
            // Nothing can follow such a request but the end of the connection.
            _ = session.read_body_or_idle(true) => Wake::End,
        }
    }
}

/// The requests as events, oldest first.
fn frames(news: &News, show: Show, run: &str) -> String {
    let mut text = String::new();
    if news.missed > 0 && !news.seen.is_empty() {
        let _ = write!(text, "event: missed\ndata: {}\n\n", news.missed);
    }
    let first = news.latest - (news.seen.len() as u64).min(news.latest) + 1;
    for (number, seen) in (first..).zip(&news.seen) {
        if show.has(seen) {
            text.push_str(&frame(seen, run, number));
        }
    }
    text
}

/// One event; a row's lines are lines of its data.
fn frame(seen: &Seen, run: &str, number: u64) -> String {
    let row = Row::new(seen).render().unwrap_or_default();
    let data: String = row.lines().map(|line| format!("data: {line}\n")).collect();
    format!("id: {run}-{number}\nevent: request\n{data}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::observe::record::Record;

    fn recent(errors: &[Option<&str>]) -> Recent {
        let recent = Recent::new(3);
        for (at, error) in errors.iter().enumerate() {
            let error = error.map(str::to_owned);
            let record = Record { request_id: format!("R{at}"), host: "h".into(), error, ..Record::default() };
            recent.remember(Seen { record, head: None });
        }
        recent
    }

    /// What a browser makes of a stream: the id, the kind and the start of the data of each event.
    fn read(stream: &str) -> Vec<String> {
        let field = |event: &str, name: &str| {
            let lines = event.lines().filter_map(|line| line.strip_prefix(name));
            lines.map(str::trim).collect::<Vec<_>>().join("\n")
        };
        let short = |data: String| data.split("id=\"").nth(1).map_or(data.clone(), |id| id[..3].to_owned());
        let events = stream.split_terminator("\n\n").filter(|event| event.contains("event:"));
        events
            .map(|event| [field(event, "id:"), field(event, "event:"), short(field(event, "data:"))].join(" "))
            .collect()
    }

    #[test]
    fn requests_are_events_with_their_numbers() {
        let fault = Some("NoSuchKey");
        for (errors, after, show, expected) in [
            (&[][..], 0, Show::All, &[][..]),
            (&[None, fault], 0, Show::All, &["run-1 request rR0", "run-2 request rR1"]),
            (&[None, fault], 1, Show::All, &["run-2 request rR1"]),
            (&[None, fault], 0, Show::Refused, &["run-2 request rR1"]),
            (&[None, None, None, None, fault], 1, Show::Refused, &[" missed 1", "run-5 request rR4"]),
        ] {
            assert_eq!(read(&frames(&recent(errors).since(after, 9), show, "run")), expected, "{errors:?}");
        }
    }

    #[test]
    fn a_stream_continues_where_the_last_one_broke_off() {
        let recent = recent(&[None, None]);
        let (_, stopping) = watch::channel(false);
        let after = |after: &str| Some(after.replace("RUN", &recent.run));
        for (after, latest, begins) in [
            (None, 2, ""),
            (after("RUN-1"), 1, ""),
            (after("RUN-9"), 9, ""),
            (after("other-1"), 0, "reset"),
            (after("RUN-x"), 0, "reset"),
            (after("-"), 0, "reset"),
        ] {
            let events = Events { recent: &recent, show: Show::All, after, stopping: stopping.clone() };
            let (number, text) = events.opening();
            assert_eq!((number, text.contains("event: reset")), (latest, begins == "reset"), "{:?}", events.after);
        }
    }

    #[test]
    fn no_text_of_a_client_ends_a_line() {
        let mut hostile =
            Record { request_id: "R".into(), error: Some("a\r\n\nevent: x\rdata: y".into()), ..Record::default() };
        hostile.subject.bucket = Some("b\r\n\r\nid: 7\u{2028}</tr><script>".into());
        let frame = frame(&Seen { record: hostile, head: None }, "run", 7);
        let lines: Vec<_> = frame.split(['\n', '\r']).collect();
        let starts = ["id: run-7", "event: request", "data: ", ""];
        assert!(lines.iter().all(|line| starts.iter().any(|start| line.starts_with(start))), "{frame}");
        assert!(
            frame.ends_with("\n\n") && !frame.trim_end().contains("\n\n") && !frame.contains("<script>"),
            "{frame}"
        );
    }
}
