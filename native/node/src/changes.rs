//! The doors of change streams, and how JavaScript learns that there is more to read.
//!
//! A stream is read by plain calls that never wait; one that finds nothing leaves word with the engine, and the commit
//! that changes that calls back through one thread-safe function for the whole environment, once. Promises: no thread
//! waits for a stream; the function holds the event loop only while JavaScript says so (`holdWake`); after the
//! environment's end nobody calls it. Leaves to others: what is told (the engine's watch/), promises (src/native.ts).

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use napi_sys as sys;
use parking_lot::Mutex;
use quire_engine::command;
use quire_engine::format::encode::write_text;
use quire_engine::watch::{Stream, Waker};
use quire_engine::{Error, ErrorKind, Result};

use crate::buffers::status;
use crate::databases::number;
use crate::door::{Call, enter};
use crate::environment::{EntryKind, Environment};
use crate::session::{begin_array, end_array, enter as enter_transaction};
use crate::values::{Env, Value};

/// The function that wakes the streams of one environment; shared with the threads that commit.
pub struct Wake {
    /// Null once the environment ended.
    function: Mutex<Function>,
}

struct Function(sys::napi_threadsafe_function);

// SAFETY: Node allows calls of a thread-safe function from any thread as long as it was not released; it is used and
// released under one mutex.
unsafe impl Send for Function {}

impl Wake {
    /// Has JavaScript look after the stream of `handle`; from any thread.
    pub fn call(&self, handle: u64) {
        let mut function = self.function.lock();
        if function.0.is_null() {
            return;
        }
        let data = handle as usize as *mut c_void;
        // SAFETY: the function was not released; see `Function`. The data is a number and no pointer.
        let status = unsafe {
            sys::napi_call_threadsafe_function(function.0, data, sys::ThreadsafeFunctionCallMode::nonblocking)
        };
        if status == sys::Status::napi_closing {
            // That answer gives the function back.
            function.0 = ptr::null_mut();
        }
    }
}

/// `pinWake(function)`: the JavaScript function that is called with the handle of a stream; once in an environment.
pub unsafe extern "C" fn pin_wake(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node calls this as a function that `exports` made.
    unsafe {
        enter(env, info, |call| {
            if call.environment.wake.is_none() {
                call.environment.wake = Some(make_wake(call.env, call.argument(0))?);
            }
            Ok(0.0)
        })
    }
}

fn make_wake<'call>(env: Env<'call>, callback: Value<'call>) -> Result<Arc<Wake>> {
    let name = env.text("quiredb changes").ok_or_else(refused)?;
    let mut function = ptr::null_mut();
    // SAFETY: env and values are of this call. The cleanup hook is added after the function was made, so it runs before
    // Node takes the function away; the reference that it gets lives until then.
    unsafe {
        let status = sys::napi_create_threadsafe_function(
            env.raw(),
            callback.raw(),
            ptr::null_mut(),
            name.raw(),
            0,
            1,
            ptr::null_mut(),
            None,
            ptr::null_mut(),
            Some(run_wake),
            &mut function,
        );
        if status != sys::Status::napi_ok {
            return Err(refused());
        }
        sys::napi_unref_threadsafe_function(env.raw(), function);
        let wake = Arc::new(Wake {
            function: Mutex::new(Function(function)),
        });
        let data = Arc::into_raw(wake.clone()).cast_mut();
        sys::napi_add_env_cleanup_hook(env.raw(), Some(end_wake), data.cast());
        Ok(wake)
    }
}

#[cold]
fn refused() -> Error {
    Error::new(ErrorKind::Internal, "Node refused to make a thread-safe function")
}

/// On the JavaScript thread: calls the function with the handle.
unsafe extern "C" fn run_wake(
    env: sys::napi_env,
    callback: sys::napi_value,
    _context: *mut c_void,
    data: *mut c_void,
) {
    if env.is_null() || callback.is_null() {
        return;
    }
    // SAFETY: Node calls this in a scope of its own. No reference to the environment's state is in use: JavaScript
    // may call any door.
    unsafe {
        let env = Env::from_raw(env);
        let (mut this, mut result) = (ptr::null_mut(), ptr::null_mut());
        let Some(handle) = env.number(data as usize as f64) else {
            return;
        };
        if sys::napi_get_undefined(env.raw(), &mut this) == sys::Status::napi_ok {
            // An exception stays pending, and Node reports it.
            sys::napi_call_function(env.raw(), this, callback, 1, &handle.raw(), &mut result);
        }
    }
}

