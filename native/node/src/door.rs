//! The door: how every function of the addon is entered from JavaScript.
//!
//! A door returns a number: a count or a length, or minus the number of an error, whose text `lastError` gives; or,
//! where a call gives more, an object. Promises: a panic ends here as an INTERNAL error; nothing is thrown into
//! JavaScript; a call allocates nothing by itself. Leaves to others: what calls do (calls.rs, databases.rs, tasks.rs).

use std::ffi::c_void;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use napi_sys as sys;
use quire_engine::format::value::Value as StoredValue;
use quire_engine::{Error, ErrorKind, IdBytes, Result};

use crate::environment::Environment;
use crate::values::{Env, Value};

/// Most arguments of a door.
pub const ARGUMENTS_MAX: usize = 10;
/// Longest text, in bytes, whose canonical head is one byte: `SHORT_TEXT_HEAD` and its length.
const SHORT_BYTES_MAX: usize = 31;
/// See `SHORT_BYTES_MAX`; MessagePack names it fixstr.
const SHORT_TEXT_HEAD: u8 = 0xa0;
/// Room for the head, such a text, one character more, which shows that a text was cut, and an end mark.
const SHORT_BUFFER_BYTES: usize = 1 + SHORT_BYTES_MAX + 4 + 1;

/// One call from JavaScript: its environment, state and arguments.
pub struct Call<'call> {
    /// The JavaScript environment.
    pub env: Env<'call>,
    /// The state of that environment.
    pub environment: &'call mut Environment,
    arguments: [sys::napi_value; ARGUMENTS_MAX],
}

/// An id that was given; a short text is kept without an allocation.
pub enum IdArgument {
    /// Canonical bytes of a short text.
    Short {
        /// They begin here.
        bytes: [u8; SHORT_BUFFER_BYTES],
        /// And end here.
        end: usize,
    },
    /// Any other id.
    Held(IdBytes),
}

impl Deref for IdArgument {
    type Target = [u8];

    /// The canonical bytes.
    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            IdArgument::Short { bytes, end } => bytes.get(..*end).unwrap_or_default(),
            IdArgument::Held(id) => id,
        }
    }
}

impl IdArgument {
    /// The id, for calls that keep it. Errors: none that a door's id can meet.
    pub fn into_id(self) -> Result<IdBytes> {
        match self {
            IdArgument::Short { .. } => IdBytes::from_canonical(&self),
            IdArgument::Held(id) => Ok(id),
        }
    }
}

/// What a door gives to JavaScript.
pub enum Given<'call> {
    /// A number that is not negative.
    Number(f64),
    /// Something else.
    Value(Option<Value<'call>>),
}

