//! The calls of quire.h for tests in Rust: slices for pointers and lengths, JSON for MessagePack.
//!
//! A wrapper gives the call's status as it is; `ok` is for calls that have to succeed.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::ffi::{CStr, c_char};
use std::ptr;

use quire::*;
use serde_json::Value;

/// A buffer that frees its memory.
pub struct Buffer(QuireBuffer);

impl Buffer {
    pub fn new() -> Buffer {
        Buffer(QuireBuffer::new())
    }

    pub fn bytes(&self) -> &[u8] {
        if self.0.length == 0 {
            return &[];
        }
        // SAFETY: the library filled the buffer, and nobody writes to it while it is borrowed.
        unsafe { std::slice::from_raw_parts(self.0.data, self.0.length) }
    }

    pub fn documents(&self) -> Vec<Value> {
        unpack_all(self.bytes())
    }

    /// The text of a result in JSON, which ends with a NUL behind its length.
    pub fn text(&self) -> &str {
        // SAFETY: as above; the library writes a NUL behind the bytes.
        assert_eq!(unsafe { *self.0.data.add(self.0.length) }, 0);
        std::str::from_utf8(self.bytes()).unwrap()
    }

    pub fn out(&mut self) -> *mut QuireBuffer {
        &mut self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the buffer is zero or was filled by the library.
        unsafe { quire_buffer_free(&mut self.0) };
    }
}

/// A database in memory that is closed at the end.
pub struct Memory(pub u64);

impl Memory {
    pub fn open(options: Value) -> Memory {
        let mut handle = 0;
        ok(open(":memory:", &pack(options), &mut handle));
        Memory(handle)
    }

    pub fn collection(&self, name: &str) -> u64 {
        let mut handle = 0;
        ok(collection(self.0, name, &mut handle));
        handle
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        ok(quire_close(self.0));
    }
}

pub fn pack(value: Value) -> Vec<u8> {
    rmp_serde::to_vec_named(&value).unwrap()
}

pub fn unpack(bytes: &[u8]) -> Value {
    rmp_serde::from_slice(bytes).unwrap()
}

/// The values that stand back to back.
pub fn unpack_all(bytes: &[u8]) -> Vec<Value> {
    let mut rest = bytes;
    let mut values = Vec::new();
    while !rest.is_empty() {
        values.push(rmp_serde::from_read(&mut rest).unwrap());
    }
    values
}

/// Fails with the library's words unless `status` is 0.
#[track_caller]
pub fn ok(status: i32) {
    assert_eq!(status, 0, "{}: {}", code(status), last_message());
}

/// The code of a status.
pub fn code(status: i32) -> &'static str {
    let code = quire_status_code(status);
    assert!(!code.is_null(), "{status} is no status");
    // SAFETY: codes are static texts.
    unsafe { CStr::from_ptr(code) }.to_str().unwrap()
}

/// The text of this thread's last failure.
pub fn last_message() -> String {
    let (mut message, mut length) = (ptr::null(), 0);
    // SAFETY: the pointers are of variables; the text stays until this thread's next failure.
    unsafe {
        quire_last_error(&mut message, &mut length, ptr::null_mut());
        CStr::from_ptr(message).to_str().unwrap().to_owned()
    }
}

fn text(name: &str) -> (*const c_char, usize) {
    (name.as_ptr().cast(), name.len())
}

/// Declares a wrapper: what it is called, its arguments, and the call.
macro_rules! wrappers {
    ($($name:ident($($argument:ident: $type:ty),*) => $call:expr;)*) => {
        $(pub fn $name($($argument: $type),*) -> i32 {
            // SAFETY: pointers are those of slices, variables and buffers of the caller's.
            unsafe { $call }
        })*
    };
}

