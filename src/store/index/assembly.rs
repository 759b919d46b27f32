//! What an upload's parts come to: whether the list a client completes with is one of its parts, and the object they
//! make. Rows in, object out; nothing is read or written here.

use super::codec::Extent;
use super::upload_rows::{PartRow, UploadRow};
use crate::s3::checksum::{Algorithm, Checksum};
use crate::s3::etag::ETag;
use crate::s3::part_checksums::Plan;
use crate::s3::part_list::{PartsFault, check_sizes, in_order};
use crate::s3::xml::CompletedPart;
use crate::store::error::StoreError;
use crate::store::model::ObjectInfo;
use crate::store::parts::{Completion, MAX_OBJECT};
use md5::{Digest, Md5};
use std::collections::BTreeMap;

/// The parts of an upload by number.
pub(super) type Parts = BTreeMap<u16, PartRow>;

/// An object made of parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Assembled {
    pub(super) info: ObjectInfo,
    pub(super) extents: Vec<Extent>,
}

/// Makes the object, or says what is wrong with the list.
pub(super) fn assemble(upload: &UploadRow, parts: &Parts, completion: &Completion) -> Result<Assembled, StoreError> {
    let listed = in_order(&completion.parts, completion.rules.any_order)?;
    let listed = listed.into_iter().map(|part| find(parts, part)).collect::<Result<Vec<_>, _>>()?;
    let numbered: Vec<_> = listed.iter().map(|part| (part.info.number, part.info.size)).collect();
    check_sizes(&numbered, completion.rules.equal_parts)?;
    let sizes: Vec<u64> = listed.iter().map(|part| part.info.size).collect();
    let size = sizes.iter().fold(0u64, |size, part| size.saturating_add(*part));
    if size > MAX_OBJECT {
        return Err(PartsFault::TooLarge.into());
    }
    if completion.size.is_some_and(|expected| expected != size) {
        return Err(PartsFault::Size.into());
    }
    let checksum = checksum(upload, &listed, completion)?;
    Ok(Assembled {
        info: ObjectInfo {
            size,
            etag: etag(&listed),
            last_modified: completion.now,
            metadata: upload.metadata.clone(),
            storage_class: upload.info.storage_class,
            checksum,
            parts: sizes,
            encryption: upload.info.encryption.clone(),
        },
        extents: listed.iter().flat_map(|part| part.extents.runs.iter().copied()).collect(),
    })
}

/// The part that is meant: of this number, with this tag and every checksum given.
fn find<'p>(parts: &'p Parts, listed: &CompletedPart) -> Result<&'p PartRow, StoreError> {
    let part = u16::try_from(listed.number).ok().and_then(|number| parts.get(&number));
    let part = part.filter(|part| ETag::parse(&listed.etag).is_some_and(|etag| etag == part.info.etag));
    let has = |part: &PartRow, (algorithm, value): &(Algorithm, String)| {
        part.info.checksum.as_ref().is_some_and(|sum| sum.algorithm == *algorithm && sum.value == *value)
    };
    part.filter(|part| listed.checksums.iter().all(|given| has(part, given))).ok_or(PartsFault::Missing.into())
}

/// The MD5 of the parts' MD5s, and their number.
fn etag(parts: &[&PartRow]) -> ETag {
    let mut md5 = Md5::new();
    parts.iter().filter_map(|part| part.info.etag.md5()).for_each(|part| md5.update(part));
    ETag::from_parts(md5.finalize().into(), parts.len())
}

/// The checksum of the object, compared with the one the client gives.
fn checksum(upload: &UploadRow, parts: &[&PartRow], completion: &Completion) -> Result<Option<Checksum>, StoreError> {
    let plan = plan(upload, parts, completion)?;
    let sums = parts.iter().map(|part| (part.info.checksum.as_ref(), part.info.size));
    let whole = plan.and_then(|plan| plan.assemble(sums));
    match &completion.checksum {
        Some((algorithm, value)) if !whole.as_ref().is_some_and(|whole| is(whole, *algorithm, value)) => {
            Err(PartsFault::Checksum(*algorithm).into())
        }
        _ => Ok(whole),
    }
}

