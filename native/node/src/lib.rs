//! The Node-API addon of QuireDB.
//!
//! Everything goes through Node-API's C functions: a call by a generated wrapper costs 165 ns where a plain one costs
//! 30, and the hot calls are most of what a program does. Files: `values` (JavaScript values), `handles` and `buffers`
//! (what JavaScript holds of native things and the other way round), `environment` (both, for one thread), `door` (how
//! a call enters), `session` (verbs, without JavaScript), `calls`, `commands`, `databases` and `tasks` (the functions).
//! Source: the Node-API documentation, version 9.

mod buffers;
mod calls;
mod changes;
mod commands;
mod databases;
mod door;
mod environment;
mod handles;
mod session;
mod tasks;
mod values;

use std::ptr;

use napi_sys as sys;

use environment::Environment;
use values::Env;

/// A function of the addon.
type Door = unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value;

/// The functions by the names of `Addon` in src/native.ts.
const DOORS: &[(&str, Door)] = &[
    ("pinRequest", databases::pin_request),
    ("pinResponse", databases::pin_response),
    ("pinStatus", databases::pin_status),
    ("lastError", databases::last_error),
    ("open", databases::open),
    ("closeDatabase", databases::close_database),
    ("closeAll", databases::close_all),
    ("collection", databases::collection),
    ("closeCollection", databases::close_collection),
    ("createCollection", databases::create_collection),
    ("dropCollection", databases::drop_collection),
    ("renameCollection", databases::rename_collection),
    ("collections", databases::collections),
    ("stats", databases::stats),
    ("begin", databases::begin),
    ("transactionCollection", databases::transaction_collection),
    ("commit", databases::commit),
    ("rollback", databases::rollback),
    ("takeOverflow", calls::take_overflow),
    ("keep", calls::keep),
    ("get", calls::get),
    ("has", calls::has),
    ("insert", calls::insert),
    ("delete", calls::delete),
    ("call", calls::call),
    ("find", calls::find),
    ("next", calls::next),
    ("closeCursor", calls::close_cursor),
    ("structures", calls::structures),
    ("command", commands::command),
    ("commandAsync", commands::command_async),
    ("openCursor", commands::open_cursor),
    ("openCursorAsync", commands::open_cursor_async),
    ("callAsync", tasks::call_async),
    ("findAsync", tasks::find_async),
    ("nextAsync", tasks::next_async),
    ("databaseTask", tasks::database_task),
    ("backup", tasks::backup),
    ("salvage", tasks::salvage),
    ("pinWake", changes::pin_wake),
    ("holdWake", changes::hold_wake),
    ("watch", changes::watch),
    ("watchNext", changes::watch_next),
    ("watchSkip", changes::watch_skip),
    ("closeWatch", changes::close_watch),
];

/// The Node-API version that the addon was written for.
///
/// # Safety
/// Called by Node.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    9
}

/// Fills the addon's `exports`; once for the main thread and once for every worker.
///
/// # Safety
/// Called by Node with an environment and an object of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(
    env: sys::napi_env,
    exports: sys::napi_value,
) -> sys::napi_value {
    // On Windows the functions of Node are looked up at run time.
    #[cfg(target_env = "msvc")]
    // SAFETY: called before any other function of Node-API.
    let _library = unsafe { sys::setup() };
    // SAFETY: Node's promise.
    let env = unsafe { Env::from_raw(env) };
    let Some(environment) = Environment::install(env) else {
        return ptr::null_mut();
    };
    for (name, door) in DOORS {
        let mut function = ptr::null_mut();
        // SAFETY: name and environment outlive the call, and the environment every call of the function.
        unsafe {
            let status = sys::napi_create_function(
                env.raw(),
                name.as_ptr().cast(),
                name.len() as isize,
                Some(*door),
                environment.cast(),
                &mut function,
            );
            let Some(key) = env.text(name).filter(|_| status == sys::Status::napi_ok) else {
                return ptr::null_mut();
            };
            sys::napi_set_property(env.raw(), exports, key.raw(), function);
        }
    }
    exports
}
