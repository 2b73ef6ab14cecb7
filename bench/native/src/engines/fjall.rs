//! fjall: documents by their id in one partition, each batch handed to the system with its commit.

use std::path::Path;

use fjall::{Config, Keyspace, PartitionCreateOptions, PartitionHandle, PersistMode};

use super::{Engine, MISSING, Outcome, Read, packed, seen};
use crate::documents::User;

const CACHE_BYTES: u64 = 2 << 30;

pub struct Fjall {
    keyspace: Keyspace,
    users: PartitionHandle,
}

impl Fjall {
    pub fn open(folder: &Path) -> Outcome<Fjall> {
        let keyspace = Config::new(folder.join("users.fjall"))
            .cache_size(CACHE_BYTES)
            .open()?;
        let users = keyspace.open_partition("users", PartitionCreateOptions::default())?;
        Ok(Fjall { keyspace, users })
    }
}

impl Engine for Fjall {
    fn insert(&mut self, batch: &[User]) -> Outcome<()> {
        let mut writes = self.keyspace.batch().durability(Some(PersistMode::Buffer));
        for user in batch {
            writes.insert(&self.users, user.id.as_str(), packed(user)?);
        }
        Ok(writes.commit()?)
    }

    fn read(&self, ids: &[String], read: Read) -> Outcome<u64> {
        let snapshot = self.users.snapshot();
        let mut sum = 0;
        for id in ids {
            let bytes = snapshot.get(id)?.ok_or(MISSING)?;
            sum += seen(&bytes, read)?;
        }
        Ok(sum)
    }
}
