//! What a store should be: maps of buckets, objects and uploads, and what each operation does to them.

use super::operation::{Done, Object, Operation};
use crate::s3::etag::ETag;
use crate::s3::part_list::{MIN_PART, PartsFault};
use crate::s3::{Timestamp, precondition::Existing};
use crate::store::tests::listing::naive;
use crate::store::{ConfigurationKind, StoreError};
use bytes::Bytes;
use md5::{Digest, Md5};
use std::collections::{BTreeMap, BTreeSet};

/// A store.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Model {
    pub(super) buckets: BTreeMap<String, Bucket>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Bucket {
    pub(super) objects: BTreeMap<String, Object>,
    /// By id.
    pub(super) uploads: BTreeMap<String, Upload>,
    /// By the name of their kind.
    pub(super) configurations: BTreeMap<&'static str, String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) parts: BTreeMap<u16, Part>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// Empty where a store is compared: it does not show the bytes of parts.
    pub(super) bytes: Bytes,
    pub(super) size: u64,
    pub(super) etag: ETag,
    pub(super) last_modified: Timestamp,
}

type Outcome = Result<Done, StoreError>;

impl Object {
    fn existing(&self) -> Existing<'_> {
        Existing { etag: &self.etag, last_modified: self.last_modified }
    }

    /// Under a key where there was something, it is not older than that.
    fn after(self, replaced: Option<&Object>) -> Object {
        let last_modified = replaced.map_or(self.last_modified, |old| old.last_modified.max(self.last_modified));
        Object { last_modified, ..self }
    }
}

pub(super) fn tag(bytes: &[u8]) -> ETag {
    ETag::from_md5(Md5::digest(bytes).into())
}

impl Model {
    /// Does what the operation should do, and says what it should answer.
    pub(super) fn apply(&mut self, operation: &Operation) -> Outcome {
        match operation {
            Operation::CreateBucket { bucket } if self.buckets.contains_key(bucket) => Err(StoreError::BucketExists),
            Operation::CreateBucket { bucket } => {
                self.buckets.insert(bucket.clone(), Bucket::default());
                Ok(Done::Nothing)
            }
            Operation::DeleteBucket { bucket } if !self.bucket(bucket)?.objects.is_empty() => {
                Err(StoreError::BucketNotEmpty)
            }
            Operation::DeleteBucket { bucket } => {
                self.buckets.remove(bucket);
                Ok(Done::Nothing)
            }
            Operation::Copy { .. } => self.copy(operation),
            _ => self.bucket(operation.bucket())?.apply(operation),
        }
    }

    fn bucket(&mut self, name: &str) -> Result<&mut Bucket, StoreError> {
        self.buckets.get_mut(name).ok_or(StoreError::NoSuchBucket)
    }

    fn copy(&mut self, operation: &Operation) -> Outcome {
        let Operation::Copy { bucket, key, from, conditions, content_type, now } = operation else { unreachable!() };
        self.bucket(bucket)?;
        let source = self.bucket(&from.0)?.objects.get(&from.1).cloned().ok_or(StoreError::NoSuchKey)?;
        let content_type = content_type.clone().or(source.content_type);
        let object = Object { last_modified: *now, content_type, ..source };
        self.bucket(bucket)?.write(key, object, |existing| conditions.hold(existing))
    }

    /// What can be seen of it.
    pub(super) fn seen(mut self) -> Model {
        let uploads = self.buckets.values_mut().flat_map(|bucket| bucket.uploads.values_mut());
        uploads.flat_map(|upload| upload.parts.values_mut()).for_each(|part| part.bytes = Bytes::new());
        self
    }

    /// Ids of open uploads with their buckets and keys.
    pub(super) fn uploads(&self) -> Vec<[&str; 3]> {
        self.buckets.iter().flat_map(|(name, bucket)| uploads_of(name, bucket)).collect()
    }
}

fn uploads_of<'m>(name: &'m str, bucket: &'m Bucket) -> impl Iterator<Item = [&'m str; 3]> {
    bucket.uploads.iter().map(move |(id, upload)| [name, upload.key.as_str(), id])
}

impl Bucket {
    fn apply(&mut self, operation: &Operation) -> Outcome {
        match operation {
            Operation::Put { key, body, conditions, content_type, now, .. } => {
                let object = Object {
                    bytes: body.clone(),
                    etag: tag(body),
                    last_modified: *now,
                    content_type: content_type.clone(),
                    parts: Vec::new(),
                };
                self.write(key, object, |existing| conditions.hold(existing))
            }
            Operation::Get { key, range, .. } => self.get(key, range),
            Operation::Delete { key, .. } => {
                self.objects.remove(key);
                Ok(Done::Nothing)
            }
            Operation::DeleteMany { keys, .. } => {
                keys.iter().for_each(|key| drop(self.objects.remove(key)));
                Ok(Done::Nothing)
            }
            Operation::List { prefix, delimiter, start, most, .. } => {
                let keys: BTreeSet<String> = self.objects.keys().cloned().collect();
                let (lines, is_cut) = naive(&keys, prefix, delimiter.as_deref(), start.as_ref(), *most);
                Ok(Done::Listed(lines, is_cut))
            }
            Operation::Configure { kind, document, .. } => {
                match document {
                    Some(document) => self.configurations.insert(kind.name(), document.clone()),
                    None => self.configurations.remove(kind.name()),
                };
                Ok(Done::Nothing)
            }
            Operation::Configuration { kind, .. } => Ok(Done::Text(self.configurations.get(kind.name()).cloned())),
            _ => self.apply_to_upload(operation),
        }
    }

