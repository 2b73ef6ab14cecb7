//! The fault campaign: one I/O call of a workload after the other fails, once or for ever.
//!
//! Promises: the same workload and seed give the same faults. A failure says workload, seed, call and fault.
//! Judged: the error has a kind that fits the fault; what the database holds is the state after a commit, never
//! half of one; after a failed sync nothing more is acknowledged until the database is opened again; after a
//! disk that was full it goes on; and every reopen finds each acknowledged commit.

use quire_engine::storage::simulated::{
    Call, CallKind, CrashPolicy, Fault, Random, SimulatedStorage, Survival,
};
use quire_engine::{Error, ErrorKind};

use super::backups::is_backup_file;
use super::campaign::{Counts, Effort, Failure, Judged, Workload, go_on, guarded, judge, trace};
use super::session::{History, Session};
use super::twin::Step;

/// The faults that a call of `kind` can have.
fn faults_of(kind: CallKind) -> &'static [Fault] {
    match kind {
        CallKind::Write => &[
            Fault::WriteError,
            Fault::ShortWrite,
            Fault::WriteErrorAfterAll,
            Fault::NoSpace,
        ],
        CallKind::SetLen => &[Fault::AnyError, Fault::NoSpace],
        CallKind::Sync => &[
            Fault::SyncError { reverts: false },
            Fault::SyncError { reverts: true },
        ],
        CallKind::Read => &[Fault::ReadError],
        CallKind::Open | CallKind::Rename | CallKind::Remove | CallKind::SyncDirectory => &[Fault::AnyError],
    }
}

/// Lets every call of `workload` fail.
pub fn fail_everywhere(
    workload: &Workload,
    seed: u64,
    effort: Effort,
    counts: &mut Counts,
) -> std::result::Result<(), Failure> {
    let calls = trace(workload, seed)?;
    for call in calls.iter().step_by(workload.call_step * effort.call_step) {
        counts.calls += 1;
        for fault in faults_of(call.kind) {
            for is_lasting in [false, true] {
                // A second failing sync is met by nobody: the first one ends the session.
                let is_pointless = is_lasting && call.kind == CallKind::Sync;
                if !is_pointless {
                    counts.states += 1;
                    let plan = Plan {
                        call,
                        fault: *fault,
                        is_lasting,
                    };
                    let acknowledged = guarded(|| fail_at(workload, seed, &plan)).map_err(|words| {
                        let lasting = if is_lasting { ", for ever" } else { "" };
                        Failure(format!(
                            "{} seed {seed} call {} ({:?} of {}) {fault:?}{lasting}: {words}",
                            workload.name,
                            call.number,
                            call.kind,
                            call.path.display(),
                        ))
                    })?;
                    counts.acknowledged += acknowledged;
                }
            }
        }
    }
    Ok(())
}

struct Plan<'a> {
    call: &'a Call,
    fault: Fault,
    is_lasting: bool,
}

impl Plan<'_> {
    fn has_struck(&self, disk: &SimulatedStorage) -> bool {
        disk.calls() >= self.call.number
    }

    /// Whether the fault may show as `error`.
    fn fits(&self, error: &Error) -> bool {
        match self.fault {
            Fault::NoSpace => matches!(error.kind(), ErrorKind::DiskFull | ErrorKind::Poisoned),
            _ => matches!(
                error.kind(),
                ErrorKind::Io | ErrorKind::Poisoned | ErrorKind::CannotOpen
            ),
        }
    }
}

/// Lets one call fail and judges what is left; returns how many commits had to be there.
fn fail_at(workload: &Workload, seed: u64, plan: &Plan<'_>) -> Judged<u64> {
    let disk = SimulatedStorage::new(seed);
    disk.inject(plan.fault, plan.call.number, plan.is_lasting, None);
    let opened = Session::open(
        disk.clone(),
        workload.durability,
        workload.cache_bytes,
        History::new(),
    );
    let mut session = match opened {
        Ok(session) => session,
        Err(error) if plan.fits(&error) => Session::closed(disk, workload.durability, workload.cache_bytes),
        Err(error) => return Err(format!("open gave {error}")),
    };
    session.history.may_leak = plan.fault == Fault::ReadError;
    work(workload, plan, &mut session)?;
    if let Some(database) = session.database.take() {
        match database.close() {
            Ok(()) => session.history.all_on_disk(session.history.last),
            Err(error) if plan.has_struck(&session.disk) && plan.fits(&error) => {}
            Err(error) => return Err(format!("close gave {error}")),
        }
    }
    session.disk.heal();
    afterwards(workload, seed, &session)?;
    Ok(session.history.written)
}

