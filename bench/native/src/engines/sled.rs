//! sled: documents by their id in one tree; it has no transaction for reading, and its
//! commits wait for nothing, unless each is flushed.

use std::path::Path;

use sled::{Batch, Db, Mode};

use super::{Engine, MISSING, Outcome, Read, Survives, packed, seen};
use crate::documents::User;

const CACHE_BYTES: u64 = 2 << 30;

pub struct Sled {
    users: Db,
    survives: Survives,
}

impl Sled {
    pub fn open(folder: &Path, survives: Survives) -> Outcome<Sled> {
        let config = sled::Config::new().path(folder.join("users.sled"));
        let users = config
            .cache_capacity(CACHE_BYTES)
            .mode(Mode::HighThroughput)
            .open()?;
        Ok(Sled { users, survives })
    }
}

impl Engine for Sled {
    fn another(&self) -> Outcome<Box<dyn Engine>> {
        Ok(Box::new(Sled {
            users: self.users.clone(),
            survives: self.survives,
        }))
    }

    fn insert(&mut self, batch: &[User]) -> Outcome<()> {
        let mut writes = Batch::default();
        for user in batch {
            writes.insert(user.id.as_str(), packed(user)?);
        }
        self.users.apply_batch(writes)?;
        if self.survives == Survives::PowerCut {
            self.users.flush()?;
        }
        Ok(())
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