wrappers! {
    open(path: &str, options: &[u8], database: &mut u64) =>
        quire_open(text(path).0, text(path).1, options.as_ptr(), options.len(), database);
    collection(database: u64, name: &str, collection: &mut u64) =>
        quire_collection(database, text(name).0, text(name).1, collection);
    create_collection(database: u64, name: &str, options: &[u8]) =>
        quire_create_collection(database, text(name).0, text(name).1, options.as_ptr(), options.len());
    drop_collection(database: u64, name: &str, existed: &mut bool) =>
        quire_drop_collection(database, text(name).0, text(name).1, existed);
    rename_collection(database: u64, from: &str, to: &str) =>
        quire_rename_collection(database, text(from).0, text(from).1, text(to).0, text(to).1);
    insert(collection: u64, document: &[u8]) =>
        quire_insert(collection, document.as_ptr(), document.len(), 0, ptr::null_mut());
    insert_for_id(collection: u64, document: &[u8], id: &mut Buffer) =>
        quire_insert(collection, document.as_ptr(), document.len(), 0, id.out());
    insert_many(collection: u64, documents: &[u8], ids: &mut Buffer, count: &mut u64) =>
        quire_insert_many(collection, documents.as_ptr(), documents.len(), 0, ids.out(), count);
    get(collection: u64, id: &[u8], document: &mut Buffer, found: &mut bool) =>
        quire_get(collection, id.as_ptr(), id.len(), document.out(), found);
    has(collection: u64, id: &[u8], found: &mut bool) =>
        quire_has(collection, id.as_ptr(), id.len(), found);
    put(collection: u64, document: &[u8], replaced: &mut bool) =>
        quire_put(collection, document.as_ptr(), document.len(), 0, replaced);
    replace(collection: u64, id: &[u8], document: &[u8], found: &mut bool) =>
        quire_replace(collection, id.as_ptr(), id.len(), document.as_ptr(), document.len(), 0, found);
    update(collection: u64, id: &[u8], update: &[u8], found: &mut bool, modified: &mut bool) =>
        quire_update(collection, id.as_ptr(), id.len(), update.as_ptr(), update.len(), 0, found, modified);
    delete(collection: u64, id: &[u8], found: &mut bool) =>
        quire_delete(collection, id.as_ptr(), id.len(), 0, found);
    clear(collection: u64, deleted: &mut u64) => quire_clear(collection, 0, deleted);
    count(collection: u64, filter: &[u8], count: &mut u64) =>
        quire_count(collection, filter.as_ptr(), filter.len(), count);
    command(target: u64, request: &[u8], reply: &mut Buffer) =>
        quire_command(target, request.as_ptr(), request.len(), 0, reply.out());
    find(target: u64, request: &[u8], cursor: &mut u64) =>
        quire_find(target, request.as_ptr(), request.len(), cursor);
    cursor_next(cursor: u64, documents_max: u64, documents: &mut Buffer, count: &mut u64) =>
        quire_cursor_next(cursor, documents_max, 0, documents.out(), count);
    begin(database: u64, options: &[u8], transaction: &mut u64) =>
        quire_begin(database, options.as_ptr(), options.len(), transaction);
    part(transaction: u64, name: &str, collection: &mut u64) =>
        quire_transaction_collection(transaction, text(name).0, text(name).1, collection);
    watch(database: u64, request: &[u8], stream: &mut u64) =>
        quire_watch(database, request.as_ptr(), request.len(), stream);
    watch_next(stream: u64, timeout_ms: i64, events: &mut Buffer, count: &mut u64) =>
        quire_watch_next(stream, 0, 0, timeout_ms, events.out(), count);
    watch_some(stream: u64, events_max: u64, events: &mut Buffer, count: &mut u64) =>
        quire_watch_next(stream, events_max, 0, 0, events.out(), count);
    watch_token(stream: u64, token: &mut Buffer) => quire_watch_token(stream, token.out());
    collections(database: u64, reply: &mut Buffer) => quire_collections(database, reply.out());
    stats(database: u64, reply: &mut Buffer) => quire_stats(database, reply.out());
    check(database: u64, report: &mut Buffer) => quire_check(database, report.out());
    backup(database: u64, path: &str, report: &mut Buffer) =>
        quire_backup(database, text(path).0, text(path).1, report.out());
    compact(database: u64, report: &mut Buffer) => quire_compact(database, report.out());
    salvage(from: &str, to: &str, report: &mut Buffer) =>
        quire_salvage(text(from).0, text(from).1, text(to).0, text(to).1, report.out());
    expire(database: u64, deleted: &mut u64) => quire_expire(database, deleted);
    json_to_msgpack(json: &str, out: &mut Buffer) =>
        quire_json_to_msgpack(text(json).0, text(json).1, out.out());
    msgpack_to_json(packed: &[u8], out: &mut Buffer) =>
        quire_msgpack_to_json(packed.as_ptr(), packed.len(), out.out());
    insert_json(collection: u64, json: &str, id: &mut Buffer) =>
        quire_insert_json(collection, text(json).0, text(json).1, 0, id.out());
    get_json(collection: u64, id: &str, json: &mut Buffer, found: &mut bool) =>
        quire_get_json(collection, text(id).0, text(id).1, json.out(), found);
    find_json(target: u64, request: &str, json: &mut Buffer) =>
        quire_find_json(target, text(request).0, text(request).1, json.out());
    command_json(target: u64, request: &str, json: &mut Buffer) =>
        quire_command_json(target, text(request).0, text(request).1, 0, json.out());
}
