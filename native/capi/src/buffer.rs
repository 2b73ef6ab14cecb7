//! Buffers: memory of the caller's that results of variable length are written to.
//!
//! A buffer's memory is that of a `Vec<u8>`, taken out for a call and put back, so the engine writes straight into it
//! and a buffer that is large enough is never allocated again. Promises: a call that fails or panics leaves a valid
//! buffer of length 0; what a call reads never lies in the buffer that it writes.

use std::mem::ManuallyDrop;
use std::ptr;

use quire_engine::Result;

use crate::door::{bytes, check_extent, refuse};

/// A result of variable length. Set all fields to 0 before its first use; calls write from its beginning, enlarge it as
/// they need and use it again. Read `data` and `length`; change neither; one call at a time. Free it at the end.
#[repr(C)]
#[derive(Debug)]
pub struct QuireBuffer {
    /// The bytes; NULL while there never was a result.
    pub data: *mut u8,
    /// How many bytes the last result has; 0 when its call failed.
    pub length: usize,
    /// How many there is room for.
    pub capacity: usize,
}

impl QuireBuffer {
    /// A buffer without memory.
    pub const fn new() -> QuireBuffer {
        QuireBuffer {
            data: ptr::null_mut(),
            length: 0,
            capacity: 0,
        }
    }
}

impl Default for QuireBuffer {
    fn default() -> QuireBuffer {
        QuireBuffer::new()
    }
}

/// The memory of a buffer while a call writes to it; it goes back when this is dropped.
pub struct Reply<'a> {
    buffer: &'a mut QuireBuffer,
    /// What is written; empty in the beginning.
    pub bytes: ManuallyDrop<Vec<u8>>,
    is_kept: bool,
}

impl<'a> Reply<'a> {
    /// Takes the memory of the caller's buffer. Errors: INVALID_ARGUMENT.
    ///
    /// # Safety
    /// Not NULL, `buffer` is zero or was filled by this library, and is used by nobody else meanwhile.
    #[inline]
    pub unsafe fn take(buffer: *mut QuireBuffer) -> Result<Reply<'a>> {
        if buffer.is_null() || !buffer.is_aligned() {
            return Err(refuse(
                "the buffer is NULL or not aligned; it receives the result",
            ));
        }
        // SAFETY: the caller's promise.
        let buffer = unsafe { &mut *buffer };
        let has_sense = buffer.length <= buffer.capacity && buffer.capacity <= isize::MAX as usize;
        if !has_sense || buffer.data.is_null() != (buffer.capacity == 0) {
            return Err(refuse(
                "the buffer is neither zero nor one that this library filled",
            ));
        }
        buffer.length = 0;
        let memory = match buffer.capacity {
            0 => Vec::new(),
            // SAFETY: data and capacity are those that `drop` took from a Vec; the caller's promise.
            capacity => unsafe { Vec::from_raw_parts(buffer.data, 0, capacity) },
        };
        Ok(Reply {
            buffer,
            bytes: ManuallyDrop::new(memory),
            is_kept: false,
        })
    }

    /// As [`bytes`], of an argument of the same call. Errors: also INVALID_ARGUMENT when it lies in the buffer.
    ///
    /// # Safety
    /// As for [`bytes`].
    #[inline]
    pub unsafe fn input<'i>(&self, pointer: *const u8, length: usize, name: &str) -> Result<&'i [u8]> {
        check_extent(pointer, length, name)?;
        let (start, own) = (pointer as usize, self.bytes.as_ptr() as usize);
        if length > 0 && start < own.saturating_add(self.bytes.capacity()) && own < start + length {
            return Err(refuse(format!(
                "{name} lies in the buffer that the result is written to; use another buffer"
            )));
        }
        // SAFETY: the caller's promise; the memory is none that this call writes.
        unsafe { bytes(pointer, length, name) }
    }

    /// Makes what was written the result.
    #[inline]
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Reply<'_> {
    #[inline]
    fn drop(&mut self) {
        self.buffer.length = if self.is_kept { self.bytes.len() } else { 0 };
        self.buffer.capacity = self.bytes.capacity();
        self.buffer.data = match self.bytes.capacity() {
            0 => ptr::null_mut(),
            _ => self.bytes.as_mut_ptr(),
        };
    }
}

/// Gives a buffer's memory back; the buffer is zero then and can be used again. NULL and a zero buffer are allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_buffer_free(buffer: *mut QuireBuffer) {
    // SAFETY: the caller's promise; see quire.h.
    if let Ok(mut reply) = unsafe { Reply::take(buffer) } {
        drop(std::mem::take(&mut *reply.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes `text` as a call would.
    fn fill(buffer: &mut QuireBuffer, text: &[u8], is_kept: bool) {
        // SAFETY: the buffer is the test's own.
        let mut reply = unsafe { Reply::take(buffer) }.unwrap();
        reply.bytes.extend_from_slice(text);
        if is_kept {
            reply.keep();
        }
    }

    #[test]
    fn memory_is_used_again_and_a_failure_leaves_no_length() {
        let mut buffer = QuireBuffer::new();
        fill(&mut buffer, &[7; 100], true);
        let (data, capacity) = (buffer.data, buffer.capacity);
        assert_eq!(buffer.length, 100);
        fill(&mut buffer, b"short", true);
        assert_eq!((buffer.data, buffer.length, buffer.capacity), (data, 5, capacity));
        fill(&mut buffer, b"failed", false);
        assert_eq!((buffer.data, buffer.length), (data, 0));
        // SAFETY: as above.
        unsafe {
            quire_buffer_free(&mut buffer);
            assert!(buffer.data.is_null() && buffer.capacity == 0);
            quire_buffer_free(&mut buffer);
            quire_buffer_free(ptr::null_mut());
        }
    }

    #[test]
    fn input_in_the_buffer_is_refused() {
        let mut buffer = QuireBuffer::new();
        fill(&mut buffer, b"an id", true);
        let inside = buffer.data;
        // SAFETY: nothing is read where the call refuses.
        unsafe {
            let reply = Reply::take(&mut buffer).unwrap();
            assert!(reply.input(inside, 5, "id").is_err());
            assert!(reply.input(b"else".as_ptr(), 4, "id").is_ok());
            drop(reply);
            quire_buffer_free(&mut buffer);
        }
    }

    #[test]
    fn a_buffer_that_makes_no_sense_is_refused() {
        let mut wrong = QuireBuffer {
            data: ptr::null_mut(),
            length: 3,
            capacity: 8,
        };
        // SAFETY: the fields are refused before the memory is looked at.
        assert!(unsafe { Reply::take(&mut wrong) }.is_err());
        // SAFETY: NULL is allowed to be asked for.
        assert!(unsafe { Reply::take(ptr::null_mut()) }.is_err());
    }
}
