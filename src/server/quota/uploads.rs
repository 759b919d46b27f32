//! The open uploads of each key that were begun since the start. An upload that expires is noticed when its key is at
//! its limit: then a few of the key's uploads are looked up, the oldest first.

use crate::store::UploadRef;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many uploads are looked for before one more is refused.
const LOOKED_FOR: usize = 16;

/// The open uploads, by key.
#[derive(Debug, Default)]
pub struct OpenUploads {
    keys: Mutex<HashMap<String, OfKey>>,
}

#[derive(Debug, Default)]
struct OfKey {
    open: VecDeque<UploadRef>,
    /// Uploads that are being begun.
    beginning: usize,
}

/// A place for an upload that is being begun, until it is dropped.
#[derive(Debug)]
pub struct Beginning {
    uploads: Arc<OpenUploads>,
    key: String,
}

impl OpenUploads {
    /// A place for one more upload of the key, of which `most` may be open. `is_open` says whether an upload is still
    /// there.
    pub fn begin(self: &Arc<Self>, key: &str, most: u64, is_open: impl Fn(&UploadRef) -> bool) -> Option<Beginning> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut keys = self.lock();
        let of_key = keys.entry(key.to_owned()).or_default();
        for _ in 0..LOOKED_FOR.min(of_key.open.len()) {
            if of_key.count() < most {
                break;
            }
            // One that is still there goes to the end, so that all are looked for in time.
            let oldest = of_key.open.pop_front().filter(|upload| is_open(upload));
            of_key.open.extend(oldest);
        }
        if of_key.count() >= most {
            return None;
        }
        of_key.beginning += 1;
        Some(Beginning { uploads: self.clone(), key: key.to_owned() })
    }

    /// Notes that an upload has ended, whichever key has begun it.
    pub fn ended(&self, upload: &UploadRef) {
        let mut keys = self.lock();
        keys.values_mut().for_each(|of_key| of_key.open.retain(|open| open != upload));
        keys.retain(|_, of_key| of_key.count() > 0);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, OfKey>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OfKey {
    fn count(&self) -> usize {
        self.open.len() + self.beginning
    }
}

impl Beginning {
    /// Notes that the upload is open.
    pub fn opened(self, upload: UploadRef) {
        if let Some(of_key) = self.uploads.lock().get_mut(&self.key) {
            of_key.open.push_back(upload);
        }
    }
}

impl Drop for Beginning {
    fn drop(&mut self) {
        if let Some(of_key) = self.uploads.lock().get_mut(&self.key) {
            of_key.beginning = of_key.beginning.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::names::{BucketName, ObjectKey};

    fn upload(id: usize) -> UploadRef {
        let (bucket, key) = (BucketName::parse("media").unwrap(), ObjectKey::parse("k").unwrap());
        UploadRef { bucket, key, id: id.to_string() }
    }

    #[test]
    fn a_key_has_as_many_uploads_open_as_it_may() {
        let uploads = Arc::new(OpenUploads::default());
        let begin = |key: &str| uploads.begin(key, 2, |_| true);
        begin("a").unwrap().opened(upload(1));
        let second = begin("a").unwrap();
        assert!(begin("a").is_none(), "one open, one beginning");
        begin("b").unwrap().opened(upload(3));
        drop(second);
        begin("a").unwrap().opened(upload(2));
        assert!(begin("a").is_none());
        uploads.ended(&upload(1));
        assert!(begin("a").is_some());
        for id in 2..4 {
            uploads.ended(&upload(id));
        }
        assert!(uploads.lock().is_empty(), "nothing stays of keys without uploads");
    }

    #[test]
    fn uploads_that_ended_elsewhere_are_noticed() {
        let uploads = Arc::new(OpenUploads::default());
        (0..100).for_each(|id| uploads.begin("a", 100, |_| true).unwrap().opened(upload(id)));
        let last_is_gone = |open: &UploadRef| open.id != "99";
        let refused = (0..100).take_while(|_| uploads.begin("a", 100, last_is_gone).is_none()).count();
        assert_eq!(refused, 6, "sixteen are looked for each time");
    }
}
