//! QuireDB by its Rust crate, durability `process` or `disk`.

use std::path::Path;

use quiredb::{Collection, Database, Durability, OpenOptions, Stored};
use serde::de::IgnoredAny;

use super::{Engine, MISSING, Outcome, Read, Survives};
use crate::documents::{User, UserRef};

/// Ids of one call.
const MANY: usize = 100;

pub struct Quire {
    database: Database,
    users: Collection<User>,
}

impl Quire {
    pub fn open(folder: &Path, survives: Survives) -> Outcome<Quire> {
        let durability = match survives {
            Survives::Process => Durability::Process,
            Survives::PowerCut => Durability::Disk,
        };
        let options = OpenOptions::new().durability(durability);
        let database = Database::open_with(folder.join("users.quire"), options)?;
        let users = database.collection("users")?;
        Ok(Quire { database, users })
    }
}

impl Engine for Quire {
    fn another(&self) -> Outcome<Box<dyn Engine>> {
        Ok(Box::new(Quire {
            database: self.database.clone(),
            users: self.users.clone(),
        }))
    }

    fn insert(&mut self, batch: &[User]) -> Outcome<()> {
        self.users.insert_many(batch)?;
        Ok(())
    }

    fn read(&self, ids: &[String], read: Read) -> Outcome<u64> {
        let mut sum = 0;
        match read {
            Read::Owned => {
                for id in ids {
                    sum += self.users.get(id)?.ok_or(MISSING)?.seen();
                }
            }
            Read::Borrowed => {
                for id in ids {
                    let seen = |stored: &Stored<'_>| stored.read::<UserRef<'_>>().map(|user| user.seen());
                    sum += self.users.get_with(id, seen)?.ok_or(MISSING)?;
                }
            }
            // The bytes are copied out of the page and passed over.
            Read::Bytes => {
                for id in ids {
                    let seen = |stored: &Stored<'_>| stored.read::<IgnoredAny>().map(|_| 1);
                    sum += self.users.get_with(id, seen)?.ok_or(MISSING)?;
                }
            }
            Read::Many => {
                for ids in ids.chunks(MANY) {
                    let seen = |stored: &Stored<'_>| stored.read::<IgnoredAny>().map(|_| 1);
                    for seen in self.users.get_many_with(ids, seen)? {
                        sum += seen.ok_or(MISSING)?;
                    }
                }
            }
        }
        Ok(sum)
    }
}
