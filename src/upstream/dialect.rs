//! The differences between stores and S3 that matter to a proxy: a row for each store, each difference with its reason.
//!
//! The features of R2 are not here, because a policy decides about them. Differences in words are not here either.
//! These rules hold for all stores, because they harm none (tried with MinIO of 2026-02-12 and versitygw 1.8.0):
//!
//! - The key in a path goes as the client wrote it, byte for byte, and is signed in S3's own encoding, all but
//!   `A-Za-z0-9-._~/` escaped: that is what MinIO and versitygw verify it over, decoded and encoded anew. Nothing is
//!   folded: `//` and `..` stay.
//! - A copy's source is written in S3's own encoding, without a slash in front: `%2Fbucket%2Fkey` is refused by
//!   versitygw.
//! - DeleteObjects goes with a Content-MD5. S3, MinIO and versitygw refuse it without that or an `x-amz-checksum-*`
//!   (S3 API reference; tried); R2's clients may send neither.
//! - Requests are signed for the region of the settings. AWS, Garage and versitygw answer
//!   AuthorizationHeaderMalformed to another; MinIO does once it is given a region, and Ceph does not look.
//! - `UNSIGNED-PAYLOAD` goes over plain HTTP too: MinIO and versitygw take it (tried). Unsure: S3 itself, which is
//!   spoken to over TLS anyway.
//! - CompleteMultipartUpload is sent once: MinIO answers NoSuchUpload to the second, where S3 gives the first answer
//!   again.

use crate::s3::checksum::Algorithm;
use crate::s3::names::ObjectKey;
use crate::s3::operation::Operation;
use crate::upstream::Endpoint;

/// A store's dialect of S3.
#[derive(Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Its name in settings.
    pub name: &'static str,
    /// The LocationConstraint of CreateBucket.
    pub location: LocationRule,
    /// Whether an object or a part may have its checksum in a trailer (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`). If not,
    /// the checksum is verified here and not forwarded.
    pub trailers: bool,
    /// Whether `Content-Encoding: aws-chunked` announces a body with a trailer. If not, the store looks only at
    /// `x-amz-content-sha256`, and would keep the value of Content-Encoding with the object.
    pub framing_named: bool,
    /// The checksums it takes. Others are verified here and not forwarded, neither with a body nor in
    /// `x-amz-checksum-algorithm`.
    pub checksums: &'static [Algorithm],
    /// The conditions that are honoured, by write. Others are refused, because a write without its condition would
    /// overwrite or delete what the condition protects.
    pub write_conditions: &'static [(Operation, &'static [&'static str])],
    /// Whether it keeps an incomplete plain body as an object. If so, r2shim adds a checksum in a trailer to a body
    /// without a digest, because an incomplete body has no trailer.
    pub keeps_short_bodies: bool,
    /// Whether it treats keys as paths, so that two keys can be one object. A key that it would read as another key is
    /// refused: a write to it would overwrite or delete the other object ([`Dialect::mistakes`]).
    pub keys_are_paths: bool,
    /// Whether `encoding-type=url` writes a space as `+`. Clients get `%20`, which all of them can read.
    pub plus_for_space: bool,
    /// Whether CreateBucket succeeds for a bucket of the same owner, and may reset its configuration. If so, r2shim
    /// looks for the bucket first, and the client gets BucketAlreadyOwnedByYou.
    pub recreates_buckets: bool,
    /// First segments of paths that lead to the store's own interfaces and not to a bucket. These names can neither be
    /// used nor listed: with r2shim's key for the store, a client could administer the store.
    pub reserved_buckets: &'static [&'static str],
    /// Metadata that is a command to the store. A write with it is refused.
    pub commands: &'static [&'static str],
}

/// Whether CreateBucket names the region in a LocationConstraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocationRule {
    /// Always left out.
    Never,
    /// The region's name, except for `us-east-1`, the region of buckets without a constraint.
    AllButUsEast1,
}

/// The conditions that S3 itself has on most writes. No store honours dates on them.
const TAGS: &[&str] = &["if-match", "if-none-match"];

