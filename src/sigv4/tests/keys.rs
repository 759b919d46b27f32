//! Keys and their cache.

use super::*;

fn scope(region: &str) -> Scope {
    Scope { date: "20130524".into(), region: region.into(), service: "s3".into() }
}

#[test]
fn a_key_is_kept_for_its_secret_and_scope_alone() {
    let (cache, old, new) = (KeyCache::new(), Secret::new("old"), Secret::new("new"));
    cache.keep(&old, &scope("auto"), &old.signing_key(&scope("auto")));
    assert!(cache.get(&old, &scope("auto")).is_some());
    assert!(cache.get(&old, &scope("us-east-1")).is_none());
    assert!(cache.get(&new, &scope("auto")).is_none(), "a changed secret must not meet the old key");
    let kept = cache.get(&old, &scope("auto")).unwrap().sign("x").hex();
    assert_eq!(kept, old.signing_key(&scope("auto")).sign("x").hex());
}

#[test]
fn the_cache_is_bounded() {
    let cache = KeyCache::new();
    let secrets: Vec<_> = (0..1025).map(|n| Secret::new(n.to_string())).collect();
    let key = secrets[0].signing_key(&scope(""));
    let kept = |secret: &Secret, regions: usize| {
        (0..regions).filter(|n| cache.get(secret, &scope(&n.to_string())).is_some()).count()
    };
    for region in 0..100 {
        cache.keep(&secrets[0], &scope(&region.to_string()), &key);
    }
    assert_eq!(kept(&secrets[0], 100), 8);
    assert!(cache.get(&secrets[0], &scope("99")).is_some(), "the newest stays");
    secrets.iter().for_each(|secret| cache.keep(secret, &scope("0"), &key));
    assert_eq!(secrets.iter().map(|secret| kept(secret, 1)).sum::<usize>(), 1);
}

#[test]
fn only_what_verified_is_kept() {
    let (cache, secret, other) = (KeyCache::new(), Secret::new(SECRET), Secret::new("another"));
    let request = signed("GET /b\nhost: h");
    let claim = parse(&request.head()).unwrap();
    assert!(verify(&claim, &request.head(), &other, &cache).is_err());
    assert!(cache.get(&other, claim.scope()).is_none());
    assert!(verify(&claim, &request.head(), &secret, &cache).is_ok());
    assert!(cache.get(&secret, claim.scope()).is_some());
    assert!(verify(&claim, &request.head(), &secret, &cache).is_ok(), "with the kept key");
}

#[test]
fn nothing_secret_is_shown() {
    let secret = Secret::new(SECRET);
    let key = secret.signing_key(&scope("auto"));
    let claim = parse(&presigned("GET /b\nhost: h").head()).unwrap();
    let shown = format!("{secret:?} {key:?} {:?} {claim:?} {:?}", key.sign("x"), KeyCache::new());
    for hidden in [SECRET, &key.sign("x").hex(), &claim.signature] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
