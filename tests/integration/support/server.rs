//! A real server on a port of the system's choosing, over a store in a temporary folder.

use super::client::{Connection, Request, Response};
use r2shim::access::{AccessKey, BucketPattern, BucketScope, Keyring};
use r2shim::cors::CorsRules;
use r2shim::filters::{CurrentRules, Limits, Mode, Rules};
use r2shim::policy::Policy;
use r2shim::routing::TrustedProxies;
use r2shim::server::audit::Recorder;
use r2shim::server::remote::RemoteStore;
use r2shim::server::tls::Certificates;
use r2shim::server::{self, Listeners, Objects, Running, ServerParts, StartError};
use r2shim::settings;
use r2shim::sigv4::Secret;
use r2shim::store::{Durability, Options, Store};
use r2shim::upstream::Remote;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The key every test signs with, of R2's shape.
pub const KEY_ID: &str = "0123456789abcdef0123456789abcdef";
/// Its secret.
pub const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A running server; it stops when this is dropped.
pub struct TestServer {
    /// Where S3 is spoken.
    pub address: SocketAddr,
    /// Where public buckets are read, if the rules have any.
    pub public: Option<SocketAddr>,
    /// Where metrics and health are.
    pub admin: SocketAddr,
    /// The rules in force; a test may swap them.
    pub rules: Arc<CurrentRules>,
    /// What clients are shown, where TLS is spoken.
    pub certificates: Option<Arc<Certificates>>,
    running: Option<Running>,
    runtime: Runtime,
    data: TempDir,
}

impl TestServer {
    /// A server with a built-in policy and one key that may do everything.
    pub fn start(policy: &str) -> TestServer {
        TestServer::with_keys(policy, [AccessKey::admin(KEY_ID, Secret::new(SECRET))])
    }

    /// The same with other keys.
    pub fn with_keys(policy: &str, keys: impl IntoIterator<Item = AccessKey>) -> TestServer {
        TestServer::with_rules(rules(policy, keys.into_iter().collect()))
    }

    /// The same with other limits.
    pub fn with_limits(policy: &str, limits: Limits) -> TestServer {
        let keys = [AccessKey::admin(KEY_ID, Secret::new(SECRET))];
        TestServer::with_rules(Rules { limits, ..rules(policy, keys.into_iter().collect()) })
    }

    /// The same in front of a remote store.
    pub fn in_front_of(policy: &str, remote: Remote) -> TestServer {
        TestServer::in_front_of_with_keys(policy, remote, [AccessKey::admin(KEY_ID, Secret::new(SECRET))])
    }

    /// The same with other keys.
    pub fn in_front_of_with_keys(
        policy: &str,
        remote: Remote,
        keys: impl IntoIterator<Item = AccessKey>,
    ) -> TestServer {
        TestServer::in_front_of_with_rules(rules(policy, keys.into_iter().collect()), remote)
    }

    /// The same with other rules.
    pub fn in_front_of_with_rules(rules: Rules, remote: Remote) -> TestServer {
        TestServer::over(rules, |runtime, _| {
            let remote = RemoteStore::new(remote).unwrap();
            runtime.block_on(remote.resolve());
            Objects::Remote(remote)
        })
    }

    /// The same over a store that is opened in another way.
    pub fn with_store(policy: &str, options: Options) -> TestServer {
        let keys = [AccessKey::admin(KEY_ID, Secret::new(SECRET))];
        TestServer::with_rules_and_store(rules(policy, keys.into_iter().collect()), options)
    }

    /// The same with other rules, too.
    pub fn with_rules_and_store(rules: Rules, options: Options) -> TestServer {
        TestServer::over(rules, |_, data| Objects::Local(Store::open(data, options).unwrap()))
    }

    /// The same with other rules.
    pub fn with_rules(rules: Rules) -> TestServer {
        let options = Options { durability: Durability::None, ..Options::default() };
        TestServer::over(rules, |_, data| Objects::Local(Store::open(data, options).unwrap()))
    }

