//! A pass-through: pingora's own proxy between a port and a store, as its documentation shows it. `tests/bench/run`
//! measures r2shim beside it, so that what r2shim adds to pingora is seen.
//!
//! `passthrough ADDR:PORT STORE_ADDR:PORT [CERTIFICATE KEY]`; with a certificate it speaks TLS and HTTP/2.

use async_trait::async_trait;
use pingora::listeners::tls::TlsSettings;
use pingora::proxy::{ProxyHttp, Session, http_proxy_service};
use pingora::server::Server;
use pingora::server::configuration::ServerConf;
use pingora::upstreams::peer::HttpPeer;
use std::thread::available_parallelism;

// r2shim's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sends each request to one store as it came.
struct PassThrough {
    store: String,
}

#[async_trait]
impl ProxyHttp for PassThrough {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn upstream_peer(&self, _: &mut Session, _: &mut ()) -> pingora::Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.store.as_str(), false, String::new())))
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [listen, store, tls @ ..] = words.as_slice() else {
        return Err("passthrough ADDR:PORT STORE_ADDR:PORT [CERTIFICATE KEY]".into());
    };
    // As many threads as r2shim has.
    let conf = ServerConf { threads: available_parallelism()?.get(), ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut service = http_proxy_service(&server.configuration, PassThrough { store: store.clone() });
    match tls {
        [certificate, key] => {
            let mut settings = TlsSettings::intermediate(certificate, key)?;
            settings.enable_h2();
            service.add_tls_with_settings(listen, None, settings);
        }
        _ => service.add_tcp(listen),
    }
    server.add_service(service);
    server.run_forever()
}
