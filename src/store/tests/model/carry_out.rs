//! How a store carries operations out.

use super::map::tag;
use super::operation::{Done, Object, Operation};
use crate::s3::Timestamp;
use crate::s3::customer_key::CustomerKey;
use crate::s3::metadata::Metadata;
use crate::s3::names::{BucketName, ObjectKey};
use crate::s3::storage_class::StorageClass;
use crate::s3::xml::CompletedPart;
use crate::store::tests::listing::lines;
use crate::store::tests::{NOW, new_object, read_all};
use crate::store::{
    Completion, CopyKeys, NewMetadata, NewObject, NewPart, NewUpload, ObjectCopy, PartRules, Store, StoreError,
    UploadOwner, UploadRef, WriteResult,
};
use std::ops::Range;

const NO_KEY: Option<&CustomerKey> = None;

fn name(bucket: &str) -> BucketName {
    BucketName::parse(bucket).unwrap()
}

fn object_key(key: &str) -> ObjectKey {
    ObjectKey::parse(key).unwrap()
}

fn at(bucket: &str, key: &str, id: &str) -> UploadRef {
    UploadRef { bucket: name(bucket), key: object_key(key), id: id.to_owned() }
}

fn written(result: WriteResult) -> Done {
    Done::Written(result.etag, result.last_modified)
}

/// Opens an upload, whose id is the store's to choose.
pub(super) async fn create_upload(
    store: &Store,
    bucket: &str,
    key: &str,
    now: Timestamp,
) -> Result<String, StoreError> {
    let (metadata, storage_class) = (Metadata::default(), StorageClass::default());
    let owner = UploadOwner { id: format!("AK{}", key.len() % 3), most: None };
    let new = NewUpload { metadata, storage_class, checksum: None, key: None, owner: Some(owner), now };
    store.create_upload(&name(bucket), &object_key(key), new).await
}

/// Lets a store carry an operation out.
pub(super) async fn carry_out(store: &Store, operation: &Operation) -> Result<Done, StoreError> {
    match operation {
        Operation::CreateBucket { bucket } => store.create_bucket(&name(bucket), NOW).await.map(|()| Done::Nothing),
        Operation::DeleteBucket { bucket } => store.delete_bucket(&name(bucket)).await.map(|()| Done::Nothing),
        Operation::Delete { bucket, key } => {
            store.delete_object(&name(bucket), &object_key(key)).await.map(|()| Done::Nothing)
        }
        Operation::DeleteMany { bucket, keys } => {
            let keys: Vec<_> = keys.iter().map(|key| object_key(key)).collect();
            store
                .delete_objects(&name(bucket), &keys)
                .await?
                .into_iter()
                .collect::<Result<(), _>>()
                .map(|()| Done::Nothing)
        }
        Operation::Configure { bucket, kind, document } => {
            store.configure(&name(bucket), *kind, document.clone()).await.map(|()| Done::Nothing)
        }
        Operation::Configuration { bucket, kind } => store.configuration(&name(bucket), *kind).await.map(Done::Text),
        Operation::List { bucket, prefix, delimiter, start, most } => {
            let page = store.list(&name(bucket), prefix, delimiter.as_deref(), start.as_ref(), *most).await?;
            Ok(Done::Listed(lines(&page), page.next.is_some()))
        }
        Operation::Put { .. } | Operation::Copy { .. } | Operation::Get { .. } => on_object(store, operation).await,
        _ => on_upload(store, operation).await,
    }
}

async fn on_object(store: &Store, operation: &Operation) -> Result<Done, StoreError> {
    match operation {
        Operation::Put { bucket, key, body, conditions, content_type, now } => {
            let length = body.len() as u64;
            let mut writer = store.begin(&name(bucket), &object_key(key), length, conditions, NO_KEY).await?;
            for piece in body.chunks(300_000) {
                writer.body().push(body.slice_ref(piece)).await?;
            }
            let metadata = Metadata { content_type: content_type.clone(), ..Metadata::default() };
            let conditions = conditions.clone();
            let object = NewObject { metadata, conditions, now: *now, ..new_object(body) };
            writer.commit(object).await.map(|info| Done::Written(info.etag, info.last_modified))
        }
        Operation::Copy { bucket, key, from, conditions, content_type, now } => {
            let given = |text: &String| Metadata { content_type: Some(text.clone()), ..Metadata::default() };
            let copy = ObjectCopy {
                bucket: name(bucket),
                key: object_key(key),
                source_bucket: name(&from.0),
                source_key: object_key(&from.1),
                source_conditions: Default::default(),
                conditions: conditions.clone(),
                metadata: content_type.as_ref().map_or(NewMetadata::Kept, |text| NewMetadata::Replaced(given(text))),
                storage_class: StorageClass::default(),
                keys: CopyKeys::default(),
                now: *now,
            };
            store.copy_object(copy).await.map(written)
        }
        Operation::Get { bucket, key, range } => {
            read(store, bucket, key, range.start as u64..range.end as u64).await.map(Done::Object)
        }
        _ => unreachable!("{operation:?}"),
    }
}

/// An object with some of its bytes.
pub(super) async fn read(store: &Store, bucket: &str, key: &str, range: Range<u64>) -> Result<Object, StoreError> {
    let object = store.object(&name(bucket), &object_key(key)).await?;
    let info = object.info.clone();
    let end = range.end.min(info.size);
    let bytes = read_all(object.read(range.start.min(end)..end, NO_KEY).await?).await?;
    Ok(Object {
        bytes: bytes.into(),
        etag: info.etag,
        last_modified: info.last_modified,
        content_type: info.metadata.content_type,
        parts: info.parts,
    })
}

async fn on_upload(store: &Store, operation: &Operation) -> Result<Done, StoreError> {
    match operation {
        Operation::PutPart { bucket, key, id, number, body, now } => {
            let mut writer = store.begin_part(&at(bucket, key, id), *number, body.len() as u64, NO_KEY).await?;
            writer.body().push(body.clone()).await?;
            let info = writer.commit(NewPart { etag: tag(body), checksum: None, now: *now }).await?;
            Ok(Done::Written(info.etag, info.last_modified))
        }
        Operation::CopyPart { bucket, key, id, number, from, range, now } => {
            let source = store.object(&name(bucket), &object_key(from)).await?;
            let end = (range.end as u64).min(source.info.size);
            let range = (range.start as u64).min(end)..end;
            let keys = CopyKeys::default();
            let info = store.copy_part(&at(bucket, key, id), *number, source, range, &keys, *now).await?;
            Ok(Done::Written(info.etag, info.last_modified))
        }
        Operation::Complete { bucket, key, id, parts, tags, conditions, now } => {
            let part = |(number, etag): (&u16, &String)| CompletedPart {
                number: (*number).into(),
                etag: etag.clone(),
                checksums: Vec::new(),
            };
            let completion = Completion {
                parts: parts.iter().zip(tags).map(part).collect(),
                rules: PartRules::default(),
                size: None,
                checksum_kind: None,
                checksum: None,
                key: None,
                conditions: conditions.clone(),
                now: *now,
            };
            store.complete_upload(at(bucket, key, id), completion).await.map(written)
        }
        Operation::Abort { bucket, key, id } => store.abort_upload(at(bucket, key, id)).await.map(|()| Done::Nothing),
        Operation::Parts { bucket, key, id } => {
            let (parts, _) = store.list_parts(&at(bucket, key, id), 0, 1000).await?;
            Ok(Done::Parts(parts.into_iter().map(|p| (p.number, p.size, p.etag, p.last_modified)).collect()))
        }
        _ => unreachable!("{operation:?}"),
    }
}