/// What the upload was created with or, where that says nothing, what the parts carry.
fn plan(upload: &UploadRow, parts: &[&PartRow], completion: &Completion) -> Result<Option<Plan>, StoreError> {
    let asked = completion.checksum_kind;
    match upload.info.checksum {
        Some(plan) if asked.is_some_and(|kind| kind != plan.kind) => Err(PartsFault::ChecksumKind(plan.kind).into()),
        Some(plan) => Ok(Some(plan)),
        None => {
            let carried = parts.first().and_then(|part| part.info.checksum.as_ref());
            // A kind the parts' algorithm does not have leaves the object without a checksum: none was promised.
            Ok(carried.and_then(|checksum| Plan::new(checksum.algorithm, asked).ok()))
        }
    }
}

fn is(whole: &Checksum, algorithm: Algorithm, value: &str) -> bool {
    let bare = whole.value.split_once('-').map_or(whole.value.as_str(), |(digest, _)| digest);
    whole.algorithm == algorithm && (whole.value == value || bare == value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::Timestamp;
    use crate::s3::checksum::{Hasher, Kind};
    use crate::s3::metadata::Metadata;
    use crate::s3::names::{BucketName, ObjectKey};
    use crate::s3::part_list::MIN_PART;
    use crate::s3::precondition::WriteConditions;
    use crate::store::folder::BlobId;
    use crate::store::index::codec::Extents;
    use crate::store::parts::{PartInfo, PartRules, UploadInfo};

    fn upload(checksum: Option<Plan>) -> UploadRow {
        UploadRow {
            bucket: BucketName::parse("bucket").unwrap(),
            key: ObjectKey::parse("k").unwrap(),
            initiated: Timestamp::default(),
            metadata: Metadata::default(),
            info: UploadInfo { checksum, ..UploadInfo::default() },
            owner: None,
        }
    }

    fn crc(number: u16) -> Checksum {
        let mut hasher = Hasher::new(Algorithm::Crc32);
        hasher.update(&[number as u8]);
        hasher.finish_checksum()
    }

    /// Parts 1, 2, ... of these sizes; part N has the tag NN...N and the checksum of the byte N.
    fn parts(sizes: &[u64]) -> Parts {
        let part = |(number, size): (u16, &u64)| {
            let (etag, last_modified) = (ETag::from_md5([number as u8; 16]), Timestamp::default());
            let info = PartInfo { number, size: *size, etag, last_modified, checksum: Some(crc(number)) };
            let extents = Extents::new(vec![Extent { blob: BlobId(number.into()), offset: 0, length: *size }]);
            (number, PartRow { info, sealed: false, extents })
        };
        (1..).zip(sizes).map(part).collect()
    }

    fn listed(numbers: &[i64]) -> Completion {
        let part = |number: &i64| CompletedPart {
            number: *number,
            etag: hex::encode([*number as u8; 16]).to_uppercase(),
            checksums: Vec::new(),
        };
        Completion {
            parts: numbers.iter().map(part).collect(),
            rules: PartRules::default(),
            size: None,
            checksum_kind: None,
            checksum: None,
            key: None,
            conditions: WriteConditions::default(),
            now: Timestamp::default(),
        }
    }

    fn fault(parts: &Parts, completion: &Completion) -> Option<PartsFault> {
        match assemble(&upload(None), parts, completion) {
            Ok(_) => None,
            Err(StoreError::Parts(fault)) => Some(fault),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_object_is_its_parts_in_order() {
        let parts = parts(&[MIN_PART, MIN_PART + 1, 3]);
        let object = assemble(&upload(None), &parts, &listed(&[1, 3])).unwrap();
        assert_eq!((object.info.size, &object.info.parts), (MIN_PART + 3, &vec![MIN_PART, 3]));
        assert_eq!(object.extents, [parts[&1].extents.runs[0], parts[&3].extents.runs[0]]);
        let digest = Md5::digest([[1; 16], [3; 16]].concat());
        assert_eq!(object.info.etag, ETag::from_parts(digest.into(), 2));
    }

    #[test]
    fn lists_that_are_not_of_its_parts() {
        let parts = parts(&[MIN_PART, MIN_PART, 3]);
        for (numbers, expected) in [
            (&[1, 2, 3][..], None),
            (&[3], None),
            (&[2, 3], None),
            (&[1, 2, 4], Some(PartsFault::Missing)),
            (&[0], Some(PartsFault::Missing)),
            (&[-1], Some(PartsFault::Missing)),
            (&[65_537], Some(PartsFault::Missing)),
            (&[1, 1], Some(PartsFault::Duplicate)),
            (&[2, 1, 2], Some(PartsFault::Duplicate)),
            (&[2, 1], Some(PartsFault::Order)),
            (&[1, 3, 2], Some(PartsFault::Order)),
        ] {
            assert_eq!(fault(&parts, &listed(numbers)), expected, "{numbers:?}");
        }
        let mut other_tag = listed(&[1]);
        other_tag.parts[0].etag = "0".repeat(32);
        assert_eq!(fault(&parts, &other_tag), Some(PartsFault::Missing));
    }

    #[test]
    fn any_order_is_put_in_order() {
        let mut completion = listed(&[3, 1, 2]);
        completion.rules.any_order = true;
        let object = assemble(&upload(None), &parts(&[MIN_PART, MIN_PART, 3]), &completion).unwrap();
        assert_eq!(object.info.parts, [MIN_PART, MIN_PART, 3]);
    }

    #[test]
    fn sizes_have_rules() {
        for (sizes, any, equal) in [
            (&[0][..], None, None),
            (&[MAX_OBJECT - 1, 1], None, None),
            (&[MAX_OBJECT, 1], Some(PartsFault::TooLarge), Some(PartsFault::TooLarge)),
            (&[u64::MAX, u64::MAX], Some(PartsFault::TooLarge), Some(PartsFault::TooLarge)),
            (&[MIN_PART, MIN_PART + 1, 1], None, Some(PartsFault::Unequal)),
        ] {
            let mut completion = listed(&(1..=sizes.len() as i64).collect::<Vec<_>>());
            assert_eq!(fault(&parts(sizes), &completion), any, "{sizes:?}");
            completion.rules.equal_parts = true;
            assert_eq!(fault(&parts(sizes), &completion), equal, "{sizes:?} equal");
        }
        let mut completion = listed(&[1]);
        completion.size = Some(4);
        assert_eq!(fault(&parts(&[3]), &completion), Some(PartsFault::Size));
    }

    #[test]
    fn checksums_are_held_against_what_the_client_gives() {
        let parts = parts(&[MIN_PART, 3]);
        let plan = |kind| Plan { algorithm: Algorithm::Crc32, kind };
        let composite = assemble(&upload(None), &parts, &listed(&[1, 2])).unwrap().info.checksum.unwrap();
        assert!(composite.kind == Kind::Composite && composite.value.ends_with("-2"));
        let bare = composite.value.trim_end_matches("-2").to_owned();
        for (given, good) in [(composite.value.clone(), true), (bare, true), ("AAAAAA==".into(), false)] {
            let completion = Completion { checksum: Some((Algorithm::Crc32, given)), ..listed(&[1, 2]) };
            let expected = (!good).then_some(PartsFault::Checksum(Algorithm::Crc32));
            assert_eq!(fault(&parts, &completion), expected);
        }
        let mut of_part = listed(&[1]);
        of_part.parts[0].checksums = vec![(Algorithm::Crc32, crc(1).value)];
        assert_eq!(fault(&parts, &of_part), None);
        of_part.parts[0].checksums = vec![(Algorithm::Crc32, crc(2).value)];
        assert_eq!(fault(&parts, &of_part), Some(PartsFault::Missing));

        let whole = assemble(&upload(Some(plan(Kind::FullObject))), &parts, &listed(&[1, 2])).unwrap();
        assert_eq!(whole.info.checksum.unwrap().kind, Kind::FullObject);
        let other_kind = Completion { checksum_kind: Some(Kind::Composite), ..listed(&[1, 2]) };
        let refused = assemble(&upload(Some(plan(Kind::FullObject))), &parts, &other_kind);
        assert_eq!(refused, Err(StoreError::Parts(PartsFault::ChecksumKind(Kind::FullObject))));
    }
}