impl<'call> Call<'call> {
    /// The argument at `index`; JavaScript's undefined when it was not given.
    #[inline]
    pub fn argument(&self, index: usize) -> Value<'call> {
        self.env
            .value(self.arguments.get(index).copied().unwrap_or(ptr::null_mut()))
    }

    /// A handle.
    #[inline]
    pub fn handle(&self, index: usize) -> u64 {
        self.env
            .read_integer(self.argument(index))
            .and_then(|number| u64::try_from(number).ok())
            .unwrap_or(0)
    }

    /// A whole number. Errors: INVALID_ARGUMENT.
    #[inline]
    pub fn integer(&self, index: usize) -> Result<i64> {
        self.env
            .read_integer(self.argument(index))
            .ok_or_else(|| self.expected(index, "a number"))
    }

    /// A count. Errors: INVALID_ARGUMENT.
    #[inline]
    pub fn count(&self, index: usize) -> Result<usize> {
        usize::try_from(self.integer(index)?).map_err(|_| self.expected(index, "a count"))
    }

    /// A text. Errors: INVALID_ARGUMENT.
    pub fn text(&self, index: usize) -> Result<String> {
        self.env
            .read_text(self.argument(index))
            .ok_or_else(|| self.expected(index, "a string"))
    }

    /// An id: a string, a whole number, a bigint or bytes. Errors: INVALID_ID.
    #[inline]
    pub fn id(&self, index: usize) -> Result<IdArgument> {
        let mut bytes = [0; SHORT_BUFFER_BYTES];
        match self
            .env
            .read_text_into(self.argument(index), bytes.get_mut(1..).unwrap_or_default())
        {
            Some(count) if count <= SHORT_BYTES_MAX => {
                bytes[0] = SHORT_TEXT_HEAD | count as u8;
                Ok(IdArgument::Short {
                    bytes,
                    end: count + 1,
                })
            }
            Some(_) => self.id_of_long_text(index).map(IdArgument::Held),
            None => self.id_of_other_type(index).map(IdArgument::Held),
        }
    }

    /// As `id`, when one was given. Errors: INVALID_ID.
    pub fn optional_id(&self, index: usize) -> Result<Option<IdBytes>> {
        if self.env.is_undefined(self.argument(index)) {
            Ok(None)
        } else {
            self.id(index)?.into_id().map(Some)
        }
    }

    #[cold]
    fn id_of_long_text(&self, index: usize) -> Result<IdBytes> {
        IdBytes::from_text(&self.text(index)?)
    }

    fn id_of_other_type(&self, index: usize) -> Result<IdBytes> {
        let value = self.argument(index);
        if let Some(number) = self.env.read_number(value) {
            return IdBytes::from_value(&StoredValue::Float(number));
        }
        if let Some(number) = self.env.read_bigint(value) {
            return number.map(IdBytes::from_integer).ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidId,
                    "an _id that is a bigint must fit 64 bits with a sign",
                )
            });
        }
        if let Some(bytes) = self.env.read_bytes(value) {
            // SAFETY: the array is an argument of this call, and JavaScript does not run before it returns.
            return IdBytes::from_binary(unsafe { bytes.as_slice() });
        }
        Err(Error::new(
            ErrorKind::InvalidId,
            "an _id must be a string, a whole number, a bigint or a Uint8Array",
        ))
    }

    #[cold]
    fn expected(&self, index: usize, what: &str) -> Error {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("argument {index} must be {what}"),
        )
    }
}

/// Enters a door: reads the arguments, calls `body`, and hands over what it gives.
///
/// # Safety
/// Called by Node as a callback: `env` and `info` are of this call, and the function's data is the environment.
#[inline]
pub unsafe fn enter(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(&mut Call<'_>) -> Result<f64>,
) -> sys::napi_value {
    // SAFETY: the caller's promise.
    unsafe { enter_giving(env, info, |call| body(call).map(Given::Number)) }
}

/// As `enter`, for calls that give an object.
///
/// # Safety
/// As for `enter`.
#[inline]
pub unsafe fn enter_giving(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl for<'call> FnOnce(&mut Call<'call>) -> Result<Given<'call>>,
) -> sys::napi_value {
    let mut arguments = [ptr::null_mut(); ARGUMENTS_MAX];
    let mut count = ARGUMENTS_MAX;
    let mut data: *mut c_void = ptr::null_mut();
    // SAFETY: env and info are of this call; `arguments` has room for `count` values.
    let status = unsafe {
        sys::napi_get_cb_info(
            env,
            info,
            &mut count,
            arguments.as_mut_ptr(),
            ptr::null_mut(),
            &mut data,
        )
    };
    if status != sys::Status::napi_ok {
        return ptr::null_mut();
    }
    // SAFETY: the data is the environment's state, which lives as long as JavaScript runs there; no other call is
    // inside it, because nothing that a door does runs JavaScript.
    let (env, environment) = unsafe { (Env::from_raw(env), &mut *data.cast::<Environment>()) };
    let mut call = Call {
        env,
        environment,
        arguments,
    };
    let given = match catch_unwind(AssertUnwindSafe(|| body(&mut call))) {
        Ok(Ok(Given::Number(number))) => call.env.number(number),
        Ok(Ok(Given::Value(value))) => value,
        Ok(Err(error)) => call.env.number(call.environment.fail(error)),
        Err(panic) => call.env.number(call.environment.fail(internal(&*panic))),
    };
    given.map_or(ptr::null_mut(), Value::raw)
}

/// The error of a panic.
#[cold]
pub fn internal(panic: &(dyn std::any::Any + Send)) -> Error {
    let what = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned());
    Error::new(
        ErrorKind::Internal,
        format!("a bug in QuireDB, please report it: {what}"),
    )
}
