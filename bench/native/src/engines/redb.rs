//! redb: documents by their id in one table, commits at `Durability::None`.

use std::path::Path;

use redb::{Database, Durability, ReadableDatabase, TableDefinition};

use super::{Engine, MISSING, Outcome, Read, packed, seen};
use crate::documents::User;

const USERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("users");
const CACHE_BYTES: usize = 2 << 30;

pub struct Redb {
    database: Database,
}

impl Redb {
    pub fn open(folder: &Path) -> Outcome<Redb> {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(folder.join("users.redb"))?;
        Ok(Redb { database })
    }
}

impl Engine for Redb {
    fn insert(&mut self, batch: &[User]) -> Outcome<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::None)?;
        {
            let mut table = transaction.open_table(USERS)?;
            for user in batch {
                table.insert(user.id.as_str(), packed(user)?.as_slice())?;
            }
        }
        Ok(transaction.commit()?)
    }

    fn read(&self, ids: &[String], read: Read) -> Outcome<u64> {
        let table = self.database.begin_read()?.open_table(USERS)?;
        let mut sum = 0;
        for id in ids {
            let bytes = table.get(id.as_str())?.ok_or(MISSING)?;
            sum += seen(bytes.value(), read)?;
        }
        Ok(sum)
    }
}
