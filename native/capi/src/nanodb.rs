//! NanoDB's C calls over this library, so that its programs relink: bindings/c/include/nanodb_compat.h.
//!
//! One database of the process, JSON texts that end with a NUL, ids that are integers below 2^48. Promises: where NanoDB
//! aborts the process, these calls give their error value, and `quire_last_error` says why; results are given back with
//! `NanoFree`. Queries are MongoDB's, values keep their types; what many documents share is done whole or not at all.
//! Source: the exported calls of NanoDB, as its generated header has them. Leaves to others: everything that is asked,
//! which is put as commands of the engine.

mod requests;

use std::ffi::{CStr, CString, c_char, c_longlong};
use std::ptr;

use quire_engine::format::owned::Owned;
use quire_engine::{Database, Error, ErrorKind, OpenOptions, Result};

use crate::door::{door, refuse};
use crate::handles;
use crate::json::{parse, to_json};
use requests::Store;

/// The one database of a process, and how often it was opened.
pub type OneDatabase = Option<(Database, u64)>;

/// The database. Errors: CLOSED.
fn store() -> Result<Store> {
    match &*handles::nanodb().lock() {
        Some((database, _)) => Ok(Store::of(database.clone())),
        None => Err(Error::new(
            ErrorKind::Closed,
            "no database is open: NanoInit was not called in this process, or failed",
        )),
    }
}

/// Text of the caller's. Errors: INVALID_ARGUMENT.
///
/// # Safety
/// Not NULL, `pointer` is a text that ends with a NUL.
unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    if pointer.is_null() {
        return Err(refuse(format!("{name} is NULL")));
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| refuse(format!("{name} is not UTF-8")))
}

/// Runs `body`; gives what it gives, or `failure`.
fn number(failure: c_longlong, body: impl FnOnce() -> Result<c_longlong>) -> c_longlong {
    let mut result = failure;
    door(|| {
        result = body()?;
        Ok(())
    });
    result
}

/// Runs `body`; gives the JSON of what it gives, or NULL.
fn json(body: impl FnOnce() -> Result<Owned>) -> *mut c_char {
    let mut result = ptr::null_mut();
    door(|| {
        let text = CString::new(to_json(&body()?)?);
        // JSON has no NUL: it escapes one in a text.
        result = text.map_or(ptr::null_mut(), CString::into_raw);
        Ok(())
    });
    result
}

/// Opens the database at `path`, or makes it; once one is open, further calls count and pass their path over. When it
/// cannot be opened the calls that follow fail. A child made by fork has none open and calls this itself.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoInit(path: *const c_char) {
    door(|| {
        let mut open = handles::nanodb().lock();
        if let Some((_, count)) = open.as_mut() {
            *count += 1;
            return Ok(());
        }
        // SAFETY: the caller's promise (nanodb_compat.h); so in all calls of this file.
        let path = unsafe { text(path, "path")? };
        *open = Some((Database::open(path, &OpenOptions::default())?, 1));
        Ok(())
    });
}

/// Gives the database back; the last one closes it. 1, or -1 when closing failed.
#[unsafe(no_mangle)]
pub extern "C" fn NanoClose() -> c_longlong {
    number(-1, || {
        let mut open = handles::nanodb().lock();
        let is_last = open.as_mut().is_some_and(|(_, count)| {
            *count -= 1;
            *count == 0
        });
        if is_last && let Some((database, _)) = open.take() {
            database.close()?;
        }
        Ok(1)
    })
}

/// Makes a collection: 1 when it was made, 0 when it was there, -1 on an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoCreateCollection(col: *const c_char) -> c_longlong {
    number(-1, || {
        // SAFETY: as in `NanoInit`.
        let col = unsafe { text(col, "col")? };
        store()?.create(col).map(c_longlong::from)
    })
}

/// The names of the collections: an array; null when there is none.
#[unsafe(no_mangle)]
pub extern "C" fn NanoGetCollections() -> *mut c_char {
    json(|| store()?.names())
}

/// Adds a document and gives its new id, which takes the place of its _id. -1 on an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoInsert(col: *const c_char, json: *const c_char) -> c_longlong {
    number(-1, || {
        // SAFETY: as in `NanoInit`.
        let (col, document) = unsafe { (text(col, "col")?, parse(text(json, "json")?)?) };
        store()?.insert(col, document)
    })
}

