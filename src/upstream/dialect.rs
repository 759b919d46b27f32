//! How stores differ from S3 where it matters to a proxy: a row a store, each difference with its reason.
//!
//! Not here: what R2 has, which is a policy's business, and what a store merely answers in its own way.

/// A store's dialect of S3.
#[derive(Debug, PartialEq, Eq)]
pub struct Dialect {
    /// What settings call it.
    pub name: &'static str,
    /// What CreateBucket says of the region.
    pub location: LocationRule,
    /// Whether an object may come with its checksum behind it (`STREAMING-UNSIGNED-PAYLOAD-TRAILER`). Where it may not,
    /// it is verified here and goes without.
    pub trailers: bool,
    /// Whether `If-Match` and `If-None-Match` are heard on writes. Where they are not, a write with one is refused: to
    /// carry it out all the same would lose data.
    pub write_conditions: bool,
}

/// Whether CreateBucket names the region in a LocationConstraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocationRule {
    /// Always left out.
    Never,
    /// The region's name, but for `us-east-1`, which is where buckets go that name none.
    AllButUsEast1,
}

/// All dialects; the first is the one of settings that name none.
pub const DIALECTS: &[Dialect] = &[
    // S3 itself. It answers InvalidLocationConstraint to a constraint of us-east-1, and IllegalLocationConstraintException
    // to none anywhere else (S3 API reference, CreateBucket).
    Dialect { name: "aws", location: LocationRule::AllButUsEast1, trailers: true, write_conditions: true },
    // Takes a constraint only if it is its own region's name, and none always: none cannot be wrong.
    Dialect { name: "minio", location: LocationRule::Never, trailers: true, write_conditions: true },
    // A constraint is the name of a zone group and a placement target there, not a region (Ceph RGW "Placement").
    Dialect { name: "ceph", location: LocationRule::Never, trailers: true, write_conditions: true },
    // Knows one region and refuses others by name; conditions on writes are not heard.
    Dialect { name: "garage", location: LocationRule::Never, trailers: true, write_conditions: false },
];

impl Dialect {
    /// The dialect of that name.
    pub fn named(name: &str) -> Option<&'static Dialect> {
        DIALECTS.iter().find(|dialect| dialect.name == name)
    }

    /// What CreateBucket's LocationConstraint says; `None` for a request without one.
    pub fn location_constraint<'r>(&self, region: &'r str) -> Option<&'r str> {
        match self.location {
            LocationRule::AllButUsEast1 if region != "us-east-1" => Some(region),
            LocationRule::AllButUsEast1 | LocationRule::Never => None,
        }
    }
}

impl Default for &'static Dialect {
    fn default() -> &'static Dialect {
        &DIALECTS[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_wants_to_hear_of_every_region_but_the_first_and_others_of_none() {
        for (dialect, region, constraint) in [
            ("aws", "us-east-1", None),
            ("aws", "eu-west-1", Some("eu-west-1")),
            ("minio", "eu-west-1", None),
            ("ceph", "eu-west-1", None),
            ("garage", "garage", None),
        ] {
            assert_eq!(Dialect::named(dialect).unwrap().location_constraint(region), constraint, "{dialect} {region}");
        }
    }
}