/// S3 itself.
const AWS: Dialect = Dialect {
    name: "aws",
    // InvalidLocationConstraint to one of us-east-1, and IllegalLocationConstraintException to none, or another,
    // at the endpoint of any other region (S3 API reference, CreateBucket).
    location: LocationRule::AllButUsEast1,
    // S3 API reference, "Signature calculations for trailing headers".
    trailers: true,
    // The value is to be aws-chunked, and S3 keeps the rest of it (S3 API reference, "Transferring payload in
    // multiple chunks").
    framing_named: true,
    // S3 user guide, "Checking object integrity": these five, and since 2026 others that no policy knows.
    checksums: &Algorithm::ALL,
    // S3 user guide, "Add preconditions to S3 operations with conditional requests".
    write_conditions: &[
        (Operation::PutObject, TAGS),
        (Operation::CopyObject, TAGS),
        (Operation::CompleteMultipartUpload, TAGS),
        (Operation::DeleteObject, &["if-match"]),
    ],
    keeps_short_bodies: false,
    keys_are_paths: false,
    // As measured in listings of S3; its reference only says "url".
    plus_for_space: true,
    // In us-east-1, where it also resets the bucket's ACL (S3 API reference, CreateBucket, BucketAlreadyOwnedByYou).
    recreates_buckets: true,
    reserved_buckets: &[],
    commands: &[],
};

/// Any other store. Nothing is known about it, so each value is the one that loses no data with any of the stores
/// below. For example, a store over files that joins paths after it has verified a signature would read
/// `/media/../private/k` as a key of another bucket.
const OTHER: Dialect = Dialect {
    name: "other",
    location: LocationRule::Never,
    // A store that does not know the framing could keep it as the object's bytes.
    trailers: false,
    framing_named: false,
    checksums: &[],
    write_conditions: &[],
    // Only a trailer could prevent it.
    keeps_short_bodies: false,
    keys_are_paths: true,
    // As S3. A store that percent-encodes writes a plus as `%2B`, so only a space can be a `+`.
    plus_for_space: true,
    recreates_buckets: true,
    reserved_buckets: &["admin", "auth", "minio", "swift"],
    commands: &["x-amz-meta-snowball-auto-extract"],
};

