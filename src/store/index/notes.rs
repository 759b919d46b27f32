//! Notes of the rows that change while the index is copied: which, and not how. The copy reads them again.
//!
//! Every write of the store goes through a [`NotedTable`], so that none can be forgotten.

use super::IndexError;
use redb::{AccessGuard, Key, StorageError, Table, TableDefinition, TableHandle, Value, WriteTransaction};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The most keys that are noted: about 100 MiB of memory.
const MOST: usize = if cfg!(test) { 2_000 } else { 1 << 20 };

/// By the name of their table, the keys of rows that were written or removed.
pub(super) type Keys = BTreeMap<String, BTreeSet<Vec<u8>>>;

/// What was noted.
#[derive(Debug, Default)]
pub(super) struct Notes(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    keys: Keys,
    count: usize,
}

impl Notes {
    fn note(&self, table: &str, key: &[u8]) {
        let mut noted = self.lock();
        if noted.count >= MOST {
            return;
        }
        if !noted.keys.contains_key(table) {
            noted.keys.insert(table.to_owned(), BTreeSet::new());
        }
        let is_new = noted.keys.get_mut(table).is_some_and(|keys| !keys.contains(key) && keys.insert(key.to_owned()));
        noted.count += usize::from(is_new);
    }

    /// What was noted since this was last called, and how many rows these are; `None` if there were too many to note.
    pub(super) fn take(&self) -> Option<(Keys, usize)> {
        let mut noted = self.lock();
        if noted.count >= MOST {
            return None;
        }
        let Noted { keys, count } = std::mem::take(&mut *noted);
        Some((keys, count))
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A table within a write transaction, whose writes are noted while there is a copy to be made. It is read as it is.
pub(super) struct NotedTable<'t, K: Key + 'static, V: Value + 'static> {
    table: Table<'t, K, V>,
    /// With the name of the table.
    notes: Option<(Arc<Notes>, String)>,
}

impl<'t, K: Key + 'static, V: Value + 'static> NotedTable<'t, K, V> {
    pub(super) fn open(
        transaction: &'t WriteTransaction,
        table: TableDefinition<'_, K, V>,
        notes: Option<&Arc<Notes>>,
    ) -> Result<NotedTable<'t, K, V>, IndexError> {
        let notes = notes.map(|notes| (notes.clone(), table.name().to_owned()));
        Ok(NotedTable { table: transaction.open_table(table)?, notes })
    }

    pub(super) fn insert<'k, 'v>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
        value: impl Borrow<V::SelfType<'v>>,
    ) -> Result<Option<AccessGuard<'_, V>>, StorageError> {
        self.note(key.borrow());
        self.table.insert(key, value)
    }

    pub(super) fn remove<'k>(
        &mut self,
        key: impl Borrow<K::SelfType<'k>>,
    ) -> Result<Option<AccessGuard<'_, V>>, StorageError> {
        self.note(key.borrow());
        self.table.remove(key)
    }

    /// Before the write: a row that was noted for nothing is only read once more.
    fn note<'k>(&self, key: &K::SelfType<'k>) {
        if let Some((notes, table)) = &self.notes {
            notes.note(table, K::as_bytes(key).as_ref());
        }
    }
}

impl<'t, K: Key + 'static, V: Value + 'static> Deref for NotedTable<'t, K, V> {
    type Target = Table<'t, K, V>;

    fn deref(&self) -> &Table<'t, K, V> {
        &self.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_noted_once_and_too_many_are_no_notes() {
        let notes = Notes::default();
        for (table, key) in [("a", "1"), ("a", "1"), ("b", "1"), ("a", "2")] {
            notes.note(table, key.as_bytes());
        }
        let (keys, count) = notes.take().unwrap();
        let lines: Vec<_> = keys.iter().map(|(table, keys)| (table.as_str(), keys.len())).collect();
        assert_eq!((lines, count), (vec![("a", 2), ("b", 1)], 3));
        assert_eq!(notes.take(), Some((Keys::new(), 0)));
        (0..MOST).for_each(|number| notes.note("a", &number.to_le_bytes()));
        assert_eq!(notes.take(), None);
    }
}
