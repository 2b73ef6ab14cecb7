//! The doors whose work is done on a pool thread: promises.
//!
//! A task is queued with Node's own thread pool and settles its promise on the JavaScript thread, always with an
//! object: an error is a field of it. Promises: a task that is under way when its environment ends is finished and
//! forgotten; nothing of it touches JavaScript then. Leaves to others: what the object means (src/native.ts).

use std::collections::VecDeque;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use napi_sys as sys;
use parking_lot::Mutex;
use quire_engine::check::CheckReport;
use quire_engine::{AnyCursor, BackupReport, CompactReport, Error, ErrorKind, Result};

use crate::calls::{FindArguments, VerbArguments, cursor_in_use};
use crate::databases::{error_object, number};
use crate::door::{Call, Given, enter_giving, internal};
use crate::environment::{EntryKind, Environment};
use crate::session::{Outcome, Request, begin_array, end_array, write_options};
use crate::values::{Env, Value};

/// Who asks on a pool thread: nobody in particular, because a pool thread may wait for any transaction.
pub const NO_OWNER: u64 = 0;

/// What a task brings back.
#[derive(Default)]
pub struct Finished {
    /// What a verb gives besides bytes.
    pub outcome: Outcome,
    /// The response.
    pub bytes: Vec<u8>,
    /// The cursor that has more.
    pub cursor: CursorKept,
    /// What the task tells of the whole database.
    pub report: Option<Report>,
}

/// What a task tells of the whole database, in the field of its name.
pub enum Report {
    /// `report`: what `check` found.
    Check(CheckReport),
    /// `backup`: what a backup holds.
    Backup(BackupReport),
    /// `compaction`: what a compaction did.
    Compaction(CompactReport),
}

/// What becomes of a task's cursor.
#[derive(Default)]
pub enum CursorKept {
    /// There is none, or nothing more to come.
    #[default]
    None,
    /// It was known before.
    Known(u64),
    /// It was opened by the task, from the database of this handle.
    New(u64, AnyCursor),
}

/// The tasks of one environment. Only a few are in Node's hands at a time, so that its pool is left to others as well,
/// and so that an environment which ends does not wait for a long queue.
pub struct Tasks {
    running_count: usize,
    waiting: VecDeque<Work>,
}

/// Tasks of one environment that are in Node's hands at a time; Node's pool has four threads by default.
const RUNNING_MAX: usize = 4;

/// A task, which waits or is in Node's hands.
struct Work {
    handle: sys::napi_async_work,
    deferred: sys::napi_deferred,
    task: Option<Box<dyn FnOnce() -> Result<Finished> + Send>>,
    result: Option<Result<Finished>>,
}

/// `callAsync(verb, collection, start, end, durability, id?)`: as `call`.
pub unsafe extern "C" fn call_async(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: Node calls this as a function that `exports` made.
    unsafe {
        enter_giving(env, info, |call| {
            let VerbArguments {
                verb,
                handle,
                start,
                end,
                durability,
                id,
            } = VerbArguments::read(call)?;
            let filter = std::mem::take(&mut call.environment.kept);
            let body = call.environment.buffers.request(start, end)?.to_vec();
            let session = call.environment.handles.session(handle)?.clone();
            let write = write_options(durability, NO_OWNER)?;
            queue(call, move || {
                let request = Request {
                    verb,
                    id: id.as_ref(),
                    filter: &filter,
                    body: &body,
                    write,
                };
                let mut bytes = Vec::new();
                let outcome = session.run(&request, &mut bytes)?;
                Ok(Finished {
                    outcome,
                    bytes,
                    ..Finished::default()
                })
            })
        })
    }
}

