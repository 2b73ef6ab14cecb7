//! LMDB by heed: documents by their id in one tree, without syncing or with.

use std::path::Path;

use heed::types::{Bytes, Str};
use heed::{Database, Env, EnvFlags, EnvOpenOptions};

use super::{Engine, MISSING, Outcome, Read, Survives, packed, seen};
use crate::documents::User;

const MAP_BYTES: usize = 8 << 30;

pub struct Lmdb {
    env: Env,
    users: Database<Str, Bytes>,
}

impl Lmdb {
    pub fn open(folder: &Path, survives: Survives) -> Outcome<Lmdb> {
        let mut options = EnvOpenOptions::new();
        options.map_size(MAP_BYTES);
        let flags = match survives {
            Survives::Process => EnvFlags::NO_SYNC,
            Survives::PowerCut => EnvFlags::empty(),
        };
        // SAFETY: the folder is this process's own, and nothing else opens or changes the file.
        let env = unsafe { options.flags(flags).open(folder)? };
        let mut transaction = env.write_txn()?;
        let users = env.create_database(&mut transaction, None)?;
        transaction.commit()?;
        Ok(Lmdb { env, users })
    }
}

impl Engine for Lmdb {
    fn another(&self) -> Outcome<Box<dyn Engine>> {
        Ok(Box::new(Lmdb {
            env: self.env.clone(),
            users: self.users,
        }))
    }

    fn insert(&mut self, batch: &[User]) -> Outcome<()> {
        let mut transaction = self.env.write_txn()?;
        for user in batch {
            self.users.put(&mut transaction, &user.id, &packed(user)?)?;
        }
        Ok(transaction.commit()?)
    }

    fn read(&self, ids: &[String], read: Read) -> Outcome<u64> {
        let transaction = self.env.read_txn()?;
        let mut sum = 0;
        for id in ids {
            let bytes = self.users.get(&transaction, id)?.ok_or(MISSING)?;
            sum += seen(bytes, read)?;
        }
        Ok(sum)
    }
}
