//! The buffers that JavaScript and native code both see: requests, responses, status words.
//!
//! JavaScript makes them; they are pinned here by a reference, so the collector never takes them. Promises: bytes are
//! read and written on the JavaScript thread during a call only, so JavaScript never sees half of a response.
//! Leaves to others: making them, and keeping them private and attached (src/native.ts).

use std::ptr;

use napi_sys as sys;
use quire_engine::{Error, ErrorKind, Result};

use crate::values::{Env, RawBytes, Value};

/// Numbers of the status words: float64 values that native code writes and JavaScript reads after a call.
pub mod status {
    /// Bytes of the response.
    pub const BYTES: usize = 0;
    /// Handle of the cursor that has more; 0 when there is none.
    pub const CURSOR: usize = 1;
    /// Documents that an update changed.
    pub const MODIFIED: usize = 2;
    /// Identity of the record structures that the response refers to.
    pub const STRUCTURES: usize = 3;
    /// Bytes above 0x7f in the response; `NOT_COUNTED` when nobody counted.
    pub const WIDE: usize = 4;
    /// How many words there are.
    pub const COUNT: usize = 5;
    /// As in src/decoder.ts.
    pub const NOT_COUNTED: f64 = -1.0;
}

/// The shared buffers of one environment.
pub struct Buffers {
    request: Pinned,
    response: Pinned,
    status: Pinned,
    /// A response that did not fit, until JavaScript takes it.
    overflow: Vec<u8>,
}

/// A typed array that is kept alive, and its bytes.
struct Pinned {
    reference: sys::napi_ref,
    bytes: RawBytes,
}

impl Buffers {
    /// No buffers yet.
    pub const fn new() -> Buffers {
        Buffers {
            request: Pinned::EMPTY,
            response: Pinned::EMPTY,
            status: Pinned::EMPTY,
            overflow: Vec::new(),
        }
    }

    /// Pins the buffer that requests are read from. Errors: INVALID_ARGUMENT.
    pub fn pin_request(&mut self, env: Env<'_>, value: Value<'_>) -> Result<()> {
        let bytes = env.read_bytes(value).ok_or_else(not_bytes)?;
        self.request.replace(env, value, bytes)
    }

    /// Pins the buffer that responses are written to. Errors: INVALID_ARGUMENT.
    pub fn pin_response(&mut self, env: Env<'_>, value: Value<'_>) -> Result<()> {
        let bytes = env.read_bytes(value).ok_or_else(not_bytes)?;
        self.response.replace(env, value, bytes)
    }

    /// Pins the Float64Array of the status words. Errors: INVALID_ARGUMENT.
    pub fn pin_status(&mut self, env: Env<'_>, value: Value<'_>) -> Result<()> {
        let bytes = env.read_doubles(value).ok_or_else(not_bytes)?;
        if bytes.count < status::COUNT * size_of::<f64>() {
            return Err(not_bytes());
        }
        self.status.replace(env, value, bytes)
    }

    /// The bytes `start..end` of the request buffer. Errors: INTERNAL when it has no such bytes.
    #[inline]
    pub fn request(&self, start: usize, end: usize) -> Result<&[u8]> {
        // SAFETY: the array is pinned; native.ts sees that it is attached; JavaScript does not run during the call.
        let bytes = unsafe { self.request.bytes.as_slice() };
        bytes.get(start..end).ok_or_else(|| {
            Error::new(
                ErrorKind::Internal,
                format!("no bytes {start}..{end} in the request of {}", bytes.len()),
            )
        })
    }

    /// The response buffer, to be written to.
    #[inline]
    pub fn response(&mut self) -> &mut [u8] {
        self.set_status(status::WIDE, status::NOT_COUNTED);
        let RawBytes { start, count } = self.response.bytes;
        // SAFETY: the array is pinned and private to native.ts; JavaScript does not run during the call; `&mut self`
        // makes this the only reference into it, because requests are read from another array buffer.
        unsafe { std::slice::from_raw_parts_mut(start, count) }
    }

    /// Sets a status word.
    #[inline]
    pub fn set_status(&mut self, word: usize, number: f64) {
        let RawBytes { start, count } = self.status.bytes;
        if (word + 1) * size_of::<f64>() <= count {
            // SAFETY: the word is inside the pinned Float64Array, which is aligned for float64.
            unsafe { start.cast::<f64>().add(word).write(number) };
        }
    }

    /// Tells JavaScript about the first `length` bytes of the response what decoding is faster with.
    #[inline]
    pub fn describe_response(&mut self, length: usize) {
        let wide = self.response().get(..length).map(wide_count);
        self.set_status(
            status::WIDE,
            wide.map_or(status::NOT_COUNTED, |count| count as f64),
        );
    }

    /// Hands `bytes` to JavaScript, in the response buffer when they fit, else as overflow, and empties them. The
    /// status has their count.
    pub fn respond(&mut self, bytes: &mut Vec<u8>) {
        self.set_status(status::BYTES, bytes.len() as f64);
        if let Some(part) = self.response().get_mut(..bytes.len()) {
            part.copy_from_slice(bytes);
            self.describe_response(bytes.len());
        } else {
            self.overflow = std::mem::take(bytes);
        }
        bytes.clear();
    }

    /// The response that did not fit.
    pub fn take_overflow(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.overflow)
    }

    /// Gives the pinned arrays back.
    pub fn release(&mut self, env: sys::napi_env) {
        for pinned in [&mut self.request, &mut self.response, &mut self.status] {
            std::mem::replace(pinned, Pinned::EMPTY).release(env);
        }
    }
}

impl Pinned {
    const EMPTY: Pinned = Pinned {
        reference: ptr::null_mut(),
        bytes: RawBytes::EMPTY,
    };

    /// Pins `value`, whose bytes are `bytes`, in place of what was pinned.
    fn replace(&mut self, env: Env<'_>, value: Value<'_>, bytes: RawBytes) -> Result<()> {
        let mut reference = ptr::null_mut();
        // SAFETY: env and value are of this call.
        let status = unsafe { sys::napi_create_reference(env.raw(), value.raw(), 1, &mut reference) };
        if status != sys::Status::napi_ok {
            return Err(Error::new(
                ErrorKind::OutOfMemory,
                "Node refused to keep a buffer",
            ));
        }
        let old = std::mem::replace(self, Pinned { reference, bytes });
        old.release(env.raw());
        Ok(())
    }

    fn release(self, env: sys::napi_env) {
        if !self.reference.is_null() {
            // SAFETY: the reference was made in this environment and is given back once.
            unsafe { sys::napi_delete_reference(env, self.reference) };
        }
    }
}

/// How many bytes are above 0x7f: eight at a time, each in a lane of its own that holds 255.
#[inline]
fn wide_count(bytes: &[u8]) -> usize {
    const LANES: u64 = 0x0101_0101_0101_0101;
    let mut count = 0;
    for part in bytes.chunks(8 * u8::MAX as usize) {
        let (words, rest) = part.as_chunks::<8>();
        let lanes = words.iter().fold(0, |lanes, word| {
            lanes + ((u64::from_le_bytes(*word) >> 7) & LANES)
        });
        count += lanes.to_le_bytes().into_iter().map(usize::from).sum::<usize>();
        count += rest.iter().filter(|byte| **byte > 0x7f).count();
    }
    count
}

#[cold]
fn not_bytes() -> Error {
    Error::new(ErrorKind::InvalidArgument, "a buffer of bytes was expected")
}
