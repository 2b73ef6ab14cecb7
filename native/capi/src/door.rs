//! The door: how every call is entered from C, and how its pointers become values.
//!
//! Promises: a panic ends here as INTERNAL and prints nothing; an error is kept for `quire_last_error`. Pointers are
//! looked at before they are used: NULL with a length, and lengths that no memory has, are refused by name.
//! Leaves to others: results of variable length (buffer.rs), handles (handles.rs).

use std::cell::Cell;
use std::ffi::c_char;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use quire_engine::{Durability, Error, ErrorKind, Owner, Result, WriteOptions};

use crate::status::fail;

thread_local! {
    /// Number of this thread for the engine's leases; 0 until it is asked for.
    static OWNER: Cell<u64> = const { Cell::new(0) };
    /// Whether this thread is inside a call.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
    /// Where the panic of this call happened.
    static PANIC_PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Enters a call: runs `body`, and gives the status of what came of it.
#[inline]
pub fn door(body: impl FnOnce() -> Result<()>) -> i32 {
    keep_panics_quiet();
    let was_inside = IS_INSIDE.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body));
    IS_INSIDE.set(was_inside);
    match result {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => fail(&error),
        Err(payload) => fail(&internal(&*payload)),
    }
}

/// Sees to it that a panic inside a call is not printed; all others are, as before.
#[inline]
fn keep_panics_quiet() {
    static HOOK: Once = Once::new();
    if !HOOK.is_completed() {
        HOOK.call_once(|| {
            let before = panic::take_hook();
            panic::set_hook(Box::new(move |information| {
                if IS_INSIDE.try_with(Cell::get).unwrap_or(false) {
                    let place = information.location().map(ToString::to_string);
                    let _too_late = PANIC_PLACE.try_with(|kept| kept.set(place));
                } else {
                    before(information);
                }
            }));
        });
    }
}

/// The error of a panic.
#[cold]
fn internal(payload: &(dyn std::any::Any + Send)) -> Error {
    let what = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned());
    let place = PANIC_PLACE.take().unwrap_or_else(|| "unknown".to_owned());
    Error::new(
        ErrorKind::Internal,
        format!("a bug in QuireDB, please report it: {what} (at {place})"),
    )
}

/// The error of an argument.
#[cold]
pub fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

/// Bytes that the caller gave. Errors: INVALID_ARGUMENT.
///
/// # Safety
/// Not NULL, `pointer` is readable for `length` bytes, which nobody changes while the result is in use.
#[inline]
pub unsafe fn bytes<'a>(pointer: *const u8, length: usize, name: &str) -> Result<&'a [u8]> {
    check_extent(pointer, length, name)?;
    if pointer.is_null() {
        return Ok(&[]);
    }
    // SAFETY: the caller's promise; length was checked.
    Ok(unsafe { std::slice::from_raw_parts(pointer, length) })
}

/// Refuses what cannot be memory. Errors: INVALID_ARGUMENT.
#[inline]
pub fn check_extent(pointer: *const u8, length: usize, name: &str) -> Result<()> {
    if pointer.is_null() && length != 0 {
        return Err(refuse(format!("{name} is NULL, and its length is {length}")));
    }
    let end = (pointer as usize).checked_add(length);
    if length > isize::MAX as usize || end.is_none() {
        return Err(refuse(format!("{name} cannot have {length} bytes")));
    }
    Ok(())
}

/// Text that the caller gave. Errors: INVALID_ARGUMENT.
///
/// # Safety
/// As for [`bytes`].
pub unsafe fn text<'a>(pointer: *const c_char, length: usize, name: &str) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes(pointer.cast(), length, name)? };
    std::str::from_utf8(bytes).map_err(|_| refuse(format!("{name} is not UTF-8")))
}

/// Writes a result where the caller wants one.
///
/// # Safety
/// Not NULL, `pointer` can be written for one value.
#[inline]
pub unsafe fn put<T>(pointer: *mut T, value: T) {
    if !pointer.is_null() {
        // SAFETY: the caller's promise; alignment is not needed.
        unsafe { pointer.write_unaligned(value) };
    }
}

/// Refuses a place for a result that has to be there. Errors: INVALID_ARGUMENT.
#[inline]
pub fn needed<T>(pointer: *mut T, name: &str) -> Result<()> {
    if pointer.is_null() {
        return Err(refuse(format!("{name} is NULL; it receives the result")));
    }
    Ok(())
}

/// Number of this thread for the engine: what it does never waits for a transaction of its own.
pub fn owner() -> Owner {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let number = OWNER.try_with(|own| match own.get() {
        0 => {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            own.set(number);
            number
        }
        number => number,
    });
    Owner(number.unwrap_or(0))
}

/// How a write of this thread is committed: 0 as the database says, 1 process, 2 disk, 3 lazy.
///
/// Errors: INVALID_ARGUMENT.
#[inline]
pub fn write_options(durability: i32) -> Result<WriteOptions> {
    let durability = match durability {
        0 => None,
        1 => Some(Durability::Process),
        2 => Some(Durability::Disk),
        3 => Some(Durability::Lazy),
        other => {
            return Err(refuse(format!(
                "durability is {other}; it is 0 for the database's own, 1 process, 2 disk or 3 lazy"
            )));
        }
    };
    Ok(WriteOptions {
        durability,
        owner: owner(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::quire_last_error;
    use std::ffi::CStr;
    use std::ptr;

    #[test]
    fn a_panic_is_an_internal_error_with_its_place() {
        assert_eq!(door(|| Ok(())), 0);
        let status = door(|| {
            let nothing: Option<u8> = None;
            assert!(nothing.is_some(), "planted");
            Ok(())
        });
        assert_eq!(status, ErrorKind::Internal as i32);
        let (mut message, mut page) = (ptr::null(), 0);
        // SAFETY: the pointers are of variables of their types; the message stays until the next failure.
        let text = unsafe {
            assert_eq!(quire_last_error(&mut message, ptr::null_mut(), &mut page), status);
            CStr::from_ptr(message).to_str().unwrap()
        };
        assert!(text.contains("planted") && text.contains("door.rs"), "{text}");
        assert_eq!(page, -1);
    }

    #[test]
    fn what_cannot_be_memory_is_refused_by_name() {
        // SAFETY: nothing is read where the call refuses, and the empty one reads nothing.
        unsafe {
            assert!(bytes(ptr::null(), 0, "id").unwrap().is_empty());
            assert!(bytes(ptr::null(), 1, "id").unwrap_err().message().contains("id"));
            assert!(bytes(ptr::dangling(), usize::MAX, "id").is_err());
            assert!(text(c"\xff".as_ptr(), 1, "name").is_err());
        }
        assert!(write_options(4).is_err() && write_options(-1).is_err());
    }
}
