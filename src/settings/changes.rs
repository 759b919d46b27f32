//! The changes when settings are read again: which take effect at once, and which at the next start.

use crate::settings::limits::PortLimits;
use crate::settings::resolved::{Mode, Settings, Upstream};
use crate::upstream::{CredentialSource, Remote};

/// The changes to other settings. Names are as in the settings file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The settings that take effect at once.
    pub swapped: Vec<&'static str>,
    /// The settings that take effect at the next start.
    pub needs_restart: Vec<&'static str>,
}

/// When a change takes effect.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    AtOnce,
    AtStart,
}

use Effect::{AtOnce, AtStart};

/// A setting, when a change of it takes effect, and whether there is one.
type Row = (&'static str, Effect, bool);

impl Changes {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.swapped.is_empty() && self.needs_restart.is_empty()
    }

    fn of(rows: &[Row]) -> Changes {
        let named = |effect| rows.iter().filter(move |row| row.1 == effect && row.2).map(|row| row.0).collect();
        Changes { swapped: named(AtOnce), needs_restart: named(AtStart) }
    }
}

impl Settings {
    /// The changes if these settings are replaced.
    pub fn changes_to(&self, new: &Settings) -> Changes {
        // All fields are named, so that a new one does not compile before it has a row.
        let Settings {
            listen,
            admin,
            pages,
            public,
            public_listen,
            trusted_proxies,
            policy,
            mode,
            domains,
            cors,
            keys,
            upstream,
            buckets,
            data_folder,
            audit_file,
            store,
            life,
            tls,
            http2,
            limits,
            ports,
        } = self;
        let policy_effect = if self.keeps_policy(new) { AtStart } else { AtOnce };
        let mut rows = vec![
            ("key", AtOnce, *keys != new.keys),
            ("policy", policy_effect, *policy != new.policy),
            ("domains", AtOnce, *domains != new.domains),
            ("cors", AtOnce, *cors != new.cors),
            ("public", AtOnce, *public != new.public),
            ("trusted_proxies", AtOnce, *trusted_proxies != new.trusted_proxies),
            ("limits", AtOnce, *limits != new.limits),
            ("bucket", AtOnce, *buckets != new.buckets),
            ("listen", AtStart, *listen != new.listen),
            ("public_listen", AtStart, *public_listen != new.public_listen),
            ("admin", AtStart, *admin != new.admin || *pages != new.pages),
            ("mode", AtStart, *mode != new.mode),
            ("upstream.path", AtStart, *data_folder != new.data_folder),
            ("audit.file", AtStart, *audit_file != new.audit_file),
            ("store", AtStart, *store != new.store),
            ("control", AtStart, life.control != new.life.control),
            ("tls", self.tls_effect(new), *tls != new.tls),
            ("http2", AtStart, *http2 != new.http2),
            ("reload_interval", AtStart, life.reload_interval != new.life.reload_interval),
            ("drain_delay", AtStart, life.drain_delay != new.life.drain_delay),
        ];
        rows.extend(port_rows(ports, &new.ports));
        rows.extend(upstream_rows(upstream, &new.upstream));
        Changes::of(&rows)
    }

    /// The settings in force when these are replaced: those that take effect at once are new.
    pub fn replaced_by(&self, new: &Settings) -> Settings {
        let new = new.clone();
        let tls = if self.tls_effect(&new) == AtOnce { new.tls.clone() } else { self.tls.clone() };
        let policy = if self.keeps_policy(&new) { self.policy.clone() } else { new.policy };
        let Settings { keys, domains, cors, public, trusted_proxies, buckets, limits, .. } = new;
        let upstream = with_credentials(&self.upstream, &new.upstream);
        let kept = self.clone();
        Settings { keys, policy, domains, cors, public, trusted_proxies, buckets, limits, upstream, tls, ..kept }
    }

    /// Whether ports speak TLS is decided at the start.
    fn tls_effect(&self, new: &Settings) -> Effect {
        if self.tls.is_some() == new.tls.is_some() { AtOnce } else { AtStart }
    }

    /// Figures of an audit by two policies cannot be added up, so an audit keeps the policy that it began with.
    fn keeps_policy(&self, new: &Settings) -> bool {
        self.mode == Mode::Audit && self.policy.name() != new.policy.name()
    }
}

fn port_rows(old: &PortLimits, new: &PortLimits) -> Vec<Row> {
    let PortLimits { connections, connections_per_address, handshake_time, first_byte_time, idle_time, head_time } =
        old;
    vec![
        ("limits.connections", AtStart, *connections != new.connections),
        ("limits.connections_per_address", AtStart, *connections_per_address != new.connections_per_address),
        ("limits.handshake_time", AtStart, *handshake_time != new.handshake_time),
        ("limits.first_byte_time", AtStart, *first_byte_time != new.first_byte_time),
        ("limits.idle_time", AtStart, *idle_time != new.idle_time),
        ("limits.head_time", AtStart, *head_time != new.head_time),
    ]
}

fn upstream_rows(old: &Upstream, new: &Upstream) -> Vec<Row> {
    match (old, new) {
        (Upstream::Local, Upstream::Local) => Vec::new(),
        (Upstream::Remote(old), Upstream::Remote(new)) => remote_rows(old, new),
        _ => vec![("upstream.kind", AtStart, true)],
    }
}

fn remote_rows(old: &Remote, new: &Remote) -> Vec<Row> {
    let Remote { endpoints, region, addressing, dialect, credentials, buckets, ca_file, timeouts, pool, health } = old;
    let source_stays = is_key(credentials) == is_key(&new.credentials);
    vec![
        ("upstream.access_key_id", AtOnce, source_stays && *credentials != new.credentials),
        ("upstream.credentials", AtStart, !source_stays),
        ("upstream.endpoints", AtStart, *endpoints != new.endpoints),
        ("upstream.region", AtStart, *region != new.region),
        ("upstream.addressing", AtStart, *addressing != new.addressing),
        ("upstream.dialect", AtStart, *dialect != new.dialect),
        ("upstream.buckets", AtStart, *buckets != new.buckets),
        ("upstream.ca_file", AtStart, *ca_file != new.ca_file),
        ("upstream.connect_timeout", AtStart, timeouts.connect != new.timeouts.connect),
        ("upstream.first_byte_timeout", AtStart, timeouts.first_byte != new.timeouts.first_byte),
        ("upstream.idle_timeout", AtStart, timeouts.idle != new.timeouts.idle),
        ("upstream.pool", AtStart, *pool != new.pool),
        ("upstream.health", AtStart, *health != new.health),
    ]
}

fn is_key(credentials: &CredentialSource) -> bool {
    matches!(credentials, CredentialSource::Static { .. })
}

/// The old upstream, with the key of the new one if both have a key.
fn with_credentials(old: &Upstream, new: &Upstream) -> Upstream {
    match (old, new) {
        (Upstream::Remote(old), Upstream::Remote(new)) if is_key(&old.credentials) && is_key(&new.credentials) => {
            Upstream::Remote(Box::new(Remote { credentials: new.credentials.clone(), ..Remote::clone(old) }))
        }
        _ => old.clone(),
    }
}
