//! JavaScript values in and out, through Node-API's C functions.
//!
//! Promises: every function here is safe to call on the JavaScript thread during a call from JavaScript, which is
//! what holding an `Env` means; a value of another type gives `None` and changes nothing. No function here runs
//! JavaScript, so the environment's state cannot be entered twice.
//! Leaves to others: what the values mean (the doors), errors (environment.rs).

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr;

use napi_sys as sys;

/// The JavaScript environment, for the time of one call from JavaScript.
#[derive(Clone, Copy)]
pub struct Env<'call> {
    raw: sys::napi_env,
    /// Bound to the call; and never sent to another thread.
    call: PhantomData<(&'call (), *const ())>,
}

/// A JavaScript value, for the time of one call.
#[derive(Clone, Copy)]
pub struct Value<'call> {
    raw: sys::napi_value,
    call: PhantomData<&'call ()>,
}

/// The bytes of a typed array, as Node-API names them.
#[derive(Clone, Copy)]
pub struct RawBytes {
    /// Start of the bytes; dangling when there are none.
    pub start: *mut u8,
    /// How many bytes there are.
    pub count: usize,
}

impl Value<'_> {
    /// The value for Node-API's functions.
    pub fn raw(self) -> sys::napi_value {
        self.raw
    }
}

impl<'call> Env<'call> {
    /// Wraps what Node handed to a callback.
    ///
    /// # Safety
    /// `raw` is the environment of the running callback, on its thread, and `'call` ends with the callback.
    pub unsafe fn from_raw(raw: sys::napi_env) -> Env<'call> {
        Env {
            raw,
            call: PhantomData,
        }
    }

    /// The environment for Node-API's functions.
    pub fn raw(self) -> sys::napi_env {
        self.raw
    }

    /// Wraps a value that Node handed out in this call.
    pub fn value(self, raw: sys::napi_value) -> Value<'call> {
        Value {
            raw,
            call: PhantomData,
        }
    }

    /// True for JavaScript's undefined.
    pub fn is_undefined(self, value: Value<'call>) -> bool {
        let mut kind = sys::ValueType::napi_undefined;
        // SAFETY: env and value are of this call.
        let status = unsafe { sys::napi_typeof(self.raw, value.raw, &mut kind) };
        status == sys::Status::napi_ok && kind == sys::ValueType::napi_undefined
    }

    /// The strings of `value`, an array of strings.
    pub fn read_texts(self, value: Value<'call>) -> Option<Vec<String>> {
        let mut count = 0;
        // SAFETY: env and value are of this call.
        let status = unsafe { sys::napi_get_array_length(self.raw, value.raw, &mut count) };
        if status != sys::Status::napi_ok {
            return None;
        }
        (0..count)
            .map(|index| {
                let mut element = ptr::null_mut();
                // SAFETY: as above; src/native.ts hands over arrays without accessors.
                let status = unsafe { sys::napi_get_element(self.raw, value.raw, index, &mut element) };
                if status == sys::Status::napi_ok {
                    self.read_text(self.value(element))
                } else {
                    None
                }
            })
            .collect()
    }

    /// The number that `value` is.
    #[inline]
    pub fn read_number(self, value: Value<'call>) -> Option<f64> {
        let mut number = 0.0;
        // SAFETY: env and value are of this call; `number` outlives it.
        let status = unsafe { sys::napi_get_value_double(self.raw, value.raw, &mut number) };
        (status == sys::Status::napi_ok).then_some(number)
    }

    /// The whole number of 64 bits that `value`, a number, is cut to.
    #[inline]
    pub fn read_integer(self, value: Value<'call>) -> Option<i64> {
        let mut number = 0;
        // SAFETY: env and value are of this call; `number` outlives it.
        let status = unsafe { sys::napi_get_value_int64(self.raw, value.raw, &mut number) };
        (status == sys::Status::napi_ok).then_some(number)
    }

    /// The integer that `value`, a bigint, is. `Some(None)` when it does not fit 64 bits.
    pub fn read_bigint(self, value: Value<'call>) -> Option<Option<i64>> {
        let mut number = 0;
        let mut is_lossless = false;
        // SAFETY: env and value are of this call; both results outlive it.
        let status =
            unsafe { sys::napi_get_value_bigint_int64(self.raw, value.raw, &mut number, &mut is_lossless) };
        (status == sys::Status::napi_ok).then_some(is_lossless.then_some(number))
    }

    /// Writes the string `value` as UTF-8 into `buffer`, which needs one byte more for an end mark, and gives the
    /// count of bytes. A longer string is cut at a character, so a count of `buffer.len() - 4` or more may be cut.
    #[inline]
    pub fn read_text_into(self, value: Value<'call>, buffer: &mut [u8]) -> Option<usize> {
        let mut count = 0;
        // SAFETY: the buffer has `buffer.len()` bytes to write; env and value are of this call.
        let status = unsafe {
            sys::napi_get_value_string_utf8(
                self.raw,
                value.raw,
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                &mut count,
            )
        };
        (status == sys::Status::napi_ok).then_some(count)
    }

    /// The string that `value` is.
    pub fn read_text(self, value: Value<'call>) -> Option<String> {
        let mut count = 0;
        // SAFETY: a null buffer asks for the count alone.
        let status =
            unsafe { sys::napi_get_value_string_utf8(self.raw, value.raw, ptr::null_mut(), 0, &mut count) };
        if status != sys::Status::napi_ok {
            return None;
        }
        let mut bytes = vec![0; count + 1];
        let count = self.read_text_into(value, &mut bytes)?;
        bytes.truncate(count);
        String::from_utf8(bytes).ok()
    }

    /// The bytes of `value`, a Uint8Array or Buffer. They stay where they are while JavaScript does not run.
    pub fn read_bytes(self, value: Value<'call>) -> Option<RawBytes> {
        let (kind, count, start) = self.typed_array(value)?;
        (kind == sys::TypedarrayType::uint8_array).then(|| RawBytes::new(start, count))
    }

    /// The bytes of `value`, a Float64Array.
    pub fn read_doubles(self, value: Value<'call>) -> Option<RawBytes> {
        let (kind, count, start) = self.typed_array(value)?;
        (kind == sys::TypedarrayType::float64_array).then(|| RawBytes::new(start, count * size_of::<f64>()))
    }

    /// Kind, count of elements and start of a typed array.
    fn typed_array(self, value: Value<'call>) -> Option<(sys::napi_typedarray_type, usize, *mut c_void)> {
        let mut is_typed_array = false;
        // SAFETY: env and value are of this call.
        let status = unsafe { sys::napi_is_typedarray(self.raw, value.raw, &mut is_typed_array) };
        if status != sys::Status::napi_ok || !is_typed_array {
            return None;
        }
        let (mut kind, mut count, mut start) = (0, 0, ptr::null_mut());
        // SAFETY: the value is a typed array; results that are not wanted may be null.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                self.raw,
                value.raw,
                &mut kind,
                &mut count,
                &mut start,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        (status == sys::Status::napi_ok).then_some((kind, count, start))
    }

    /// A JavaScript number. `None` when the environment is being torn down.
    #[inline]
    pub fn number(self, number: f64) -> Option<Value<'call>> {
        let mut result = ptr::null_mut();
        let integer = number as i32;
        let status = if f64::from(integer) == number {
            // SAFETY: env is of this call; `result` outlives it.
            unsafe { sys::napi_create_int32(self.raw, integer, &mut result) }
        } else {
            // SAFETY: as above.
            unsafe { sys::napi_create_double(self.raw, number, &mut result) }
        };
        self.created(status, result)
    }

    /// A JavaScript string.
    pub fn text(self, text: &str) -> Option<Value<'call>> {
        let mut result = ptr::null_mut();
        // SAFETY: the bytes of `text` are read during the call only.
        let status = unsafe {
            sys::napi_create_string_utf8(self.raw, text.as_ptr().cast(), text.len() as isize, &mut result)
        };
        self.created(status, result)
    }

    /// A JavaScript boolean.
    pub fn boolean(self, truth: bool) -> Option<Value<'call>> {
        let mut result = ptr::null_mut();
        // SAFETY: env is of this call.
        let status = unsafe { sys::napi_get_boolean(self.raw, truth, &mut result) };
        self.created(status, result)
    }

    /// A new Uint8Array that holds a copy of `bytes`. Not a Buffer, so that slices of it are plain Uint8Arrays.
    pub fn bytes(self, bytes: &[u8]) -> Option<Value<'call>> {
        let (mut start, mut buffer, mut result) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        // SAFETY: env is of this call.
        let status = unsafe { sys::napi_create_arraybuffer(self.raw, bytes.len(), &mut start, &mut buffer) };
        if status != sys::Status::napi_ok || start.is_null() {
            return None;
        }
        // SAFETY: Node made room for `bytes.len()` bytes at `start`, which nobody else refers to yet.
        let status = unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), start.cast(), bytes.len());
            let kind = sys::TypedarrayType::uint8_array;
            sys::napi_create_typedarray(self.raw, kind, bytes.len(), buffer, 0, &mut result)
        };
        self.created(status, result)
    }

    /// A new object with `fields`, in this order.
    pub fn object(self, fields: &[(&str, Option<Value<'call>>)]) -> Option<Value<'call>> {
        let mut result = ptr::null_mut();
        // SAFETY: env is of this call.
        let status = unsafe { sys::napi_create_object(self.raw, &mut result) };
        let object = self.created(status, result)?;
        for (name, value) in fields {
            let (key, value) = (self.text(name)?, (*value)?);
            // SAFETY: object, key and value are of this call; a plain object's own field runs no JavaScript.
            let status = unsafe { sys::napi_set_property(self.raw, object.raw, key.raw, value.raw) };
            self.created(status, object.raw)?;
        }
        Some(object)
    }

    /// A new array of `elements`.
    pub fn array(self, elements: &[Value<'call>]) -> Option<Value<'call>> {
        let mut result = ptr::null_mut();
        // SAFETY: env is of this call.
        let status = unsafe { sys::napi_create_array_with_length(self.raw, elements.len(), &mut result) };
        let array = self.created(status, result)?;
        for (index, element) in elements.iter().enumerate() {
            // SAFETY: array and element are of this call.
            let status = unsafe { sys::napi_set_element(self.raw, array.raw, index as u32, element.raw) };
            self.created(status, array.raw)?;
        }
        Some(array)
    }

    fn created(self, status: sys::napi_status, result: sys::napi_value) -> Option<Value<'call>> {
        (status == sys::Status::napi_ok).then(|| self.value(result))
    }
}

impl RawBytes {
    /// No bytes.
    pub const EMPTY: RawBytes = RawBytes {
        start: ptr::NonNull::<u8>::dangling().as_ptr(),
        count: 0,
    };

    fn new(start: *mut c_void, count: usize) -> RawBytes {
        if start.is_null() || count == 0 {
            RawBytes::EMPTY
        } else {
            RawBytes {
                start: start.cast(),
                count,
            }
        }
    }

    /// The bytes to read.
    ///
    /// # Safety
    /// The typed array is alive and not detached, and JavaScript does not run during `'a`.
    pub unsafe fn as_slice<'a>(self) -> &'a [u8] {
        // SAFETY: Node-API gave start and count of one array buffer; the caller keeps it alive.
        unsafe { std::slice::from_raw_parts(self.start, self.count) }
    }
}
