//! What the engine's integration tests share: documents as JSON, and databases in a folder of their own.
#![allow(dead_code)]

pub mod golden;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use quire_engine::format::plain::write_plain;
use quire_engine::{Collection, Cursor, Filter, IdBytes};
use serde_json::Value;

/// Plain MessagePack of a JSON value.
pub fn pack(value: &Value) -> Vec<u8> {
    rmp_serde::to_vec_named(value).unwrap()
}

/// Plain MessagePack of documents, back to back.
pub fn pack_all(values: &[Value]) -> Vec<u8> {
    values.iter().flat_map(pack).collect()
}

/// The canonical id of a JSON string or integer.
pub fn id(value: &Value) -> IdBytes {
    IdBytes::from_message_pack(&pack(value)).unwrap()
}

/// A compiled filter.
pub fn filter(value: &Value) -> std::sync::Arc<Filter> {
    std::sync::Arc::new(Filter::compile(&pack(value)).unwrap())
}

/// Document `key` as JSON.
pub fn get(collection: &Collection, key: &Value) -> Option<Value> {
    let mut stored = Vec::new();
    let is_found = collection.get(&id(key), &mut stored).unwrap();
    is_found.then(|| unpack(&stored, &collection.structures().unwrap().0).remove(0))
}

/// Stored documents, back to back, as JSON.
pub fn unpack(stored: &[u8], structures: &quire_engine::format::record::Structures) -> Vec<Value> {
    let mut at = 0;
    let mut values = Vec::new();
    while at < stored.len() {
        let mut plain = Vec::new();
        at += write_plain(&stored[at..], structures, &mut plain).unwrap();
        values.push(rmp_serde::from_slice(&plain).unwrap());
    }
    values
}

/// Everything that a cursor has left.
pub fn drain(mut cursor: Cursor) -> Vec<Value> {
    let mut values = Vec::new();
    loop {
        let mut out = Vec::new();
        if cursor.next_batch(&mut out, 100, 1 << 20).unwrap() == 0 {
            return values;
        }
        values.extend(unpack(&out, &cursor.structures()));
    }
}

/// A folder that is removed when the test ends.
pub struct Folder(pub PathBuf);

impl Folder {
    /// A new, empty folder.
    pub fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "quire-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
