//! Logs of other programs.

use super::input::{Input, pieces};
use crate::access::{BucketScope, Keyring};
use crate::audit::Audit;
use crate::audit::logs::{Format, Ledger, LogReader};
use crate::cli::fuzzing::uncompressed;
use crate::cors::CorsRules;
use crate::filters::{Limits, Mode, Rules};
use crate::policy::Policy;
use crate::routing::TrustedProxies;
use std::sync::{Arc, LazyLock};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    limits: Limits::default(),
    domains: vec!["s3.test".to_owned()],
    cors: CorsRules::default(),
    keyring: Keyring::default(),
    signing_keys: Arc::default(),
    policy: Arc::new(Policy::builtin("r2-2026").unwrap().unwrap()),
    public: BucketScope::none(),
    trusted_proxies: TrustedProxies::default(),
    mode: Mode::Enforce,
});

/// A log has the same audit however it is cut, and that reads as it was written.
pub fn logs(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let format = input.byte();
    let cuts = input.cuts();
    let plain = uncompressed(input.rest());
    let chosen = Format::ALL.get(usize::from(format) % 8).copied();
    let Some(format) = chosen.or_else(|| Format::of(&plain)) else { return };
    let whole = audited(format, &plain, [&plain[..]]);
    let third = |cut: usize| cut % (plain.len() + 1);
    let cuts = [third(cuts[0]).min(third(cuts[1])), third(cuts[0]).max(third(cuts[1]))];
    assert_eq!(audited(format, &plain, pieces(&plain, cuts)), whole, "cut at {cuts:?}");
    if plain.len() < 4096 {
        assert_eq!(audited(format, &plain, plain.chunks(1)), whole, "byte by byte");
    }
    assert_eq!(Audit::from_json(&whole).unwrap().to_json(), whole);
}

fn audited<'p>(format: Format, beginning: &[u8], pieces: impl IntoIterator<Item = &'p [u8]>) -> String {
    let mut ledger = Ledger::new(&RULES);
    let mut reader = LogReader::new(format, beginning);
    pieces.into_iter().for_each(|piece| reader.feed(piece, &mut ledger));
    reader.finish("a log", &mut ledger);
    ledger.audit.to_json()
}
