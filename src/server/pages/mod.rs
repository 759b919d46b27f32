//! The pages of the admin address, for people: the last requests, one of them explained, the buckets of a local store.
//! Nothing can be changed there.
//!
//! The content of a page is made by pure functions in `requests`, `request`, `buckets` and by the templates, which
//! escape everything. `visitor` decides which requests may read it. This file finds the page for an address.

mod text;
mod visitor;
mod page;
mod frame;
mod requests;
mod request;
mod buckets;
mod events;
mod download;

use crate::audit::report::{Form, Report};
use crate::filters::CurrentRules;
use crate::page::content_policy;
use crate::s3::listing::Position;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::query::Query;
use crate::server::audit::Recorder;
use crate::server::recent::Recent;
use crate::settings;
use crate::store::{Store, StoreError};
use askama::Template;
use buckets::{BucketsPage, DELIMITER, ENTRIES, ObjectPage, ObjectsPage, Place};
use events::Events;
use frame::{Frame, Tab};
use http::StatusCode;
use page::Page;
use pingora::protocols::http::ServerSession;
use request::RequestPage;
use requests::{RequestsPage, Show};
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};
pub use visitor::Hosts;
use visitor::{Turned, Visitor};

/// How many streams of requests there can be, so that scrapers and probes find connections.
const STREAMS: usize = 12;

/// Answers the pages.
pub struct Pages {
    hosts: Arc<Hosts>,
    rules: Arc<CurrentRules>,
    recent: Arc<Recent>,
    /// `None` in front of another store.
    store: Option<Store>,
    /// The audit, if there is one.
    recorder: Option<Arc<Recorder>>,
    /// Whether objects can be downloaded.
    download: bool,
    streams: Semaphore,
    stopping: watch::Receiver<bool>,
}

/// The data for the pages.
pub struct PagesParts {
    /// The hosts under which they can be read.
    pub hosts: Arc<Hosts>,
    /// The settings for pages.
    pub settings: settings::Pages,
    /// The rules for requests.
    pub rules: Arc<CurrentRules>,
    /// The last requests.
    pub recent: Arc<Recent>,
    /// The store, if it is the local one.
    pub store: Option<Store>,
    /// The audit, if there is one.
    pub recorder: Option<Arc<Recorder>>,
    /// Becomes true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// A page that is a note.
#[derive(Template)]
#[template(path = "admin/note.html")]
struct Note {
    frame: Frame,
    title: &'static str,
    text: String,
}

impl Pages {
    /// Pages of these parts.
    pub fn new(parts: PagesParts) -> Pages {
        Pages {
            hosts: parts.hosts,
            rules: parts.rules,
            recent: parts.recent,
            store: parts.store,
            recorder: parts.recorder,
            download: parts.settings.download,
            streams: Semaphore::new(STREAMS),
            stopping: parts.stopping,
        }
    }

    /// Answers a GET or HEAD. Errors are those of the connection; after one there is no other answer.
    pub async fn respond(&self, session: &mut ServerSession) -> pingora::Result<()> {
        if let Err(turned) = self.hosts.admit(&Visitor::of(session)) {
            return turned_away(turned).send(session).await;
        }
        let uri = session.req_header().uri.clone();
        let query = Query::parse(uri.query().unwrap_or_default()).unwrap_or_default();
        match uri.path() {
            "/" => self.requests(Show::parse(query.get("show"))).send(session).await,
            "/report" => self.report(query.get("format")).send(session).await,
            "/events" => self.events(session, &query).await,
            "/inspector.js" => Page::file("text/javascript; charset=utf-8", JS).send(session).await,
            "/inspector.css" => Page::file("text/css; charset=utf-8", CSS).send(session).await,
            "/inspector.svg" => Page::file("image/svg+xml", SVG).send(session).await,
            path => match path.strip_prefix("/requests/") {
                Some(id) => self.request(id).send(session).await,
                None => self.store_page(path, &query, session).await,
            },
        }
    }

    fn frame(&self, tab: Option<Tab>) -> Frame {
        let rules = self.rules.load();
        let (policy, audits) = (rules.policy.name().to_owned(), rules.mode.is_audit());
        Frame { tab, policy, audits, has_buckets: self.store.is_some(), has_report: self.recorder.is_some() }
    }

    fn requests(&self, show: Show) -> Page {
        let news = self.recent.newest();
        let after = format!("{}-{}", self.recent.run, news.latest);
        let limit = self.recent.limit();
        Page::of(StatusCode::OK, &RequestsPage::new(self.frame(Some(Tab::Requests)), show, &news, limit, after))
    }

    fn request(&self, id: &str) -> Page {
        let Some(seen) = self.recent.find(id) else {
            let limit = self.recent.limit();
            let text = format!("No request with this id is among the last {limit}. Older ones are in the log only.");
            return self.note(StatusCode::NOT_FOUND, "Not kept", text);
        };
        let rules = self.rules.load();
        let frame = self.frame(Some(Tab::Requests));
        Page::of(StatusCode::OK, &RequestPage::new(frame, &seen, &rules, settings::policy_line))
    }

    /// The readiness report of the audit so far.
    fn report(&self, format: Option<&str>) -> Page {
        let Some(recorder) = &self.recorder else {
            let text = "Requests are not audited here. Start with --audit, or mode = \"audit\" in the settings.";
            return self.note(StatusCode::NOT_FOUND, "No report", text.to_owned());
        };
        let Some(form) = format.map_or(Some(Form::Html), Form::parse) else {
            let forms = Form::ALL.map(Form::name).join(", ");
            return self.note(StatusCode::BAD_REQUEST, "No such form", format!("A report has the forms {forms}."));
        };
        let text = form.of(&Report::from(&recorder.snapshot()));
        match form {
            Form::Html => {
                let policy = format!("{}; frame-ancestors 'none'", content_policy());
                Page { policy: policy.into(), ..Page::html(text) }
            }
            form => Page { content_type: form.content_type(), ..Page::plain(StatusCode::OK, text) },
        }
    }

