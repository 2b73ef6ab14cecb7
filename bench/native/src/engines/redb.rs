//! redb: documents by their id in one table, commits at `Durability::None` or `Immediate`.

use std::path::Path;
use std::sync::Arc;

use redb::{Database, Durability, ReadableDatabase, TableDefinition};

use super::{Engine, MISSING, Outcome, Read, Survives, packed, seen};
use crate::documents::User;

const USERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("users");
const CACHE_BYTES: usize = 2 << 30;

pub struct Redb {
    database: Arc<Database>,
    durability: Durability,
}

impl Redb {
    pub fn open(folder: &Path, survives: Survives) -> Outcome<Redb> {
        let database = Database::builder()
            .set_cache_size(CACHE_BYTES)
            .create(folder.join("users.redb"))?;
        let durability = match survives {
            Survives::Process => Durability::None,
            Survives::PowerCut => Durability::Immediate,
        };
        Ok(Redb {
            database: Arc::new(database),
            durability,
        })
    }
}

impl Engine for Redb {
    fn another(&self) -> Outcome<Box<dyn Engine>> {
        Ok(Box::new(Redb {
            database: Arc::clone(&self.database),
            durability: self.durability,
        }))
    }

    fn insert(&mut self, batch: &[User]) -> Outcome<()> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(self.durability)?;
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
