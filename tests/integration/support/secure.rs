//! Clients that speak TLS, and an authority that vouches for them and for the server.

use super::client::{Connection, Request, Response, connect};
use super::server::{KEY_ID, SECRET, TestServer, rules};
use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream, SendStream};
use r2shim::access::{AccessKey, Keyring};
use r2shim::filters::Rules;
use r2shim::settings::{self, Flags, Http2, Tls};
use r2shim::sigv4::Secret;
use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use sha2::{Digest, Sha256};
use std::env::VarError;
use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// No server under test takes this long, on a machine that does much else, too.
const HANG: Duration = Duration::from_secs(120);

/// An authority that signs certificates, and a folder with their files.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate and its key, as text and as files.
pub struct Identity {
    pub certificate: String,
    pub key: String,
    pub certificate_file: PathBuf,
    pub key_file: PathBuf,
}

impl Identity {
    /// The table of settings that has a server show it.
    pub fn tls(&self) -> String {
        let (certificate, key) = (self.certificate_file.display(), self.key_file.display());
        format!("[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n")
    }

    /// As settings write it.
    pub fn fingerprint(&self) -> String {
        let der = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        format!("sha256:{}", hex::encode(Sha256::digest(&der)))
    }
}

impl Authority {
    pub fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "an authority of tests");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let authority = Authority { issuer, folder: tempfile::tempdir().unwrap() };
        std::fs::write(authority.file(), authority.issuer.pem()).unwrap();
        authority
    }

    /// The file of its own certificate.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A certificate for server and client, good for this machine.
    pub fn issue(&self, name: &str) -> Identity {
        self.issue_with(name, |_| {})
    }

    /// The same, changed before it is signed.
    pub fn issue_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        let (certificate_file, key_file) =
            (self.folder.path().join(format!("{name}.crt")), self.folder.path().join(format!("{name}.key")));
        std::fs::write(&certificate_file, &certificate).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        std::fs::set_permissions(&key_file, PermissionsExt::from_mode(0o600)).unwrap();
        Identity { certificate, key: key.serialize_pem(), certificate_file, key_file }
    }

    /// What settings make of a server's certificate, and of `clients` (`none`, `optional`, `required`).
    pub fn settings(&self, identity: &Identity, clients: &str) -> Tls {
        let text = |path: &PathBuf| Some(path.display().to_string());
        let flags = Flags {
            data: Some(self.folder.path().join("data")),
            tls_certificate: text(&identity.certificate_file),
            tls_key: text(&identity.key_file),
            tls_client_ca: text(&self.file()).filter(|_| clients != "none"),
            tls_client_certificates: Some(clients.to_owned()),
            ..Flags::default()
        };
        settings::load(&flags, &|_| Err(VarError::NotPresent)).unwrap().settings.tls.unwrap()
    }

    /// A client that trusts this authority, shows a certificate of its own, and asks for this protocol inside TLS.
    fn client(&self, identity: Option<&Identity>, protocol: &str) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.issuer.pem().as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Arc::new(config)
    }

    /// A server with this certificate and one key that may do everything.
    pub fn server(&self, identity: &Identity, clients: &str) -> TestServer {
        let keys: Keyring = [AccessKey::admin(KEY_ID, Secret::new(SECRET))].into_iter().collect();
        self.server_with(rules("r2", keys), identity, clients)
    }

    /// The same with other rules.
    pub fn server_with(&self, rules: Rules, identity: &Identity, clients: &str) -> TestServer {
        TestServer::with_tls(rules, &self.settings(identity, clients), Http2::default())
    }

    /// A connection of HTTP/1.1.
    pub fn connect(&self, address: SocketAddr, identity: Option<&Identity>) -> SecureConnection {
        self.try_connect(address, identity).unwrap()
    }

    /// The same where the server may turn the client away. In TLS 1.3 it does so after the client's handshake.
    pub fn try_connect(&self, address: SocketAddr, identity: Option<&Identity>) -> io::Result<SecureConnection> {
        let client = ClientConnection::new(self.client(identity, "http/1.1"), server_name()).unwrap();
        let mut stream = StreamOwned::new(client, connect(address)?);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Connection::over(stream))
    }

    /// A connection of HTTP/2.
    pub fn connect_http2(&self, address: SocketAddr, identity: Option<&Identity>) -> Http2Connection {
        self.try_connect_http2(address, identity).unwrap()
    }

    /// The same where the server may end it first.
    pub fn try_connect_http2(&self, address: SocketAddr, identity: Option<&Identity>) -> io::Result<Http2Connection> {
        let runtime = runtime();
        let (send, connection) = runtime.block_on(async {
            let stream = self.tls_stream(address, identity).await?;
            let opened = h2::client::Builder::new().initial_window_size(1 << 20).handshake(stream).await;
            opened.map_err(io::Error::other)
        })?;
        let connection = runtime.spawn(connection);
        Ok(Http2Connection { runtime, send, connection })
    }

    /// A connection that has agreed on HTTP/2 and has said nothing yet.
    pub fn silent_http2(&self, address: SocketAddr) -> (Runtime, TlsStream<tokio::net::TcpStream>) {
        let runtime = runtime();
        let stream = runtime.block_on(self.tls_stream(address, None)).unwrap();
        (runtime, stream)
    }

    async fn tls_stream(
        &self,
        address: SocketAddr,
        identity: Option<&Identity>,
    ) -> io::Result<TlsStream<tokio::net::TcpStream>> {
        let stream = tokio::net::TcpStream::connect(address).await?;
        let stream = TlsConnector::from(self.client(identity, "h2")).connect(server_name(), stream).await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        Ok(stream)
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn server_name() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

/// A connection of HTTP/1.1 inside TLS.
pub type SecureConnection = Connection<StreamOwned<ClientConnection, TcpStream>>;

/// A connection of HTTP/2. Its requests are written like those of HTTP/1.1: a Host becomes `:authority`.
pub struct Http2Connection {
    runtime: Runtime,
    send: SendRequest<Bytes>,
    connection: JoinHandle<Result<(), h2::Error>>,
}

/// A request under way.
pub struct Sent {
    pub response: h2::client::ResponseFuture,
    pub body: SendStream<Bytes>,
}

impl Http2Connection {
    /// Sends a request whole and reads its answer.
    pub fn send(&mut self, request: &Request) -> Response {
        self.try_send(request).unwrap()
    }

    /// The same where the server may reset it.
    pub fn try_send(&mut self, request: &Request) -> Result<Response, h2::Error> {
        let Sent { response, body } = self.begin(request, request.body.is_empty())?;
        let bytes = Bytes::from(request.body.clone());
        self.block_on(async {
            let sending = tokio::spawn(write(body, bytes));
            let answer = read(response).await;
            sending.abort();
            answer
        })
    }

    /// Sends some requests at once, each whole, and reads their answers. `NotConnected` is for one of which nothing was
    /// sent, because the connection takes no more.
    pub fn try_send_all(&mut self, requests: &[Request]) -> Vec<io::Result<Response>> {
        let sent: Vec<_> = requests.iter().map(|request| self.begin(request, request.body.is_empty())).collect();
        self.block_on(async {
            // Each is read as it comes: they share the connection's window.
            let reading = sent.into_iter().zip(requests).map(|(sent, request)| {
                let bytes = Bytes::from(request.body.clone());
                tokio::spawn(async move {
                    let never_sent = |error| io::Error::new(io::ErrorKind::NotConnected, error);
                    let Sent { response, body } = sent.map_err(never_sent)?;
                    tokio::spawn(write(body, bytes));
                    read(response).await.map_err(io::Error::other)
                })
            });
            let mut answers = Vec::new();
            for reading in reading.collect::<Vec<_>>() {
                answers.push(reading.await.unwrap());
            }
            answers
        })
    }

    /// Whether the server has said by now that it takes no more requests, or has closed the connection. It does not
    /// wait.
    pub fn has_been_closed(&self) -> bool {
        let mut send = self.send.clone();
        let ready = poll_fn(|cx| Poll::Ready(send.poll_ready(cx)));
        self.connection.is_finished() || matches!(self.runtime.block_on(ready), Poll::Ready(Err(_)))
    }

    /// Sends a head.
    pub fn begin(&mut self, request: &Request, ends: bool) -> Result<Sent, h2::Error> {
        let message = message(request);
        self.runtime.block_on(async {
            let mut ready = timeout(HANG, self.send.clone().ready()).await.unwrap()?;
            let (response, body) = ready.send_request(message, ends)?;
            Ok(Sent { response, body })
        })
    }

    /// How many requests the server lets run at once.
    pub fn max_streams(&self) -> usize {
        self.send.current_max_send_streams()
    }

    /// Runs what uses the connection; it hangs no longer than a test may.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(async { timeout(HANG, future).await.unwrap() })
    }

    /// Waits until the server ends the connection. Returns the reason, if it gives one that is an error.
    pub fn end(self) -> Option<Reason> {
        let ended = self.runtime.block_on(async { timeout(HANG, self.connection).await.unwrap().unwrap() });
        ended.err().and_then(|error| error.reason())
    }
}

