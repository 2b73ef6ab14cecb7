//! Salvage: what a damaged database still holds, in a new one.
//!
//! Promises: the damaged files are only read; every document that `dump` can read is in the new database, with the
//! ordered indexes whose definitions can be read; what could not be read or made is in the report.
//! Leaves to others: reading damaged files (dump/).

use std::path::Path;

use crate::database::{Collection, Database, OpenOptions, WriteOptions};
use crate::dump::{DumpReport, dump};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::DOCUMENT_BYTES_MAX;

/// Bytes of documents that are put into the new database by one commit.
const BATCH_BYTES: usize = 1 << 20;

/// Documents of one collection on their way.
struct Batch {
    name: String,
    collection: Collection,
    documents: Vec<u8>,
}

/// The new database, which is not made before `from` is known to be one.
struct NewDatabase<'a> {
    path: &'a str,
    opened: Option<Database>,
}

impl NewDatabase<'_> {
    fn get(&mut self) -> Result<&Database> {
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => {
                let options = OpenOptions {
                    document_bytes_max: DOCUMENT_BYTES_MAX,
                    ..OpenOptions::default()
                };
                Database::open(self.path, &options)?
            }
        };
        Ok(self.opened.insert(opened))
    }
}

/// Copies every readable document of the database at `from` to a new database at `to`.
///
/// Errors: `INVALID_ARGUMENT` when there is a file at `to`; those of `dump`, which leave nothing at `to` unless they
/// come behind the first document; those of writing `to`.
pub fn salvage(from: &str, to: &str) -> Result<DumpReport> {
    if Path::new(to).exists() {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{to} is there already; salvage writes a new file"),
        ));
    }
    let mut target = NewDatabase {
        path: to,
        opened: None,
    };
    let mut batch: Option<Batch> = None;
    let mut report = dump(from, |found| {
        if batch.as_ref().is_none_or(|batch| batch.name != found.collection) {
            batch.take().map_or(Ok(()), |mut done| done.write())?;
            batch = Some(Batch {
                name: found.collection.to_owned(),
                collection: target.get()?.collection(found.collection)?,
                documents: Vec::new(),
            });
        }
        batch.as_mut().map_or(Ok(()), |batch| batch.add(found.document))
    })?;
    batch.map_or(Ok(()), |mut last| last.write())?;
    let target = target.get()?;
    for (collection, definition) in report.indexes.clone() {
        let made = target
            .collection(&collection)?
            .create_index(&definition, &WriteOptions::default());
        if let Err(error) = made {
            report.note(error);
        }
    }
    target.close()?;
    Ok(report)
}

impl Batch {
    fn add(&mut self, document: &[u8]) -> Result<()> {
        self.documents.extend_from_slice(document);
        if self.documents.len() >= BATCH_BYTES {
            self.write()
        } else {
            Ok(())
        }
    }

    fn write(&mut self) -> Result<()> {
        self.collection
            .insert_many(&self.documents, &mut Vec::new(), &WriteOptions::default())?;
        self.documents.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{FileStorage, OpenMode, Storage};

    /// Plain MessagePack of `{_id: number, text: 200 times x}`.
    fn document(number: u16) -> Vec<u8> {
        let mut bytes = b"\x82\xa3_id\xcd".to_vec();
        bytes.extend_from_slice(&number.to_be_bytes());
        bytes.extend_from_slice(b"\xa4text\xd9\xc8");
        bytes.resize(bytes.len() + 200, b'x');
        bytes
    }

    #[test]
    fn documents_outside_a_damaged_page_reach_the_new_database() {
        let folder = std::env::temp_dir().join(format!("quire-salvage-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (from, to) = (path("from.quire"), path("to.quire"));
        let database = Database::open(&from, &OpenOptions::default()).unwrap();
        let documents: Vec<u8> = (1000..2000).flat_map(document).collect();
        let texts = database.collection("texts").unwrap();
        texts
            .insert_many(&documents, &mut Vec::new(), &WriteOptions::default())
            .unwrap();
        database.close().unwrap();
        let file = FileStorage::new()
            .open(Path::new(&from), OpenMode::ReadWrite)
            .unwrap();
        file.write_at(20 * 4096 + 3000, b"damage").unwrap();
        let report = salvage(&from, &to).unwrap();
        assert!(report.problems_count > 0 && report.documents_count > 900 && report.documents_count < 1000);
        assert_eq!(
            salvage(&from, &to).unwrap_err().kind(),
            ErrorKind::InvalidArgument
        );
        let database = Database::open(&to, &OpenOptions::default()).unwrap();
        assert_eq!(
            database.collection("texts").unwrap().count(None).unwrap(),
            report.documents_count
        );
        assert!(database.check().unwrap().is_clean());
        database.close().unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