/// At the environment's end, before Node takes the function away.
unsafe extern "C" fn end_wake(data: *mut c_void) {
    // SAFETY: the data is the reference that `make_wake` left, and Node calls this once.
    let wake = unsafe { Arc::from_raw(data.cast::<Wake>()) };
    let mut function = wake.function.lock();
    let released = std::mem::replace(&mut function.0, ptr::null_mut());
    if !released.is_null() {
        // SAFETY: it was not released before, and nobody can use it any more.
        unsafe {
            sys::napi_release_threadsafe_function(released, sys::ThreadsafeFunctionReleaseMode::abort);
        }
    }
}

/// `holdWake(isHeld)`: whether waiting for streams keeps the process alive.
pub unsafe extern "C" fn hold_wake(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `pin_wake`.
    unsafe {
        enter(env, info, |call| {
            let is_held = call.integer(0)? != 0;
            if let Some(wake) = &call.environment.wake {
                let function = wake.function.lock();
                if !function.0.is_null() && is_held {
                    sys::napi_ref_threadsafe_function(call.env.raw(), function.0);
                } else if !function.0.is_null() {
                    sys::napi_unref_threadsafe_function(call.env.raw(), function.0);
                }
            }
            Ok(0.0)
        })
    }
}

/// `watch(database, start, end)`: the handle of a stream; the request is a command.
pub unsafe extern "C" fn watch(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `pin_wake`.
    unsafe {
        enter(env, info, |call| {
            let handle = call.handle(0);
            let request = call.environment.buffers.request(call.count(1)?, call.count(2)?)?;
            let database = call.environment.handles.database(handle)?;
            let stream = command::open_stream(database, request)?;
            let kept = EntryKind::Stream(Box::new(Mutex::new(stream)));
            call.environment.keep(handle, kept).map(number)
        })
    }
}

/// `watchNext(stream, eventsMax, bytesMax)`: events that there are now. The response is an array: the token behind
/// them, then the events. The status has the stream, or 0 at its end; and 1 as "modified" when there may be more at
/// once. Else the wake function will be called.
pub unsafe extern "C" fn watch_next(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `pin_wake`.
    unsafe { enter(env, info, next_events) }
}

fn next_events(call: &mut Call<'_>) -> Result<f64> {
    let (handle, events_max, bytes_max) = (call.handle(0), call.count(1)?, call.count(2)?);
    let Environment {
        handles,
        buffers,
        scratch,
        wake,
        ..
    } = &mut *call.environment;
    let mut stream = handles.stream(handle)?.lock();
    scratch.clear();
    begin_array(scratch);
    let mut events = Vec::new();
    let progress = stream.next_batch(&mut events, events_max, bytes_max)?;
    write_text(stream.token().to_string().as_bytes(), scratch);
    scratch.append(&mut events);
    end_array(scratch, progress.count + 1);
    let has_more = progress.has_more || (!progress.is_ended && !arm(&stream, handle, wake.as_ref()));
    buffers.set_status(
        status::CURSOR,
        if progress.is_ended { 0.0 } else { number(handle) },
    );
    buffers.set_status(status::MODIFIED, f64::from(has_more));
    buffers.respond(scratch);
    Ok(progress.count as f64)
}

/// Has JavaScript called when there is more to read; false when there may be already.
fn arm(stream: &Stream, handle: u64, wake: Option<&Arc<Wake>>) -> bool {
    let Some(wake) = wake.cloned() else {
        return true;
    };
    let waker: Waker = Arc::new(move || wake.call(handle));
    stream.arm(&waker)
}

/// `watchSkip(stream, transaction)`: passes over what the transaction's snapshot has seen.
pub unsafe extern "C" fn watch_skip(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `pin_wake`.
    unsafe {
        enter(env, info, |call| {
            let handles = &call.environment.handles;
            let open = handles.transaction(call.handle(1))?;
            if let Some(sequence) = enter_transaction(&open.transaction)?.sequence() {
                handles.stream(call.handle(0))?.lock().skip_to(sequence);
            }
            Ok(0.0)
        })
    }
}

/// `closeWatch(stream)`: also one that is closed already.
pub unsafe extern "C" fn close_watch(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `pin_wake`.
    unsafe {
        enter(env, info, |call| {
            let handle = call.handle(0);
            if call.environment.handles.stream(handle).is_ok() {
                drop(call.environment.handles.remove(handle));
            }
            Ok(0.0)
        })
    }
}