    /// A server over this folder, or nothing where it does not start.
    pub fn over_folder(policy: &str, folder: &Path) -> Option<TestServer> {
        let options = Options { durability: Durability::None, ..Options::default() };
        let store = Store::open(folder, options).ok()?;
        let keys = [AccessKey::admin(KEY_ID, Secret::new(SECRET))];
        let (pages, http2) = (settings::Pages::default(), settings::Http2::default());
        let rules = rules(policy, keys.into_iter().collect());
        TestServer::try_over_with(rules, pages, None, http2, |_, _| Objects::Local(store)).ok()
    }

    /// A local store whose admin address has these pages.
    pub fn with_pages(pages: settings::Pages) -> TestServer {
        let options = Options { durability: Durability::None, ..Options::default() };
        let keys = [AccessKey::admin(KEY_ID, Secret::new(SECRET))];
        let rules = rules("r2", keys.into_iter().collect());
        TestServer::over_with_pages(rules, pages, |_, data| Objects::Local(Store::open(data, options).unwrap()))
    }

    /// A local store whose clients come over TLS. What it does with them is for [`secure`](super::secure).
    pub fn with_tls(rules: Rules, tls: &settings::Tls, http2: settings::Http2) -> TestServer {
        let options = Options { durability: Durability::None, ..Options::default() };
        let certificates = Some(Arc::new(Certificates::new(tls).unwrap()));
        let objects = |_: &Runtime, data: &Path| Objects::Local(Store::open(data, options).unwrap());
        TestServer::over_with(rules, settings::Pages::default(), certificates, http2, objects)
    }

    fn over(rules: Rules, objects: impl FnOnce(&Runtime, &Path) -> Objects) -> TestServer {
        TestServer::over_with_pages(rules, settings::Pages::default(), objects)
    }

    fn over_with_pages(
        rules: Rules,
        pages: settings::Pages,
        objects: impl FnOnce(&Runtime, &Path) -> Objects,
    ) -> TestServer {
        TestServer::over_with(rules, pages, None, settings::Http2::default(), objects)
    }

    fn over_with(
        rules: Rules,
        pages: settings::Pages,
        certificates: Option<Arc<Certificates>>,
        http2: settings::Http2,
        objects: impl FnOnce(&Runtime, &Path) -> Objects,
    ) -> TestServer {
        TestServer::try_over_with(rules, pages, certificates, http2, objects).unwrap()
    }

    fn try_over_with(
        rules: Rules,
        pages: settings::Pages,
        certificates: Option<Arc<Certificates>>,
        http2: settings::Http2,
        objects: impl FnOnce(&Runtime, &Path) -> Objects,
    ) -> Result<TestServer, StartError> {
        let data = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let is_public = !rules.public.is_none();
        let audit_file = data.path().join("r2shim-audit.json");
        let recorder =
            rules.mode.is_audit().then(|| Arc::new(Recorder::open(&audit_file, rules.policy.name()).unwrap()));
        let rules = Arc::new(CurrentRules::from_pointee(rules));
        let objects = objects(&runtime, data.path());
        let in_force = rules.clone();
        let _entered = runtime.enter();
        let any = ([127, 0, 0, 1], 0).into();
        let listeners = Listeners::bind(&[any], Some(any)).unwrap();
        let listeners = if is_public { listeners.with_public(&[any]).unwrap() } else { listeners };
        let shown = certificates.clone();
        let parts = ServerParts { listeners, rules, objects, pages, recorder, certificates: shown, http2 };
        let running = server::start(parts)?;
        let (address, admin) = (running.listen[0], running.admin.unwrap());
        let public = running.public.first().copied();
        drop(_entered);
        let rules = in_force;
        Ok(TestServer { address, public, admin, rules, certificates, running: Some(running), runtime, data })
    }

    /// Puts CORS rules in force, and leaves the other rules as they are.
    pub fn set_cors(&self, cors: CorsRules) {
        let (policy, keyring) = (self.rules.load().policy.name().to_owned(), self.rules.load().keyring.clone());
        self.rules.store(Arc::new(Rules { cors, ..rules(&policy, keyring) }));
    }

    /// A GET of a page of the admin address.
    pub fn admin_page(&self, path: &str) -> Response {
        Connection::open(self.admin).send(Request::get(path).unsigned(self.admin))
    }