    fn write(
        &mut self,
        key: &str,
        object: Object,
        holds: impl FnOnce(Option<Existing<'_>>) -> bool,
    ) -> Result<Done, StoreError> {
        let replaced = self.objects.get(key);
        if !holds(replaced.map(Object::existing)) {
            return Err(StoreError::PreconditionFailed);
        }
        let object = object.after(replaced);
        let written = Done::Written(object.etag.clone(), object.last_modified);
        self.objects.insert(key.to_owned(), object);
        Ok(written)
    }

    fn get(&self, key: &str, range: &std::ops::Range<usize>) -> Outcome {
        let object = self.objects.get(key).ok_or(StoreError::NoSuchKey)?;
        let end = range.end.min(object.bytes.len());
        Ok(Done::Object(Object { bytes: object.bytes.slice(range.start.min(end)..end), ..object.clone() }))
    }

    fn apply_to_upload(&mut self, operation: &Operation) -> Outcome {
        match operation {
            Operation::PutPart { id, number, body, now, .. } => self.put_part(id, *number, body.clone(), *now),
            Operation::CopyPart { id, number, from, range, now, .. } => {
                let upload = self.uploads.get(id).ok_or(StoreError::NoSuchUpload);
                let source = self.objects.get(from).ok_or(StoreError::NoSuchKey)?;
                upload?;
                let end = range.end.min(source.bytes.len());
                let bytes = source.bytes.slice(range.start.min(end)..end);
                self.put_part(id, *number, bytes, *now)
            }
            Operation::Complete { id, parts, tags, conditions, now, .. } => {
                let upload = self.uploads.get(id).ok_or(StoreError::NoSuchUpload)?;
                let existing = self.objects.get(&upload.key).map(Object::existing);
                if !conditions.hold(existing) {
                    return Err(StoreError::PreconditionFailed);
                }
                let (key, object) =
                    (upload.key.clone(), upload.assembled(parts, tags, *now).map_err(StoreError::Parts)?);
                self.uploads.remove(id);
                self.write(&key, object, |_| true)
            }
            Operation::Abort { id, .. } => {
                self.uploads.remove(id).map(|_| Done::Nothing).ok_or(StoreError::NoSuchUpload)
            }
            Operation::Parts { id, .. } => {
                let upload = self.uploads.get(id).ok_or(StoreError::NoSuchUpload)?;
                let part = |(number, part): (&u16, &Part)| (*number, part.size, part.etag.clone(), part.last_modified);
                Ok(Done::Parts(upload.parts.iter().map(part).collect()))
            }
            _ => unreachable!("{operation:?} is an operation of the store"),
        }
    }

    fn put_part(&mut self, id: &str, number: u16, bytes: Bytes, now: Timestamp) -> Outcome {
        let upload = self.uploads.get_mut(id).ok_or(StoreError::NoSuchUpload)?;
        let last_modified = upload.parts.get(&number).map_or(now, |replaced| replaced.last_modified.max(now));
        let part = Part { size: bytes.len() as u64, etag: tag(&bytes), last_modified, bytes };
        let written = Done::Written(part.etag.clone(), last_modified);
        upload.parts.insert(number, part);
        Ok(written)
    }
}

impl Upload {
    /// The object of these parts, which are named in order, each with its ETag.
    fn assembled(&self, numbers: &[u16], tags: &[String], now: Timestamp) -> Result<Object, PartsFault> {
        let named = |(number, tag): (&u16, &String)| self.parts.get(number).filter(|part| part.etag.as_str() == tag);
        let parts: Vec<&Part> = numbers.iter().zip(tags).filter_map(named).collect();
        if parts.len() < numbers.len() || parts.is_empty() {
            return Err(PartsFault::Missing);
        }
        if parts[..parts.len() - 1].iter().any(|part| part.size < MIN_PART) {
            return Err(PartsFault::TooSmall);
        }
        let digests: Vec<u8> = parts.iter().flat_map(|part| part.etag.md5().unwrap()).collect();
        let bytes = match parts.as_slice() {
            [part] => part.bytes.clone(),
            parts => parts.iter().map(|part| part.bytes.as_ref()).collect::<Vec<_>>().concat().into(),
        };
        Ok(Object {
            bytes,
            etag: ETag::from_parts(Md5::digest(digests).into(), parts.len()),
            last_modified: now,
            content_type: None,
            parts: parts.iter().map(|part| part.size).collect(),
        })
    }
}

/// The kinds that a bucket can be given.
pub(super) const KINDS: [ConfigurationKind; 3] =
    [ConfigurationKind::Cors, ConfigurationKind::Lifecycle, ConfigurationKind::Encryption];