fn message(request: &Request) -> http::Request<()> {
    let mut headers = request.header_map();
    let host = headers.remove("host").unwrap();
    let uri = format!("https://{}{}", host.to_str().unwrap(), request.target);
    let mut message = http::Request::builder().method(request.method.as_str()).uri(uri).body(()).unwrap();
    *message.version_mut() = http::Version::HTTP_2;
    *message.headers_mut() = headers;
    message
}

/// Sends a body as the server makes room for it; stops where the server does not want more.
pub async fn write(mut stream: SendStream<Bytes>, mut bytes: Bytes) {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        let Some(Ok(room)) = poll_fn(|cx| stream.poll_capacity(cx)).await else { return };
        let piece = bytes.split_to(room.min(bytes.len()));
        if stream.send_data(piece, bytes.is_empty()).is_err() {
            return;
        }
    }
}

/// Reads an answer to its end.
pub async fn read(response: h2::client::ResponseFuture) -> Result<Response, h2::Error> {
    let response = response.await?;
    let (head, body) = response.into_parts();
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    Ok(Response { status: head.status.as_u16(), headers, body: read_body(body).await? })
}

/// Reads the body of an answer to its end.
pub async fn read_body(mut body: RecvStream) -> Result<Vec<u8>, h2::Error> {
    let mut bytes = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        bytes.extend_from_slice(&piece);
        body.flow_control().release_capacity(piece.len())?;
    }
    Ok(bytes)
}