/// `findAsync(collection, start, end, skip, limit, documentsMax, bytesMax)`: as `find`.
pub unsafe extern "C" fn find_async(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `call_async`.
    unsafe {
        enter_giving(env, info, |call| {
            let arguments = FindArguments::read(call)?;
            let filter = call
                .environment
                .buffers
                .request(arguments.start, arguments.end)?
                .to_vec();
            let database = call.environment.handles.entry(arguments.handle)?.database;
            let session = call.environment.handles.session(arguments.handle)?.clone();
            queue(call, move || {
                let mut cursor = session.find(&filter, arguments.skip, arguments.limit)?;
                let mut finished = read_batch(&mut cursor, arguments.documents_max, arguments.bytes_max)?;
                if !cursor.is_over() {
                    finished.cursor = CursorKept::New(database, cursor);
                }
                Ok(finished)
            })
        })
    }
}

/// `nextAsync(cursor, documentsMax, bytesMax)`: as `next`.
pub unsafe extern "C" fn next_async(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `call_async`.
    unsafe {
        enter_giving(env, info, |call| {
            let (handle, documents_max, bytes_max) = (call.handle(0), call.count(1)?, call.count(2)?);
            let cursor = call.environment.handles.cursor(handle)?.clone();
            queue(call, move || {
                let mut cursor = cursor.try_lock().ok_or_else(cursor_in_use)?;
                let mut finished = read_batch(&mut cursor, documents_max, bytes_max)?;
                if !cursor.is_over() {
                    finished.cursor = CursorKept::Known(handle);
                }
                Ok(finished)
            })
        })
    }
}

/// `databaseTask(database, task)`: by the numbers of src/database.ts: 0 sync, 1 checkpoint, 2 check, 3 close,
/// 4 compact.
pub unsafe extern "C" fn database_task(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `call_async`.
    unsafe {
        enter_giving(env, info, |call| {
            let (handle, task) = (call.handle(0), call.integer(1)?);
            let database = call.environment.handles.database(handle)?.clone();
            if task == 3 {
                drop(call.environment.take_database(handle));
            }
            queue(call, move || {
                let mut finished = Finished::default();
                match task {
                    0 => database.sync()?,
                    1 => database.checkpoint()?,
                    2 => finished.report = Some(Report::Check(database.check()?)),
                    3 => database.close()?,
                    4 => finished.report = Some(Report::Compaction(database.compact()?)),
                    other => {
                        return Err(Error::new(
                            ErrorKind::Internal,
                            format!("no task has the number {other}"),
                        ));
                    }
                }
                Ok(finished)
            })
        })
    }
}

/// `backup(database, path)`: the report of what the new file holds.
pub unsafe extern "C" fn backup(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `call_async`.
    unsafe {
        enter_giving(env, info, |call| {
            let (handle, path) = (call.handle(0), call.text(1)?);
            let database = call.environment.handles.database(handle)?.clone();
            queue(call, move || {
                Ok(Finished {
                    report: Some(Report::Backup(database.backup(&path)?)),
                    ..Finished::default()
                })
            })
        })
    }
}

/// `salvage(from, to)`: the report of what could not be read, like `check`'s.
pub unsafe extern "C" fn salvage(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    // SAFETY: as `call_async`.
    unsafe {
        enter_giving(env, info, |call| {
            let (from, to) = (call.text(0)?, call.text(1)?);
            queue(call, move || {
                let salvaged = quire_engine::salvage(&from, &to)?;
                let report = CheckReport {
                    pages_count: 0,
                    documents_count: salvaged.documents_count,
                    problems: salvaged.problems,
                    problems_count: salvaged.problems_count,
                };
                Ok(Finished {
                    report: Some(Report::Check(report)),
                    ..Finished::default()
                })
            })
        })
    }
}

/// The next batch as an array. Errors: those of the cursor.
pub fn read_batch(cursor: &mut AnyCursor, documents_max: usize, bytes_max: usize) -> Result<Finished> {
    let mut bytes = Vec::new();
    begin_array(&mut bytes);
    let count = cursor.next_batch(&mut bytes, documents_max, bytes_max)?;
    end_array(&mut bytes, count);
    if count == 0 {
        bytes.clear();
    }
    let outcome = Outcome {
        count: count as u64,
        structures_identity: cursor.structures_identity(),
        modified: 0,
    };
    Ok(Finished {
        outcome,
        bytes,
        ..Finished::default()
    })
}

