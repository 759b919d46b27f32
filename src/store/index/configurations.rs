//! What is configured for buckets: a document for each kind. To the store it is text.

use super::IndexError;
use super::codec::{Decoder, Encoder};
use super::rows::damaged;
use super::tables::{CONFIGURATIONS, Snapshot, Tables};
use crate::s3::names::BucketName;
use crate::store::configuration::{ConfigurationKind, StoredConfiguration};
use crate::store::error::StoreError;
use redb::ReadableTable;

/// A change to what is configured for a bucket; without a document nothing is from then on.
pub(in crate::store) struct Configure {
    pub(in crate::store) bucket: BucketName,
    pub(in crate::store) kind: ConfigurationKind,
    pub(in crate::store) document: Option<String>,
}

/// The kinds' numbers on disk: never changed, only added to.
const fn number(kind: ConfigurationKind) -> u8 {
    match kind {
        ConfigurationKind::Cors => 1,
        ConfigurationKind::Lifecycle => 2,
        ConfigurationKind::Encryption => 3,
        ConfigurationKind::Location => 4,
    }
}

/// What the checksum of a row covers besides the row.
fn row_key(bucket: &str, number: u8) -> Vec<u8> {
    [bucket.as_bytes(), b"\0", &[number]].concat()
}

fn encode(bucket: &str, number: u8, document: &str) -> Vec<u8> {
    let mut out = Encoder::new();
    out.text(document);
    out.seal(&row_key(bucket, number))
}

fn decode(bucket: &str, number: u8, row: &[u8]) -> Result<String, StoreError> {
    let key = row_key(bucket, number);
    let text = |mut row: Decoder<'_>| {
        let text = row.text()?.to_owned();
        row.end().map(|()| text)
    };
    Decoder::from_row(&key, row).and_then(text).ok_or_else(damaged)
}

impl Snapshot {
    /// What is configured for a bucket.
    pub(in crate::store) fn configuration(
        &self,
        bucket: &BucketName,
        kind: ConfigurationKind,
    ) -> Result<Option<String>, IndexError> {
        let (name, number) = (bucket.as_str(), number(kind));
        let row = self.0.open_table(CONFIGURATIONS)?.get((name, number))?;
        match row {
            Some(row) => Ok(Some(decode(name, number, row.value())?)),
            None => self.bucket(bucket).map(|_| None),
        }
    }

    /// What is configured for all buckets that have something of the kind, each row as it reads.
    pub(in crate::store) fn configurations(
        &self,
        kind: ConfigurationKind,
    ) -> Result<Vec<StoredConfiguration>, IndexError> {
        let mut found = Vec::new();
        for row in self.0.open_table(CONFIGURATIONS)?.iter()? {
            let (place, row) = row?;
            let (name, of) = place.value();
            if of == number(kind) {
                let bucket = BucketName::of_other_store(name).map_err(|_| damaged())?;
                found.push((bucket, decode(name, of, row.value())));
            }
        }
        Ok(found)
    }
}

impl Tables<'_> {
    pub(super) fn configure(&mut self, configure: &Configure) -> Result<(), IndexError> {
        let Configure { bucket, kind, document } = configure;
        self.require_bucket(bucket)?;
        match document {
            Some(document) => self.set_configuration(bucket, *kind, document),
            None => {
                self.configurations.remove((bucket.as_str(), number(*kind)))?;
                Ok(())
            }
        }
    }

    pub(super) fn set_configuration(
        &mut self,
        bucket: &BucketName,
        kind: ConfigurationKind,
        document: &str,
    ) -> Result<(), IndexError> {
        let (name, number) = (bucket.as_str(), number(kind));
        self.configurations.insert((name, number), encode(name, number, document).as_slice())?;
        Ok(())
    }

    pub(super) fn configuration(
        &self,
        bucket: &BucketName,
        kind: ConfigurationKind,
    ) -> Result<Option<String>, IndexError> {
        let (name, number) = (bucket.as_str(), number(kind));
        let row = self.configurations.get((name, number))?;
        Ok(row.map(|row| decode(name, number, row.value())).transpose()?)
    }

    /// A bucket that is made anew has nothing of the one that was removed.
    pub(super) fn remove_configurations(&mut self, bucket: &BucketName) -> Result<(), IndexError> {
        for kind in ConfigurationKind::ALL {
            self.configurations.remove((bucket.as_str(), number(kind)))?;
        }
        Ok(())
    }

    #[cfg(test)]
    pub(in crate::store) fn set_raw_configuration(&mut self, bucket: &str, kind: ConfigurationKind, row: &[u8]) {
        self.configurations.insert((bucket, number(kind)), row).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_read_as_they_were_written_and_under_no_other_key() {
        for document in ["", "<a>ü</a>"] {
            let row = encode("media", 1, document);
            assert_eq!(decode("media", 1, &row).as_deref(), Ok(document));
            assert_eq!(decode("media", 2, &row), Err(damaged()));
            assert_eq!(decode("medi", 1, &row), Err(damaged()));
            for bit in 0..row.len() * 8 {
                let mut flipped = row.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(decode("media", 1, &flipped), Err(damaged()), "bit {bit}");
            }
        }
    }

    #[test]
    fn every_kind_has_a_number_of_its_own() {
        let mut numbers = ConfigurationKind::ALL.map(number).to_vec();
        numbers.dedup();
        assert_eq!(numbers, [1, 2, 3, 4]);
    }
}
