//! The names of buckets: the client's and the upstream's.
//!
//! Keys, logs and policies use the client's name. Only requests to the upstream use the other. An upstream bucket is
//! hidden under its own name if it is mapped to another, or if that name is mapped to another bucket.

use crate::s3::names::BucketName;
use std::collections::BTreeMap;

/// The map, one to one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketMap {
    to_upstream: BTreeMap<BucketName, String>,
    to_client: BTreeMap<String, BucketName>,
    only_mapped: bool,
}

/// Two clients' names for one bucket of the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedTarget {
    /// The name that has the bucket already.
    pub first: BucketName,
}

impl BucketMap {
    /// No names are mapped. With `only_mapped` no bucket is reachable until some are.
    pub fn new(only_mapped: bool) -> BucketMap {
        BucketMap { only_mapped, ..BucketMap::default() }
    }

    /// Adds a client's name for a bucket of the upstream.
    pub fn map(&mut self, client: BucketName, upstream: String) -> Result<(), SharedTarget> {
        if let Some(first) = self.to_client.get(&upstream) {
            return Err(SharedTarget { first: first.clone() });
        }
        self.to_client.insert(upstream.clone(), client.clone());
        self.to_upstream.insert(client, upstream);
        Ok(())
    }

    /// The upstream's name of a client's bucket; `None` if clients can reach no bucket of that name.
    pub fn upstream<'a>(&'a self, client: &'a BucketName) -> Option<&'a str> {
        match self.to_upstream.get(client) {
            Some(mapped) => Some(mapped),
            None if self.only_mapped || self.to_client.contains_key(client.as_str()) => None,
            None => Some(client.as_str()),
        }
    }

    /// The client's name of an upstream's bucket; `None` if it is hidden by the map, or with `of_r2` if its name is not
    /// valid on R2, which has no dots in names.
    pub fn client(&self, upstream: &str, of_r2: bool) -> Option<BucketName> {
        if let Some(mapped) = self.to_client.get(upstream) {
            return Some(mapped.clone());
        }
        let name = if of_r2 { BucketName::parse(upstream) } else { BucketName::of_other_store(upstream) }.ok()?;
        (!self.only_mapped && !self.to_upstream.contains_key(&name)).then_some(name)
    }

    /// Whether buckets that the map does not name are out of reach.
    pub fn is_only_mapped(&self) -> bool {
        self.only_mapped
    }

    /// Every pair of the map: client's name, upstream's name.
    pub fn pairs(&self) -> impl Iterator<Item = (&BucketName, &str)> {
        self.to_upstream.iter().map(|(client, upstream)| (client, upstream.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> BucketName {
        BucketName::parse(text).unwrap()
    }

    fn map(only_mapped: bool) -> BucketMap {
        let mut map = BucketMap::new(only_mapped);
        map.map(name("media"), "acme-prod-media".to_owned()).unwrap();
        map.map(name("logs"), "acme.logs".to_owned()).unwrap();
        map
    }

    #[test]
    fn mapped_names_go_both_ways_and_hide_what_they_stand_for() {
        let map = map(false);
        for (client, upstream) in [
            ("media", Some("acme-prod-media")),
            ("logs", Some("acme.logs")),
            ("acme-prod-media", None),
            ("else", Some("else")),
        ] {
            assert_eq!(map.upstream(&name(client)), upstream, "{client}");
        }
        for (upstream, client) in [
            ("acme-prod-media", Some("media")),
            ("acme.logs", Some("logs")),
            ("media", None),
            ("else", Some("else")),
            ("a.b", None),
        ] {
            assert_eq!(map.client(upstream, true), client.map(name), "{upstream}");
        }
        assert_eq!(map.client("a.b", false), BucketName::of_other_store("a.b").ok());
    }

    #[test]
    fn only_mapped_hides_the_rest() {
        let map = map(true);
        assert_eq!(map.upstream(&name("media")), Some("acme-prod-media"));
        assert_eq!((map.upstream(&name("else")), map.client("else", false)), (None, None));
    }

    #[test]
    fn two_names_may_be_swapped() {
        let mut map = BucketMap::new(false);
        map.map(name("one"), "two".to_owned()).unwrap();
        map.map(name("two"), "one".to_owned()).unwrap();
        assert_eq!((map.upstream(&name("one")), map.client("one", true)), (Some("two"), Some(name("two"))));
    }

    #[test]
    fn a_bucket_has_one_name() {
        let error = map(false).map(name("other"), "acme-prod-media".to_owned());
        assert_eq!(error, Err(SharedTarget { first: name("media") }));
    }
}