/// Queues `task` and gives its promise. Errors: INTERNAL when Node makes none.
pub fn queue<'call>(
    call: &mut Call<'call>,
    task: impl FnOnce() -> Result<Finished> + Send + 'static,
) -> Result<Given<'call>> {
    let env = call.env;
    let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: env is of this call.
    if unsafe { sys::napi_create_promise(env.raw(), &mut deferred, &mut promise) } != sys::Status::napi_ok {
        return Err(refused());
    }
    call.environment.tasks.waiting.push_back(Work {
        handle: ptr::null_mut(),
        deferred,
        task: Some(Box::new(task)),
        result: None,
    });
    call.environment.tasks.start(env);
    Ok(Given::Value(Some(env.value(promise))))
}

impl Tasks {
    /// No tasks.
    pub const fn new() -> Tasks {
        Tasks {
            running_count: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Hands waiting tasks to Node's pool, as many as may run.
    fn start(&mut self, env: Env<'_>) {
        while self.running_count < RUNNING_MAX
            && let Some(work) = self.waiting.pop_front()
        {
            match hand_over(env, work) {
                Ok(()) => self.running_count += 1,
                Err(work) => settle(
                    env,
                    work.deferred,
                    env.object(&[("error", error_object(env, &refused()))]),
                ),
            }
        }
    }
}

/// Hands `work` to Node, which then owns it until `complete`; gives it back when Node refuses.
fn hand_over(env: Env<'_>, work: Work) -> std::result::Result<(), Box<Work>> {
    let Some(name) = env.text("quiredb") else {
        return Err(Box::new(work));
    };
    let work = Box::into_raw(Box::new(work));
    let mut handle = ptr::null_mut();
    // SAFETY: env is of this call; `work` lives until `complete`, which Node calls once for a queued work.
    unsafe {
        let (data, none) = (work.cast(), ptr::null_mut());
        let status = sys::napi_create_async_work(
            env.raw(),
            none,
            name.raw(),
            Some(execute),
            Some(complete),
            data,
            &mut handle,
        );
        if status == sys::Status::napi_ok {
            (*work).handle = handle;
            if sys::napi_queue_async_work(env.raw(), handle) == sys::Status::napi_ok {
                return Ok(());
            }
            sys::napi_delete_async_work(env.raw(), handle);
        }
        Err(Box::from_raw(work))
    }
}

/// Resolves the promise of `deferred`. In an environment that ends Node refuses, and nobody waits any more.
fn settle(env: Env<'_>, deferred: sys::napi_deferred, object: Option<Value<'_>>) {
    if let Some(object) = object {
        // SAFETY: each deferred is settled once, by whoever took its work out.
        unsafe { sys::napi_resolve_deferred(env.raw(), deferred, object.raw()) };
    }
}

#[cold]
fn refused() -> Error {
    Error::new(ErrorKind::Internal, "Node refused to queue a task")
}

/// On a pool thread: does the task.
unsafe extern "C" fn execute(_env: sys::napi_env, data: *mut c_void) {
    // SAFETY: the data is the box of `queue`; nobody else touches it until `complete`.
    let work = unsafe { &mut *data.cast::<Work>() };
    if let Some(task) = work.task.take() {
        let result = catch_unwind(AssertUnwindSafe(task));
        work.result = Some(result.unwrap_or_else(|panic| Err(internal(&*panic))));
    }
}

/// On the JavaScript thread: settles the promise. In an environment that ends, every call here fails, and the result
/// is dropped.
unsafe extern "C" fn complete(env: sys::napi_env, _status: sys::napi_status, data: *mut c_void) {
    let _completed = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: Node calls this once, after `execute` or in its place when the work was cancelled.
        let (work, env) = unsafe { (Box::from_raw(data.cast::<Work>()), Env::from_raw(env)) };
        let Work {
            handle,
            deferred,
            result,
            ..
        } = *work;
        let result = result.unwrap_or_else(|| Err(Error::new(ErrorKind::Closed, "the call was cancelled")));
        // SAFETY: the work was completed, so its handle may be given back.
        unsafe { sys::napi_delete_async_work(env.raw(), handle) };
        // SAFETY: no door is under way: Node calls this from its event loop.
        let Some(environment) = (unsafe { Environment::of(env) }) else {
            return;
        };
        let object = match result {
            Ok(finished) => finished_object(env, environment, finished),
            Err(error) => env.object(&[("error", error_object(env, &error))]),
        };
        settle(env, deferred, object);
        environment.tasks.running_count = environment.tasks.running_count.saturating_sub(1);
        environment.tasks.start(env);
    }));
}