/// Does every step; failures are judged and passed over.
fn work(workload: &Workload, plan: &Plan<'_>, session: &mut Session) -> Judged<()> {
    // A backup whose sync fails says nothing of the database's own files.
    let is_sync = matches!(plan.fault, Fault::SyncError { .. }) && !is_backup_file(&plan.call.path);
    let mut has_room_again = false;
    for (index, step) in workload.steps.iter().enumerate() {
        let place = |words: String| format!("step {index}, {step:?}: {words}");
        if session.database.is_none() {
            match session.reopen() {
                Ok(()) => {}
                Err(error) if plan.fits(&error) => continue,
                Err(error) => return Err(place(format!("reopen gave {error}"))),
            }
        }
        let had_struck = plan.has_struck(&session.disk);
        let last = session.history.last;
        let result = session.run(step);
        match &result {
            Ok(())
                if is_sync
                    && had_struck
                    && session.history.last > last
                    && session.opened_at < plan.call.number =>
            {
                return Err(place(
                    "a commit was acknowledged after a sync had failed".to_owned(),
                ));
            }
            Ok(()) => {}
            Err(error) if !plan.has_struck(&session.disk) || !plan.fits(error) => {
                return Err(place(format!("gave {error}")));
            }
            // A disk that could not even overwrite may have ended the session; nothing else may.
            Err(error) if has_room_again && error.kind() != ErrorKind::Poisoned => {
                return Err(place(format!("with room again, gave {error}")));
            }
            Err(_) => {}
        }
        if plan.has_struck(&session.disk) {
            session.disk.heal();
            same_in_memory(session).map_err(place)?;
            if is_sync && plan.fault == (Fault::SyncError { reverts: true }) {
                // What was written and not synced is gone from the cache too.
                session.history.written = session.history.on_disk;
            }
            has_room_again |= plan.fault == Fault::NoSpace && result.is_err();
            if plan.is_lasting && !has_room_again {
                session.disk.inject(plan.fault, plan.call.number, true, None);
            }
        }
    }
    Ok(())
}

/// What the open database shows is the state after its last commit.
fn same_in_memory(session: &Session) -> Judged<()> {
    let Some(database) = &session.database else {
        return Ok(());
    };
    let number = match database.stats() {
        Ok(stats) => stats.sequence,
        Err(error) if error.kind() == ErrorKind::Poisoned => return Ok(()),
        Err(error) => return Err(format!("stats gave {error}")),
    };
    session
        .history
        .find(database, number)
        .map(|_| ())
        .map_err(|words| format!("in memory: {words}"))
}

/// Reopens what a session left: at once, and after a power cut.
fn afterwards(workload: &Workload, seed: u64, session: &Session) -> Judged<()> {
    let mut random = Random::forked(seed, 8);
    let history = &session.history;
    let found = judge(workload, session.disk.kill(seed), history, history.written)
        .map_err(|words| format!("reopened: {words}"))?;
    let nothing = CrashPolicy {
        survival: Survival::Nothing,
        sector_bytes: 512,
    };
    // What an open served is durable, even if the cache called clean what the disk does not have.
    judge(
        workload,
        found.disk.crash(nothing, seed),
        &found.history,
        found.history.last,
    )
    .map_err(|words| format!("reopened, then the power went: {words}"))?;
    go_on(found, seed).map_err(|words| format!("reopened: {words}"))?;
    for survival in [Survival::Nothing, Survival::ALL[random.below(8) as usize]] {
        let policy = CrashPolicy {
            survival,
            sector_bytes: 512,
        };
        let disk = session.disk.crash(policy, random.number());
        let found = judge(workload, disk, history, history.on_disk)
            .map_err(|words| format!("then the power went, {policy:?}: {words}"))?;
        go_on(found, seed).map_err(|words| format!("then the power went, {policy:?}: {words}"))?;
    }
    Ok(())
}

/// Runs `workload` on a disk that has room for so many bytes only, then gives it more.
pub fn fill_disk(workload: &Workload, seed: u64, space_bytes: u64) -> Judged<bool> {
    let disk = SimulatedStorage::new(seed);
    disk.set_space(Some(space_bytes));
    let full = |error: &Error| error.kind() == ErrorKind::DiskFull;
    let opened = Session::open(
        disk.clone(),
        workload.durability,
        workload.cache_bytes,
        History::new(),
    );
    let mut session = match opened {
        Ok(session) => session,
        Err(error) if full(&error) => Session::closed(disk, workload.durability, workload.cache_bytes),
        Err(error) => return Err(format!("open gave {error}")),
    };
    let mut was_full = session.database.is_none();
    for step in &workload.steps {
        if session.database.is_none() && session.reopen().is_err() {
            continue;
        }
        match session.run(step) {
            Ok(()) => {}
            Err(error) if full(&error) => was_full = true,
            Err(error) => return Err(format!("{step:?} gave {error}")),
        }
        same_in_memory(&session)?;
    }
    session.disk.set_space(None);
    if session.database.is_none() {
        session
            .reopen()
            .map_err(|error| format!("with room again, open gave {error}"))?;
    }
    let document = super::workloads::document(700, 5000, 0);
    for step in [Step::Put("room", document), Step::Checkpoint] {
        session
            .run(&step)
            .map_err(|error| format!("with room again, {step:?} gave {error}"))?;
    }
    same_in_memory(&session)?;
    afterwards(workload, seed, &session)?;
    Ok(was_full)
}
