//! fjall: documents by their id in one partition, each batch handed to the system or the disk with its commit.

use std::path::Path;

use fjall::{Config, Keyspace, PartitionCreateOptions, PartitionHandle, PersistMode};

use super::{Engine, MISSING, Outcome, Read, Survives, packed, seen};
use crate::documents::User;

const CACHE_BYTES: u64 = 2 << 30;

pub struct Fjall {
    keyspace: Keyspace,
    users: PartitionHandle,
    persist: PersistMode,
}

impl Fjall {
    pub fn open(folder: &Path, survives: Survives) -> Outcome<Fjall> {
        let keyspace = Config::new(folder.join("users.fjall"))
            .cache_size(CACHE_BYTES)
            .open()?;
        let users = keyspace.open_partition("users", PartitionCreateOptions::default())?;
        let persist = match survives {
            Survives::Process => PersistMode::Buffer,
            Survives::PowerCut => PersistMode::SyncAll,
        };
        Ok(Fjall {
            keyspace,
            users,
            persist,
        })
    }
}

impl Engine for Fjall {
    fn another(&self) -> Outcome<Box<dyn Engine>> {
        Ok(Box::new(Fjall {
            keyspace: self.keyspace.clone(),
            users: self.users.clone(),
            persist: self.persist,
        }))
    }

    fn insert(&mut self, batch: &[User]) -> Outcome<()> {
        let mut writes = self.keyspace.batch().durability(Some(self.persist));
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