fn finished_object<'call>(
    env: Env<'call>,
    environment: &mut Environment,
    finished: Finished,
) -> Option<Value<'call>> {
    let Finished {
        outcome,
        bytes,
        cursor,
        report,
    } = finished;
    let cursor = match cursor {
        CursorKept::None => 0,
        CursorKept::Known(handle) => handle,
        // Of a database that was closed meanwhile nothing more can be read.
        CursorKept::New(database, cursor) if environment.handles.database(database).is_ok() => environment
            .keep(database, EntryKind::Cursor(Arc::new(Mutex::new(cursor))))
            .unwrap_or(0),
        CursorKept::New(..) => 0,
    };
    let mut fields = vec![
        ("count", env.number(outcome.count as f64)),
        ("modified", env.number(outcome.modified as f64)),
        ("structures", env.number(outcome.structures_identity as f64)),
        ("cursor", env.number(number(cursor))),
    ];
    if !bytes.is_empty() {
        fields.push(("bytes", env.bytes(&bytes)));
    }
    if let Some(report) = report {
        fields.push(match &report {
            Report::Check(report) => ("report", report_object(env, report)),
            Report::Backup(report) => ("backup", backup_object(env, report)),
            Report::Compaction(report) => ("compaction", compaction_object(env, report)),
        });
    }
    env.object(&fields)
}

fn report_object<'call>(env: Env<'call>, report: &CheckReport) -> Option<Value<'call>> {
    let problems: Option<Vec<_>> = report
        .problems
        .iter()
        .map(|problem| error_object(env, problem))
        .collect();
    env.object(&[
        ("isClean", env.boolean(report.is_clean())),
        ("pagesCount", env.number(report.pages_count as f64)),
        ("documentsCount", env.number(report.documents_count as f64)),
        ("problemsCount", env.number(report.problems_count as f64)),
        ("problems", env.array(&problems?)),
    ])
}

fn backup_object<'call>(env: Env<'call>, report: &BackupReport) -> Option<Value<'call>> {
    env.object(&[
        ("pagesCount", env.number(report.pages_count as f64)),
        ("bytes", env.number(report.bytes as f64)),
        ("collectionsCount", env.number(report.collections_count as f64)),
        ("documentsCount", env.number(report.documents_count as f64)),
        ("sequence", env.number(report.sequence as f64)),
    ])
}

fn compaction_object<'call>(env: Env<'call>, report: &CompactReport) -> Option<Value<'call>> {
    let names = |names: &[Arc<str>]| -> Option<Value<'call>> {
        let texts: Option<Vec<_>> = names.iter().map(|name| env.text(name)).collect();
        env.array(&texts?)
    };
    env.object(&[
        ("bytesBefore", env.number(report.bytes_before as f64)),
        ("bytesAfter", env.number(report.bytes_after as f64)),
        ("moved", names(&report.moved)),
        ("left", names(&report.left)),
    ])
}
