//! The engines that are measured, each behind the same few calls.
//!
//! Durability on every side: a commit survives the death of the process, not a power cut; redb and sled have no such level,
//! so they are measured at one that promises less (`None`, and no flush). Where it is asked for, a commit is on the disk
//! when it returns, on every side. Every side may keep all of its data in memory.
//! Peers read within one read transaction or snapshot, opened once; QuireDB and sled have none: each read sees the newest commit.
//! Peers hold a document as MessagePack (rmp-serde, with field names), which a read either decodes or only looks at.

mod fjall;
mod lmdb;
mod quire;
mod redb;
mod sled;
mod sqlite;

use std::path::Path;

use crate::documents::{User, UserRef};

/// Whatever goes wrong ends the run.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// What a read does with the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Looks at its bytes, decoding none.
    Bytes,
    /// The same of a hundred ids a call, where the engine has such a call; else one by one.
    Many,
    /// Decodes it into a struct whose texts are parts of its bytes.
    Borrowed,
    /// Decodes it into a struct with texts of its own: ten allocations.
    Owned,
}

/// What a commit survives when its call has returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survives {
    /// The death of the process.
    Process,
    /// A power cut.
    PowerCut,
}

/// One engine with an open file.
pub trait Engine: Send {
    /// The same open file for another thread, in the way that the engine means it to be shared.
    fn another(&self) -> Outcome<Box<dyn Engine>>;

    /// Inserts documents in one commit; other threads may insert others at the same time.
    fn insert(&mut self, batch: &[User]) -> Outcome<()>;

    /// Reads documents by id, each of which has to be there; the sum of what was seen, so that nothing is optimised away.
    fn read(&self, ids: &[String], read: Read) -> Outcome<u64>;
}

/// What an engine says that has lost a document: reading nothing would be fast.
const MISSING: &str = "wrong answer: a document that was inserted is not found";

/// The engines by name.
pub const NAMES: [&str; 6] = ["quiredb", "redb", "lmdb", "sqlite", "fjall", "sled"];

/// Opens engine `name` on new files in `folder`.
pub fn open(name: &str, folder: &Path, survives: Survives) -> Outcome<Box<dyn Engine>> {
    Ok(match name {
        "quiredb" => Box::new(quire::Quire::open(folder, survives)?),
        "redb" => Box::new(redb::Redb::open(folder, survives)?),
        "lmdb" => Box::new(lmdb::Lmdb::open(folder, survives)?),
        "sqlite" => Box::new(sqlite::Sqlite::open(folder, survives)?),
        "fjall" => Box::new(fjall::Fjall::open(folder, survives)?),
        "sled" => Box::new(sled::Sled::open(folder, survives)?),
        other => return Err(format!("no engine is called {other}").into()),
    })
}

/// What a read of a peer saw in the bytes of a document.
fn seen(bytes: &[u8], read: Read) -> Outcome<u64> {
    Ok(match read {
        Read::Owned => rmp_serde::from_slice::<User>(bytes)?.seen(),
        Read::Borrowed => rmp_serde::from_slice::<UserRef<'_>>(bytes)?.seen(),
        Read::Bytes | Read::Many => bytes.iter().step_by(64).map(|byte| u64::from(*byte)).sum(),
    })
}

/// The document as peers hold it.
fn packed(user: &User) -> Outcome<Vec<u8>> {
    Ok(rmp_serde::to_vec_named(user)?)
}
