//! Commands: one map in, one map out, for everything that is no call of its own.
//!
//! A command is asked of a collection, of one that a transaction sees, or of a database. Leaves to others: what commands
//! there are (the engine's command/; docs/ABI.md), cursors once they are open (cursors.rs).

use std::sync::Arc;

use quire_engine::command::{self, AnyCursor, Target};
use quire_engine::{Result, WriteOptions};

use crate::buffer::{QuireBuffer, Reply};
use crate::database::{OpenDatabase, database_of};
use crate::documents::Session;
use crate::door::{door, write_options};
use crate::handles::{self, Kind};

/// What a command is asked of.
enum Asked {
    Session(Session),
    Database(Arc<OpenDatabase>),
}

impl Asked {
    /// What `handle` stands for. Errors: as `handles::with`.
    fn of(handle: u64) -> Result<Asked> {
        let kinds = [Kind::Database, Kind::Collection, Kind::Part];
        handles::check_kind(handle, &kinds, "a collection or a database")?;
        match handles::check_kind(handle, &[Kind::Database], "") {
            Ok(()) => database_of(handle).map(Asked::Database),
            Err(_) => Session::of(handle).map(Asked::Session),
        }
    }

    fn database(&self) -> &Arc<OpenDatabase> {
        match self {
            Asked::Session(session) => session.database(),
            Asked::Database(open) => open,
        }
    }

    /// Calls `ask` with the target. Errors: those of `ask`; BUSY when another thread is inside the transaction.
    fn with_target<R>(
        &self,
        write: WriteOptions,
        ask: impl FnOnce(&mut Target<'_>) -> Result<R>,
    ) -> Result<R> {
        match self {
            Asked::Session(Session::Collection { collection, .. }) => {
                ask(&mut Target::Collection(collection, write))
            }
            Asked::Session(Session::Part { transaction, name }) => {
                ask(&mut Target::Transaction(&mut *transaction.enter()?, name))
            }
            Asked::Database(open) => ask(&mut Target::Database(&open.database, write)),
        }
    }
}

/// Runs the command `request` and appends its reply to `out`. Errors: those of the command.
pub fn run_command(target: u64, request: &[u8], durability: i32, out: &mut Vec<u8>) -> Result<()> {
    let write = write_options(durability)?;
    Asked::of(target)?.with_target(write, |target| command::run(target, request, out))
}

/// Opens the cursor of the command `request`; also gives the database that it ends with. Errors: those of the command.
pub fn open_cursor(target: u64, request: &[u8]) -> Result<(Arc<OpenDatabase>, AnyCursor)> {
    let asked = Asked::of(target)?;
    // A pipeline may write, at the database's own durability.
    let cursor = asked.with_target(write_options(0)?, |target| command::open_cursor(target, request))?;
    Ok((asked.database().clone(), cursor))
}

/// Runs a command, a map whose `op` names it, on a collection or a database: all that has no call of its own, such as
/// {op: "updateMany", filter, update}. docs/ABI.md has every command with its request and its reply.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quire_command(
    target: u64,
    request: *const u8,
    request_length: usize,
    durability: i32,
    reply: *mut QuireBuffer,
) -> i32 {
    door(|| {
        // SAFETY: the caller's promise (quire.h).
        let mut reply = unsafe { Reply::take(reply)? };
        // SAFETY: as above.
        let request = unsafe { reply.input(request, request_length, "request")? };
        run_command(target, request, durability, &mut reply.bytes)?;
        reply.keep();
        Ok(())
    })
}
