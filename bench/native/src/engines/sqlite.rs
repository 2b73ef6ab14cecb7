//! SQLite by rusqlite: documents by their id in a table without row ids, a write-ahead log, synchronous off.

use std::path::Path;

use rusqlite::Connection;

use super::{Engine, MISSING, Outcome, Read, packed, seen};
use crate::documents::User;

const SETTINGS: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -2097152; PRAGMA mmap_size = 8589934592;
    CREATE TABLE users (id TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;
";

pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    pub fn open(folder: &Path) -> Outcome<Sqlite> {
        let connection = Connection::open(folder.join("users.sqlite"))?;
        connection.execute_batch(SETTINGS)?;
        Ok(Sqlite { connection })
    }
}

impl Engine for Sqlite {
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
