//! sled: documents by their id in one tree; it has no transaction for reading, and its commits wait for nothing.

use std::path::Path;

use sled::{Batch, Db, Mode};

use super::{Engine, MISSING, Outcome, Read, packed, seen};
use crate::documents::User;

const CACHE_BYTES: u64 = 2 << 30;

pub struct Sled {
    users: Db,
}

impl Sled {
    pub fn open(folder: &Path) -> Outcome<Sled> {
        let config = sled::Config::new().path(folder.join("users.sled"));
        let users = config
            .cache_capacity(CACHE_BYTES)
            .mode(Mode::HighThroughput)
            .open()?;
        Ok(Sled { users })
    }
}

impl Engine for Sled {
    fn insert(&mut self, batch: &[User]) -> Outcome<()> {
        let mut writes = Batch::default();
        for user in batch {
            writes.insert(user.id.as_str(), packed(user)?);
        }
        Ok(self.users.apply_batch(writes)?)
    }

    fn read(&self, ids: &[String], read: Read) -> Outcome<u64> {
        let mut sum = 0;
        for id in ids {
            let bytes = self.users.get(id)?.ok_or(MISSING)?;
            sum += seen(&bytes, read)?;
        }
        Ok(sum)
    }
}