/// Adds an array of documents, all or none: an array of their new ids, NULL on an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoInsertMany(col: *const c_char, json_array: *const c_char) -> *mut c_char {
    json(|| {
        // SAFETY: as in `NanoInit`.
        let (col, documents) = unsafe { (text(col, "col")?, parse(text(json_array, "json_array")?)?) };
        store()?.insert_many(col, documents)
    })
}

/// The documents that match: an array, NULL on an error. A limit or skip of 0 or less is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoFind(
    col: *const c_char,
    query: *const c_char,
    limit: c_longlong,
    skip: c_longlong,
) -> *mut c_char {
    json(|| {
        // SAFETY: as in `NanoInit`.
        let (col, query) = unsafe { (text(col, "col")?, parse(text(query, "query")?)?) };
        store()?.find(col, query, limit, skip).map(Owned::Array)
    })
}

/// The first document that matches, null when there is none, NULL on an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoFindOne(col: *const c_char, query: *const c_char) -> *mut c_char {
    json(|| {
        // SAFETY: as in `NanoInit`.
        let (col, query) = unsafe { (text(col, "col")?, parse(text(query, "query")?)?) };
        let found = store()?.find(col, query, 1, 0)?;
        Ok(found.into_iter().next().unwrap_or(Owned::Null))
    })
}

/// The document of an id, null when there is none, NULL on an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoFindById(col: *const c_char, id: c_longlong) -> *mut c_char {
    // SAFETY: as in `NanoInit`.
    json(|| store()?.get(unsafe { text(col, "col")? }, id))
}

/// Merges the fields of `json` into the document of an id; gives the document, NULL when there is none or on an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoUpdateById(
    col: *const c_char,
    id: c_longlong,
    json: *const c_char,
) -> *mut c_char {
    self::json(|| {
        // SAFETY: as in `NanoInit`.
        let (col, fields) = unsafe { (text(col, "col")?, parse(text(json, "json")?)?) };
        store()?.update(col, id, fields)
    })
}

/// Merges the fields of `json` into every document that matches; gives these documents, NULL on an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoUpdateMany(
    col: *const c_char,
    query: *const c_char,
    json: *const c_char,
) -> *mut c_char {
    self::json(|| {
        // SAFETY: as in `NanoInit`.
        let (col, query, fields) = unsafe {
            (
                text(col, "col")?,
                parse(text(query, "query")?)?,
                parse(text(json, "json")?)?,
            )
        };
        store()?.update_many(col, query, fields)
    })
}

/// Removes the document of an id: 1, or -1 when there is none or on an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoDeleteById(col: *const c_char, id: c_longlong) -> c_longlong {
    number(-1, || {
        // SAFETY: as in `NanoInit`.
        let col = unsafe { text(col, "col")? };
        Ok(if store()?.delete(col, id)? { 1 } else { -1 })
    })
}

/// Removes every document that matches: 1, also when none did; -1 on an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoDeleteMany(col: *const c_char, query: *const c_char) -> c_longlong {
    number(-1, || {
        // SAFETY: as in `NanoInit`.
        let (col, query) = unsafe { (text(col, "col")?, parse(text(query, "query")?)?) };
        store()?.delete_many(col, query).map(|()| 1)
    })
}

/// The ids of the `k` documents whose field _embeddings is nearest to the numbers, the nearest first; NULL on an error.
/// Every document is looked at; those of another dimension are passed over.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoVectorSearch(
    col: *const c_char,
    json_floats: *const c_char,
    k: c_longlong,
) -> *mut c_char {
    json(|| {
        // SAFETY: as in `NanoInit`.
        let (col, vector) = unsafe { (text(col, "col")?, parse(text(json_floats, "json_floats")?)?) };
        store()?.nearest(col, vector, k)
    })
}

/// Gives a result back. NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn NanoFree(result: *mut c_char) {
    if !result.is_null() {
        // SAFETY: the pointer is one that `json` gave, and is given back once (nanodb_compat.h).
        drop(unsafe { CString::from_raw(result) });
    }
}
