//! What a soak writes and what it must find: documents that a few numbers tell, and the oracle of one thread's keys.
//!
//! Promises: a document's value is told by its numbers alone, so that the oracle is small and memory that grows is the
//! engine's.

use std::collections::BTreeMap;

use quire_engine::IdBytes;
use quire_engine::storage::simulated::Random;
use serde_json::{Value, json};

use crate::common::id;

/// Collection of the threads' own documents; the other has copies of some, written in the same transactions.
pub const OWN: &str = "own";
pub const COPIES: &str = "copies";
/// Accounts whose sum stays, and the counter of all threads.
pub const ACCOUNTS: &str = "accounts";
pub const COUNTERS: &str = "counters";
pub const COUNTER: &str = "all";

/// Groups of a thread's documents, by which they are found.
pub const GROUPS: u64 = 6;
/// Percent of documents that are larger than a page.
const LARGE_PERCENT: u64 = 2;

/// A document of a thread.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Document {
    pub group: u64,
    pub count: i64,
    pub version: u64,
    pub text_bytes: usize,
}

impl Document {
    pub fn random(random: &mut Random) -> Document {
        let bytes_max = if random.happens(LARGE_PERCENT) {
            24_000
        } else {
            700
        };
        Document {
            group: random.below(GROUPS),
            count: random.below(1000) as i64,
            version: random.number() >> 32,
            text_bytes: random.below(bytes_max) as usize,
        }
    }

    /// The text alone, anew.
    pub fn with_text(self, random: &mut Random) -> Document {
        let Document {
            version, text_bytes, ..
        } = Document::random(random);
        Document {
            version,
            text_bytes,
            ..self
        }
    }

    pub fn text(&self) -> String {
        let mut text = format!("{:08x}", self.version).repeat(self.text_bytes / 8 + 1);
        text.truncate(self.text_bytes);
        text
    }

    pub fn value(&self, owner: u64, key: u64) -> Value {
        json!({
            "_id": key, "owner": owner, "group": self.group, "count": self.count, "tag": format!("{owner}-{key}"),
            "text": self.text(),
        })
    }
}

/// What a thread's keys hold.
pub type Oracle = BTreeMap<u64, Document>;

pub fn id_of(key: u64) -> IdBytes {
    id(&json!(key))
}