/// All dialects.
pub const DIALECTS: &[Dialect] = &[
    AWS,
    // Tried with the last source, of 2026-02-12; releases from RELEASE.2025-02-18 on should be no different.
    Dialect {
        name: "minio",
        // It takes any name while it has no region, else only its own; no constraint always means its own.
        location: LocationRule::Never,
        trailers: true,
        // Takes the framing with or without it, and drops the word.
        framing_named: true,
        // CRC64NVME came in February 2025. One it does not know, such as x-amz-checksum-sha512, it neither verifies
        // nor refuses.
        checksums: &Algorithm::ALL,
        // CopyObject and DeleteObject ignore the condition and answer 200 and 204: the object is gone. A proxy cannot
        // detect this: with two pools, 13 of 20 `If-None-Match: *` on PutObject replaced an existing object.
        write_conditions: &[(Operation::PutObject, TAGS), (Operation::CompleteMultipartUpload, TAGS)],
        keeps_short_bodies: false,
        // `/x` is `x`, in PutObject, DeleteObject, DeleteObjects and as a copy's source. `a//b`, `.` and `..` it
        // refuses itself, with 400. A proxy cannot correct this: `x/y` beside `x` is stored and read, and never listed.
        keys_are_paths: true,
        plus_for_space: true,
        recreates_buckets: false,
        // `/minio/admin/v3/...` is its admin interface, `/minio/health` and `/minio/metrics` are others.
        reserved_buckets: &["minio"],
        // The body is unpacked as an archive, into objects of any name, while it is still arriving.
        commands: &["x-amz-meta-snowball-auto-extract"],
    },
    // By its sources and release notes; Squid is 19.2, Tentacle 20.2. Not tried.
    Dialect {
        name: "ceph",
        // A constraint is the name of a zone group and a placement target there, not a region (Ceph documentation,
        // Object Gateway, "Pool placement and storage classes").
        location: LocationRule::Never,
        // Since Squid 19.2.0; before, such requests failed (pull request 54856, "cumulatively fix 6 AWS SigV4 request
        // failure cases"). Unsure: whether a late Reef has them.
        trailers: true,
        // Kept as the object's Content-Encoding before the fix that came to Squid after 19.2.3 (pull request 65219),
        // and not needed by any.
        framing_named: false,
        // Verified and kept since Tentacle 20.2.0, CRC64NVME with them (pull request 61878). Squid keeps none.
        // Unsure: that it passes over them all, CRC64NVME as well, and refuses none.
        checksums: &Algorithm::ALL,
        // On PutObject since 2014 ("Conditional PUT on ETag"). On CompleteMultipartUpload and DeleteObject they work
        // since 20.2.1, on DeleteObject since 19.2.7 too; a proxy cannot find out the release. Unsure:
        // CopyObject.
        write_conditions: &[(Operation::PutObject, TAGS)],
        keeps_short_bodies: false,
        keys_are_paths: false,
        // `%20`, by its sources.
        plus_for_space: false,
        // 200 to the owner, as S3 in us-east-1 (pull request 19249, "re-creating bucket should return
        // BucketAlreadyOwnedByYou", which was not taken).
        recreates_buckets: true,
        // The other interfaces of the gateway, where they are enabled (Ceph documentation, `rgw_enable_apis`).
        reserved_buckets: &["admin", "auth", "swift"],
        commands: &[],
    },
    // By its sources, v1 and v2; not tried.
    Dialect {
        name: "garage",
        // Knows one region, `s3_region` of its settings, and answers 400 to a constraint of another.
        location: LocationRule::Never,
        // Since v1.1 and v2.0; v1.0 knows signed frames alone. Unsure of the exact releases.
        trailers: true,
        // Looks at x-amz-content-sha256 alone. Unsure: whether it drops the word or keeps it as the object's own.
        framing_named: false,
        // 400 "invalid checksum algorithm" to CRC64NVME, in x-amz-trailer and on CreateMultipartUpload. The sources
        // that take it are newer than v2.1 (unsure which release); with this row they merely keep none.
        checksums: &[Algorithm::Crc32, Algorithm::Crc32c, Algorithm::Sha1, Algorithm::Sha256],
        // None: it has no consensus that could decide between two writers, and reads these headers only on reads.
        write_conditions: &[],
        keeps_short_bodies: false,
        keys_are_paths: false,
        plus_for_space: false,
        // Unsure. The check costs one request and is harmless.
        recreates_buckets: true,
        // Its admin interface has another port.
        reserved_buckets: &[],
        commands: &[],
    },
    // Tried with 1.8.0 over a folder, its posix backend.
    Dialect {
        name: "versitygw",
        // It takes only its own region's name, and not even that if it is us-east-1; no constraint always means its
        // own.
        location: LocationRule::Never,
        trailers: true,
        // Keeps the word: the object has the Content-Encoding aws-chunked then.
        framing_named: false,
        checksums: &Algorithm::ALL,
        // CopyObject ignores the condition and answers 200.
        write_conditions: &[
            (Operation::PutObject, TAGS),
            (Operation::CompleteMultipartUpload, TAGS),
            (Operation::DeleteObject, &["if-match"]),
        ],
        // If the connection closes in the middle of a body with UNSIGNED-PAYLOAD, the bytes that arrived are kept.
        keeps_short_bodies: true,
        // `/x` is `x`, `a//b` is `a/b`, `c/../d` is `d`, and all answer 200.
        keys_are_paths: true,
        // Does not know the parameter: a `+` is a plus.
        plus_for_space: false,
        recreates_buckets: false,
        // Its admin interface uses methods that S3 does not have.
        reserved_buckets: &[],
        commands: &[],
    },
    OTHER,
];

