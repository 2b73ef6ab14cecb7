//! What the fuzzer of the C ABI's JSON does with its bytes.
//!
//! Promises, asserted here: nothing panics; what is taken in comes out as JSON that is taken in again, as the same.

use quire::{QuireBuffer, quire_buffer_free, quire_json_to_msgpack, quire_msgpack_to_json};

/// A result buffer of a call, freed when it goes.
struct Buffer(QuireBuffer);

impl Buffer {
    fn new() -> Buffer {
        Buffer(QuireBuffer::new())
    }

    fn bytes(&self) -> &[u8] {
        if self.0.data.is_null() {
            return &[];
        }
        // SAFETY: a call of the library filled the buffer, which says how many bytes it has.
        unsafe { std::slice::from_raw_parts(self.0.data, self.0.length) }
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the buffer is the library's own, or empty.
        unsafe { quire_buffer_free(&mut self.0) };
    }
}

fn to_msgpack(json: &[u8]) -> Option<Buffer> {
    let mut buffer = Buffer::new();
    // SAFETY: both are readable and writable as long as this call runs.
    let status = unsafe { quire_json_to_msgpack(json.as_ptr().cast(), json.len(), &mut buffer.0) };
    (status == 0).then_some(buffer)
}

fn to_json(msgpack: &[u8]) -> Option<Buffer> {
    let mut buffer = Buffer::new();
    // SAFETY: as above.
    let status = unsafe { quire_msgpack_to_json(msgpack.as_ptr(), msgpack.len(), &mut buffer.0) };
    (status == 0).then_some(buffer)
}

/// Any bytes as JSON, and as MessagePack.
pub fn json(input: &[u8]) {
    to_json(input);
    let Some(first) = to_msgpack(input) else { return };
    // What has no place in JSON's grammar of ours, as a number out of range, may be refused on the way back.
    let Some(shown) = to_json(first.bytes()) else {
        return;
    };
    let again = to_msgpack(shown.bytes());
    assert!(
        again.is_some_and(|again| again.bytes() == first.bytes()),
        "JSON of what was read reads as something else"
    );
}