    /// Stops the server as `serve` does, and says how many requests were cut off.
    pub fn stop(&mut self, limit: Duration) -> i64 {
        let running = self.running.take().unwrap();
        self.runtime.block_on(running.stop(limit))
    }

    /// A server with a bucket of this name in it.
    pub fn with_bucket(policy: &str, bucket: &str) -> TestServer {
        let server = TestServer::start(policy);
        assert_eq!(server.send(Request::put(&format!("/{bucket}"))).status, 200);
        server
    }

    /// A server with this object in a bucket.
    pub fn with_object(policy: &str, bucket: &str, key: &str, body: &str) -> TestServer {
        let server = TestServer::with_bucket(policy, bucket);
        assert_eq!(server.send(Request::put(&format!("/{bucket}/{key}")).body(body)).status, 200);
        server
    }

    /// Signs a request, sends it on a connection of its own and reads the answer.
    pub fn send(&self, request: Request) -> Response {
        let request = request.signed(self.address);
        self.connect().send(request)
    }

    /// A new connection.
    pub fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// Sends bytes as they are, ends the sending, and reads what comes back: an answer, or a closed connection.
    pub fn send_raw(&self, bytes: &[u8]) -> Option<Response> {
        let mut connection = self.connect();
        // The server may close, having seen enough, before all is sent.
        let _ = connection.try_write(bytes);
        connection.finish_sending();
        connection.read_unless_closed(bytes.starts_with(b"HEAD "))
    }

    /// Everything there is: a line for each bucket, object and upload.
    pub fn contents(&self) -> Vec<String> {
        let buckets = self.send(Request::get("/")).elements("Name");
        let mut lines = Vec::new();
        for bucket in buckets {
            lines.extend(self.keys(&bucket).into_iter().map(|key| format!("{bucket}/{key}")));
            let uploads = self.send(Request::get(&format!("/{bucket}?uploads"))).elements("UploadId");
            lines.extend(uploads.into_iter().map(|upload| format!("{bucket}: upload {upload}")));
            lines.push(bucket);
        }
        lines
    }

    /// Truncates every file of a body of this many bytes, and returns how many files that were.
    pub fn truncate_files(&self, size: u64, left: u64) -> usize {
        self.files_of(size).into_iter().map(|file| file.set_len(left).unwrap()).count()
    }

    /// Flips a bit of this byte of every body of so many bytes, and returns how many files that were.
    pub fn flip_in_files(&self, size: u64, at: u64) -> usize {
        let flip = |file: File| {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ 8], at).unwrap();
        };
        self.files_of(size).into_iter().map(flip).count()
    }

    /// The files of bodies of this many bytes: behind the bytes they have their block sums and a footer.
    fn files_of(&self, size: u64) -> Vec<File> {
        let length = size + size.div_ceil(64 << 10) * 8 + 48;
        let files = files_in(self.data.path()).into_iter().filter(|path| path.metadata().unwrap().len() == length);
        files.map(|path| File::options().read(true).write(true).open(path).unwrap()).collect()
    }

    /// Keys in a bucket, from a listing.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        self.send(Request::get(&format!("/{bucket}?list-type=2"))).elements("Key")
    }
}

/// The same as [`rules`] with the key of all tests, and with public buckets.
pub fn public_rules(buckets: &[&str]) -> Rules {
    let key = AccessKey::admin(KEY_ID, Secret::new(SECRET));
    let patterns = buckets.iter().map(|text| BucketPattern::parse(text).unwrap()).collect();
    Rules { public: BucketScope::Matching(patterns), ..rules("r2", [key].into_iter().collect()) }
}

/// Rules as `serve` makes them: a built-in policy, these keys, one domain.
pub fn rules(policy: &str, keyring: Keyring) -> Rules {
    Rules {
        limits: Limits::default(),
        domains: vec!["s3.example.test".to_owned()],
        cors: CorsRules::default(),
        keyring,
        signing_keys: Arc::default(),
        policy: Arc::new(Policy::builtin(policy).unwrap().unwrap()),
        public: BucketScope::none(),
        trusted_proxies: TrustedProxies::default(),
        mode: Mode::Enforce,
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            // Nobody waits for an answer any more.
            self.runtime.block_on(running.stop(Duration::ZERO));
        }
    }
}