/// What the hosts of S3's own endpoints end with (AWS General Reference, "Amazon S3 endpoints").
const AWS_HOSTS: &[&str] = &[".amazonaws.com", ".amazonaws.com.cn"];

impl Dialect {
    /// The dialect of that name.
    pub fn from_name(name: &str) -> Option<&'static Dialect> {
        DIALECTS.iter().find(|dialect| dialect.name == name)
    }

    /// The dialect of a store whose settings name none: S3's if all endpoints are AWS's, else the one that assumes
    /// nothing.
    pub fn inferred(endpoints: &[Endpoint]) -> &'static Dialect {
        let is_aws = |endpoint: &Endpoint| AWS_HOSTS.iter().any(|end| endpoint.host.ends_with(end));
        if !endpoints.is_empty() && endpoints.iter().all(is_aws) { &AWS } else { &OTHER }
    }

    /// Whether the store honours this condition on this write; its name is in lower case.
    pub fn honours_condition(&self, operation: Operation, header: &str) -> bool {
        self.write_conditions
            .iter()
            .any(|(operation_of, headers)| *operation_of == operation && headers.contains(&header))
    }

    /// Whether the store has something else than a bucket at the path of this name.
    pub fn reserves(&self, bucket: &str) -> bool {
        self.reserved_buckets.contains(&bucket)
    }

    /// Whether the store takes checksums of this kind.
    pub fn takes(&self, algorithm: Algorithm) -> bool {
        self.checksums.contains(&algorithm)
    }

    /// Whether the store reads this key as another key, or refuses it as a path: it has a segment that is empty, `.` or
    /// `..`. A slash at the end does not count.
    pub fn mistakes(&self, key: &ObjectKey) -> bool {
        let path = key.as_str();
        let mut segments = path.strip_suffix('/').unwrap_or(path).split('/');
        self.keys_are_paths && segments.any(|segment| matches!(segment, "" | "." | ".."))
    }

    /// The value of CreateBucket's LocationConstraint; `None` for a request without one.
    pub fn location_constraint<'r>(&self, region: &'r str) -> Option<&'r str> {
        match self.location {
            LocationRule::AllButUsEast1 if region != "us-east-1" => Some(region),
            LocationRule::AllButUsEast1 | LocationRule::Never => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn only_aws_is_sent_the_region_and_not_its_first() {
        for (dialect, region, constraint) in [
            ("aws", "us-east-1", None),
            ("aws", "eu-west-1", Some("eu-west-1")),
            ("minio", "eu-west-1", None),
            ("ceph", "eu-west-1", None),
            ("garage", "garage", None),
            ("versitygw", "eu-west-1", None),
            ("other", "eu-west-1", None),
        ] {
            assert_eq!(
                Dialect::from_name(dialect).unwrap().location_constraint(region),
                constraint,
                "{dialect} {region}"
            );
        }
    }

    #[test]
    fn conditions_that_are_not_honoured_are_known() {
        use Operation::{CompleteMultipartUpload, CopyObject, DeleteObject, PutObject};
        for (dialect, honoured) in [
            ("aws", &[PutObject, CopyObject, CompleteMultipartUpload, DeleteObject][..]),
            ("minio", &[PutObject, CompleteMultipartUpload]),
            ("ceph", &[PutObject]),
            ("garage", &[]),
            ("versitygw", &[PutObject, CompleteMultipartUpload, DeleteObject]),
        ] {
            let dialect = Dialect::from_name(dialect).unwrap();
            for operation in [PutObject, CopyObject, CompleteMultipartUpload, DeleteObject] {
                let honours = |header| dialect.honours_condition(operation, header);
                assert_eq!(honours("if-match"), honoured.contains(&operation), "{} {operation}", dialect.name);
                let none = honoured.contains(&operation) && operation != DeleteObject;
                assert_eq!(honours("if-none-match"), none, "{} {operation}", dialect.name);
                assert!(!honours("if-unmodified-since"), "{} {operation}", dialect.name);
            }
        }
    }

    #[test]
    fn a_checksum_that_would_be_refused_is_known() {
        for (dialect, crc32, crc64) in [("aws", true, true), ("minio", true, true), ("garage", true, false)] {
            let dialect = Dialect::from_name(dialect).unwrap();
            assert_eq!(dialect.takes(Algorithm::Crc32), crc32, "{}", dialect.name);
            assert_eq!(dialect.takes(Algorithm::Crc64Nvme), crc64, "{}", dialect.name);
        }
    }

    #[test]
    fn only_stores_over_files_misread_keys_that_are_not_paths() {
        let keys = [
            ("x", false),
            ("a/b.c", false),
            ("a/", false),
            (".hidden/...", false),
            ("a\\..\\b", false),
            ("/x", true),
            ("/", true),
            ("a//b", true),
            ("a//", true),
            (".", true),
            ("./x", true),
            ("a/..", true),
            ("a/../b/", true),
        ];
        for (key, mistaken) in keys {
            let key = ObjectKey::parse(key).unwrap();
            for (dialect, paths) in [
                ("aws", false),
                ("minio", true),
                ("ceph", false),
                ("garage", false),
                ("versitygw", true),
                ("other", true),
            ] {
                assert_eq!(Dialect::from_name(dialect).unwrap().mistakes(&key), paths && mistaken, "{dialect} {key}");
            }
        }
    }

    #[test]
    fn a_dialect_has_one_row() {
        for dialect in DIALECTS {
            assert_eq!(Dialect::from_name(dialect.name), Some(dialect));
        }
        assert_eq!(Dialect::from_name("gcs"), None);
    }

    #[test]
    fn settings_without_a_dialect_mean_s3_itself_only_at_aws() {
        for (endpoints, name) in [
            ("https://s3.amazonaws.com", "aws"),
            ("https://s3.eu-west-1.amazonaws.com https://s3.dualstack.eu-west-1.amazonaws.com", "aws"),
            ("https://s3.cn-north-1.amazonaws.com.cn", "aws"),
            ("https://bucket.vpce-1a2b3c4d.s3.us-east-1.vpce.amazonaws.com:8443", "aws"),
            ("http://127.0.0.1:9100", "other"),
            ("https://amazonaws.com.example.test", "other"),
            ("https://xamazonaws.com", "other"),
            ("https://s3.amazonaws.com http://minio:9000", "other"),
            ("", "other"),
        ] {
            let endpoints: Vec<_> = endpoints.split_whitespace().map(|text| Endpoint::parse(text).unwrap()).collect();
            assert_eq!(Dialect::inferred(&endpoints).name, name, "{endpoints:?}");
        }
    }

    /// For an unknown store the proxy refuses or does everything that it refuses or does for any store of the table. A
    /// new field must be added here.
    #[test]
    fn the_dialect_of_unknown_stores_is_the_strictest() {
        let Dialect {
            name,
            location,
            trailers,
            framing_named,
            checksums,
            write_conditions,
            keeps_short_bodies,
            keys_are_paths,
            plus_for_space: _,
            recreates_buckets,
            reserved_buckets,
            commands,
        } = OTHER;
        let rows = || DIALECTS.iter().filter(|dialect| dialect.name != name);
        let union = |of: fn(&Dialect) -> &'static [&'static str]| -> BTreeSet<_> { rows().flat_map(of).collect() };
        assert_eq!(union(|row| row.reserved_buckets), reserved_buckets.iter().collect());
        assert_eq!(union(|row| row.commands), commands.iter().collect());
        assert_eq!(keys_are_paths, rows().any(|row| row.keys_are_paths));
        assert_eq!(recreates_buckets, rows().any(|row| row.recreates_buckets));
        // The proxy may rely only on what every store has, and the rows are not all stores.
        assert!(write_conditions.is_empty() && checksums.is_empty() && !trailers && !framing_named);
        assert_eq!(location, LocationRule::Never);
        // For such a store r2shim adds a checksum in a trailer, and an unknown store may not accept that.
        assert!(!keeps_short_bodies);
    }
}
