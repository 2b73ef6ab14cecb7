//! The calls in JSON: for programs that have no MessagePack, and for shells.
//!
//! Promises: each does what its twin in MessagePack does; results are UTF-8 and end with a NUL behind their length.
//! Parts: read.rs and write.rs (Extended JSON). Leaves to others: what is asked (documents.rs, commands.rs).

mod read;
mod write;

use std::ffi::c_char;

use quire_engine::format::intake::normalise_value;
use quire_engine::format::owned::Owned;
use quire_engine::format::record::NO_STRUCTURES;
use quire_engine::format::survey::Subject;
use quire_engine::format::value::Cursor;
use quire_engine::{Error, ErrorKind, Result};

use crate::buffer::{QuireBuffer, Reply};
use crate::commands::{open_cursor, run_command};
use crate::cursors::Reader;
use crate::documents::{get_into, insert_into, reply_and_input};
use crate::door::{door, put};

/// Documents that are turned into JSON at a time.
const BATCH_DOCUMENTS: u64 = 1000;

/// The value that a text is. Errors: INVALID_DOCUMENT.
pub(crate) fn parse(json: &str) -> Result<Owned> {
    read::read(json.as_bytes()).map_err(|error| unreadable(ErrorKind::InvalidDocument, &error))
}

/// The JSON of a value. Errors: INVALID_DOCUMENT.
pub(crate) fn to_json(value: &Owned) -> Result<Vec<u8>> {
    let (mut packed, mut json) = (Vec::new(), Vec::new());
    value.write(&mut packed);
    write_one(&packed, &mut json)?;
    Ok(json)
}

fn unreadable(kind: ErrorKind, error: &serde_json::Error) -> Error {
    Error::new(kind, format!("the JSON cannot be taken: {error}"))
}

/// Reads JSON of the caller's into MessagePack. Errors: `kind`.
fn pack(json: &[u8], kind: ErrorKind) -> Result<Vec<u8>> {
    let value = read::read(json).map_err(|error| unreadable(kind, &error))?;
    let mut packed = Vec::with_capacity(json.len());
    value.write(&mut packed);
    Ok(packed)
}

/// Appends the JSON of one value of plain MessagePack that came out of the engine. Errors: CORRUPTED.
fn write_one(packed: &[u8], out: &mut Vec<u8>) -> Result<()> {
    Ok(write::write(Cursor::new(packed, &NO_STRUCTURES), out)?)
}

/// Makes the JSON that was written the result, with its NUL.
fn keep(mut reply: Reply<'_>) {
    reply.bytes.push(0);
    reply.bytes.pop();
    reply.keep();
}

/// Converts one value of JSON, with Extended JSON for what JSON lacks: {"$date": "2026-01-31T12:00:00Z"}, {"$binary":
/// {"base64": "AA==", "subType": "00"}}, {"$numberLong": "1"}, {"$numberDouble": "NaN"}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_json_to_msgpack(
    json: *const c_char,
    json_length: usize,
    msgpack: *mut QuireBuffer,
) -> i32 {
    door(|| {
        // SAFETY: the caller's promise (quire.h); so in all calls of this file.
        let mut reply = unsafe { Reply::take(msgpack)? };
        // SAFETY: as above.
        let json = unsafe { reply.input(json.cast(), json_length, "json")? };
        let packed = pack(json, ErrorKind::InvalidDocument)?;
        reply.bytes.extend_from_slice(&packed);
        reply.keep();
        Ok(())
    })
}

/// Converts one value of MessagePack to Extended JSON, with a NUL behind its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_msgpack_to_json(
    msgpack: *const u8,
    msgpack_length: usize,
    json: *mut QuireBuffer,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_json_to_msgpack`.
        let mut reply = unsafe { Reply::take(json)? };
        // SAFETY: as above.
        let packed = unsafe { reply.input(msgpack, msgpack_length, "msgpack")? };
        let mut checked = Vec::with_capacity(packed.len());
        normalise_value(packed, Subject::Document, &mut checked)?;
        write_one(&checked, &mut reply.bytes)?;
        keep(reply);
        Ok(())
    })
}

/// As quire_insert, in JSON. `id_json` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_insert_json(
    collection: u64,
    json: *const c_char,
    json_length: usize,
    durability: i32,
    id_json: *mut QuireBuffer,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_json_to_msgpack`.
        let (reply, json) = unsafe { reply_and_input(id_json, json.cast(), json_length, "json")? };
        let document = pack(json, ErrorKind::InvalidDocument)?;
        let id = insert_into(collection, &document, durability)?;
        if let Some(mut reply) = reply {
            write_one(&id, &mut reply.bytes)?;
            keep(reply);
        }
        Ok(())
    })
}

/// As quire_get, in JSON: `id_json` is a JSON value such as "ada" in quotes, or 5.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_get_json(
    collection: u64,
    id_json: *const c_char,
    id_length: usize,
    json: *mut QuireBuffer,
    found: *mut bool,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_json_to_msgpack`.
        let mut reply = unsafe { Reply::take(json)? };
        // SAFETY: as above.
        let id = pack(
            unsafe { reply.input(id_json.cast(), id_length, "id_json")? },
            ErrorKind::InvalidId,
        )?;
        let mut document = Vec::new();
        let is_found = get_into(collection, &id, &mut document)?;
        if is_found {
            write_one(&document, &mut reply.bytes)?;
        }
        // SAFETY: as above.
        unsafe { put(found, is_found) };
        keep(reply);
        Ok(())
    })
}

/// As quire_find, in JSON, with all that is found as one array. For results that fit memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_find_json(
    target: u64,
    request: *const c_char,
    request_length: usize,
    json_array: *mut QuireBuffer,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_json_to_msgpack`.
        let mut reply = unsafe { Reply::take(json_array)? };
        // SAFETY: as above.
        let request = unsafe { reply.input(request.cast(), request_length, "request")? };
        let (_, cursor) = open_cursor(target, &pack(request, ErrorKind::InvalidArgument)?)?;
        write_found(&mut Reader::new(cursor), &mut reply.bytes)?;
        keep(reply);
        Ok(())
    })
}

/// Writes everything that `reader` finds to `out`, which is empty, as one array.
fn write_found(reader: &mut Reader, out: &mut Vec<u8>) -> Result<()> {
    let mut batch = Vec::new();
    out.push(b'[');
    loop {
        batch.clear();
        let count = reader.next_batch(&mut batch, BATCH_DOCUMENTS, 0)?;
        if count == 0 {
            break;
        }
        let mut rest = batch.as_slice();
        for _ in 0..count {
            if out.len() > 1 {
                out.push(b',');
            }
            let length = Cursor::new(rest, &NO_STRUCTURES).raw()?.len();
            write_one(rest, out)?;
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    out.push(b']');
    Ok(())
}

/// As quire_command, in JSON.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_command_json(
    target: u64,
    request: *const c_char,
    request_length: usize,
    durability: i32,
    json: *mut QuireBuffer,
) -> i32 {
    door(|| {
        // SAFETY: as in `quire_json_to_msgpack`.
        let mut reply = unsafe { Reply::take(json)? };
        // SAFETY: as above.
        let request = unsafe { reply.input(request.cast(), request_length, "request")? };
        let mut packed = Vec::new();
        run_command(
            target,
            &pack(request, ErrorKind::InvalidArgument)?,
            durability,
            &mut packed,
        )?;
        write_one(&packed, &mut reply.bytes)?;
        keep(reply);
        Ok(())
    })
}

#[cfg(test)]
mod tests;