    async fn events(&self, session: &mut ServerSession, query: &Query<'_>) -> pingora::Result<()> {
        let Ok(_stream) = self.streams.try_acquire() else {
            let text = format!("{STREAMS} pages are open already, which is the most\n");
            return Page::plain(StatusCode::SERVICE_UNAVAILABLE, text).send(session).await;
        };
        let last = session.req_header().headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let after = last.or_else(|| query.get("after")).map(str::to_owned);
        let show = Show::parse(query.get("show"));
        Events { recent: &self.recent, show, after, stopping: self.stopping.clone() }.send(session).await
    }

    /// A page of the local store.
    async fn store_page(&self, path: &str, query: &Query<'_>, session: &mut ServerSession) -> pingora::Result<()> {
        let Some(store) = &self.store else { return self.unknown().send(session).await };
        let page = match Place::find(path, query) {
            Some(Place::Buckets) => self.buckets(store).await,
            Some(Place::Bucket(bucket)) => self.objects(store, &bucket, query).await,
            Some(Place::Object(bucket, key)) => self.object(store, &bucket, &key).await,
            Some(Place::Download(bucket, key)) if self.download => match store.object(&bucket, &key).await {
                Ok(object) if object.info.encryption.is_some() => Ok(self.encrypted()),
                Ok(object) => return download::send(session, key.as_str(), object).await,
                Err(error) => Err(error),
            },
            Some(Place::Download(..)) => Ok(self.no_downloads()),
            None => Ok(self.unknown()),
        };
        page.unwrap_or_else(|error| self.failed(&error)).send(session).await
    }

    async fn buckets(&self, store: &Store) -> Result<Page, StoreError> {
        let buckets = store.list_buckets().await?;
        Ok(Page::of(StatusCode::OK, &BucketsPage::new(self.frame(Some(Tab::Buckets)), &buckets)))
    }

    async fn objects(&self, store: &Store, bucket: &BucketName, query: &Query<'_>) -> Result<Page, StoreError> {
        let prefix = query.get("prefix").unwrap_or_default();
        let start = query.get("after").and_then(Position::from_token);
        let listed = store.list(bucket, prefix, Some(DELIMITER), start.as_ref(), ENTRIES).await?;
        let frame = self.frame(Some(Tab::Buckets));
        Ok(Page::of(StatusCode::OK, &ObjectsPage::new(frame, bucket.as_str(), prefix, &listed)))
    }

    async fn object(&self, store: &Store, bucket: &BucketName, key: &ObjectKey) -> Result<Page, StoreError> {
        let info = store.info(bucket, key).await?;
        let frame = self.frame(Some(Tab::Buckets));
        Ok(Page::of(StatusCode::OK, &ObjectPage::new(frame, bucket.as_str(), key.as_str(), &info, self.download)))
    }

    fn failed(&self, error: &StoreError) -> Page {
        match error {
            StoreError::NoSuchBucket => self.note(StatusCode::NOT_FOUND, "No such bucket", "It is not there.".into()),
            StoreError::NoSuchKey => self.note(StatusCode::NOT_FOUND, "No such object", "It is not there.".into()),
            StoreError::Key(_) => {
                let text =
                    "Its bytes are encrypted with the key of a client, and only a request with that key gets them.";
                self.note(StatusCode::FORBIDDEN, "Encrypted", text.into())
            }
            other => self.note(StatusCode::INTERNAL_SERVER_ERROR, "The store fails", other.to_string()),
        }
    }

    fn no_downloads(&self) -> Page {
        let text = "Write download = true in [admin] of the settings to switch them on.".to_owned();
        self.note(StatusCode::FORBIDDEN, "Downloads are off", text)
    }

    fn encrypted(&self) -> Page {
        let text = "The object is encrypted with a key of the client's, which is not kept here.".to_owned();
        self.note(StatusCode::FORBIDDEN, "Encrypted", text)
    }

    fn unknown(&self) -> Page {
        self.note(StatusCode::NOT_FOUND, "No such page", "There is no page at this address.".into())
    }

    fn note(&self, status: StatusCode, title: &'static str, text: String) -> Page {
        Page::of(status, &Note { frame: self.frame(None), title, text })
    }
}

const JS: &str = include_str!("inspector.js");
const CSS: &str = concat!(include_str!("../../../templates/palette.css"), include_str!("inspector.css"));
const SVG: &str = include_str!("inspector.svg");

/// Answers a request under a host that is not known. Errors are those of the connection.
pub async fn misdirected(session: &mut ServerSession) -> pingora::Result<()> {
    turned_away(Turned::Host).send(session).await
}

fn turned_away(turned: Turned) -> Page {
    match turned {
        Turned::Host => Page::plain(
            StatusCode::MISDIRECTED_REQUEST,
            "This is the admin address of r2shim, and not known under this name. Open it by its IP address or as \
             localhost, or add the name to `hosts` in [admin] of the settings.\n",
        ),
        Turned::Site => Page::plain(
            StatusCode::FORBIDDEN,
            "Another site asks for this page of r2shim's admin address. Type the address into the browser instead.\n",
        ),
    }
}
