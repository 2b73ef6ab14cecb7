//! SQLite by rusqlite: documents by their id in a table without row ids, a write-ahead log, synchronous off or full.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{Engine, MISSING, Outcome, Read, Survives, packed, seen};
use crate::documents::User;

const SETTINGS: &str = "
    PRAGMA busy_timeout = 60000; PRAGMA journal_mode = WAL; PRAGMA cache_size = -2097152; PRAGMA mmap_size = 8589934592;
    CREATE TABLE IF NOT EXISTS users (id TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;
";

pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    survives: Survives,
}

impl Sqlite {
    pub fn open(folder: &Path, survives: Survives) -> Outcome<Sqlite> {
        Sqlite::connect(folder.join("users.sqlite"), survives)
    }

    fn connect(path: PathBuf, survives: Survives) -> Outcome<Sqlite> {
        let connection = Connection::open(&path)?;
        connection.execute_batch(SETTINGS)?;
        connection.execute_batch(match survives {
            Survives::Process => "PRAGMA synchronous = OFF",
            Survives::PowerCut => "PRAGMA synchronous = FULL",
        })?;
        Ok(Sqlite {
            connection,
            path,
            survives,
        })
    }
}

impl Engine for Sqlite {
    /// A connection is one thread's.
    fn another(&self) -> Outcome<Box<dyn Engine>> {
        Ok(Box::new(Sqlite::connect(self.path.clone(), self.survives)?))
    }

    fn insert(&mut self, batch: &[User]) -> Outcome<()> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT INTO users VALUES (?1, ?2)")?;
            for user in batch {
                insert.execute((&user.id, packed(user)?))?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn read(&self, ids: &[String], read: Read) -> Outcome<u64> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut select = transaction.prepare_cached("SELECT document FROM users WHERE id = ?1")?;
        let mut sum = 0;
        for id in ids {
            let mut rows = select.query([id])?;
            let row = rows.next()?.ok_or(MISSING)?;
            sum += seen(row.get_ref(0)?.as_blob()?, read)?;
        }
        Ok(sum)
    }
}
