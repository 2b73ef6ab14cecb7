//! Rules of the log on a disk that fails or is full.

use super::session::Session;
use super::*;
use crate::error::ErrorKind;
use crate::storage::simulated::{CrashPolicy, Fault, Random, Survival};

const STEPS: u64 = 14;

const FAULTS: [Fault; 8] = [
    Fault::AnyError,
    Fault::ReadError,
    Fault::WriteError,
    Fault::ShortWrite,
    Fault::WriteErrorAfterAll,
    Fault::NoSpace,
    Fault::SyncError { reverts: false },
    Fault::SyncError { reverts: true },
];

/// Runs all steps, whatever fails; after the log is poisoned it must stay so.
fn run_through(session: &mut Session, seed: u64) {
    let mut random = Random::forked(seed, 7);
    for _ in 0..STEPS {
        let was_usable = session.log.check_usable().is_ok();
        let stepped = session.step(&mut random);
        if !was_usable {
            assert!(stepped.is_err_and(|error| error.kind() == ErrorKind::Poisoned));
        }
    }
}

#[test]
fn fault_at_any_call_loses_nothing_that_was_promised() {
    for seed in 0..12 {
        for (index, fault) in FAULTS.into_iter().enumerate() {
            for is_lasting in [false, true] {
                for call in 1.. {
                    let mut session = Session::new(seed);
                    session.disk.inject(fault, call, is_lasting, None);
                    run_through(&mut session, seed);
                    let what = format!("seed {seed} {fault:?} lasting {is_lasting} from call {call}");
                    session.disk.heal();
                    check_after_fault(&session, seed + index as u64, &what);
                    if session.disk.calls() < call {
                        break;
                    }
                }
            }
        }
    }
}

fn check_after_fault(session: &Session, seed: u64, what: &str) {
    for survival in Survival::ALL {
        let disk = session.disk.crash(
            CrashPolicy {
                survival,
                sector_bytes: 512,
            },
            seed,
        );
        let found = session
            .recover(&disk)
            .unwrap_or_else(|error| panic!("{what} {survival:?}: {error}"));
        assert!(found.last_sequence.0 >= session.on_disk, "{what} {survival:?}");
    }
    let found = session
        .recover(&session.disk.kill(seed))
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(found.last_sequence.0 >= session.on_disk, "{what}");
}

#[test]
fn runs_that_fail_and_crash_one_after_the_other_keep_every_promise() {
    for seed in 0..1500 {
        let mut chance = Random::forked(seed, 10);
        let mut session = Session::new(seed);
        for depth in 0..4 {
            let what = format!("seed {seed} depth {depth}");
            let fault = FAULTS[chance.below(FAULTS.len() as u64) as usize];
            let from_call = session.disk.calls() + 1 + chance.below(40);
            session.disk.inject(fault, from_call, chance.happens(30), None);
            run_through(&mut session, seed * 10 + depth);
            session.disk.heal();
            let survival = Survival::ALL[chance.below(Survival::ALL.len() as u64) as usize];
            let policy = CrashPolicy {
                survival,
                sector_bytes: 512,
            };
            let number = chance.number();
            let disk = if chance.happens(50) {
                session.disk.kill(number)
            } else {
                session.disk.crash(policy, number)
            };
            let found = session
                .recover(&disk)
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(found.last_sequence.0 >= session.on_disk, "{what}");
            session = session.next_run(disk, &found);
        }
    }
}

#[test]
fn failed_sync_poisons_for_ever_and_acknowledges_nobody() {
    let mut session = Session::new(1);
    session.commit(Durability::Disk).unwrap();
    session
        .disk
        .inject(Fault::SyncError { reverts: false }, 0, false, None);
    assert_eq!(
        session.commit(Durability::Disk).unwrap_err().kind(),
        ErrorKind::Poisoned
    );
    // The disk would sync again, but that would prove nothing.
    for durability in [Durability::Disk, Durability::Process, Durability::Lazy] {
        assert_eq!(
            session.commit(durability).unwrap_err().kind(),
            ErrorKind::Poisoned
        );
    }
    let log = &session.log;
    assert_eq!(
        log.wait(Sequence(2), Durability::Disk).unwrap_err().kind(),
        ErrorKind::Poisoned
    );
    for result in [
        log.sync(),
        log.flush(),
        log.retire(2),
        log.attest(),
        log.remove(),
        log.reserve(),
    ] {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Poisoned);
    }
    assert_eq!(log.switch().unwrap_err().kind(), ErrorKind::Poisoned);
    assert_eq!(log.synced_sequence(), Sequence(1));
}

#[test]
fn failed_write_leaves_no_readable_frame_and_poisons() {
    for fault in [Fault::WriteError, Fault::ShortWrite, Fault::WriteErrorAfterAll] {
        let mut session = Session::new(1);
        session.commit(Durability::Process).unwrap();
        session.disk.inject(fault, 0, false, None);
        assert_eq!(
            session.commit(Durability::Process).unwrap_err().kind(),
            ErrorKind::Io
        );
        session.doubtful.clear();
        assert_eq!(
            session.recover(&session.disk.kill(1)).unwrap().frames,
            1,
            "{fault:?}"
        );
        assert_eq!(
            session.commit(Durability::Process).unwrap_err().kind(),
            ErrorKind::Poisoned
        );
    }
}

#[test]
fn commit_on_a_full_disk_is_refused_and_the_next_one_takes_its_number() {
    for seed in 0..20 {
        let mut session = Session::new(seed);
        let mut random = Random::forked(seed, 9);
        let mut refused = 0;
        for _ in 0..10 {
            session.disk.set_space(Some(5_000 + random.below(20_000)));
            for _ in 0..40 {
                let durability = if random.happens(30) {
                    Durability::Lazy
                } else {
                    Durability::Process
                };
                match session.commit(durability) {
                    Ok(()) => {}
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::DiskFull);
                        refused += 1;
                    }
                }
            }
            session.disk.set_space(None);
            session.commit(Durability::Disk).unwrap();
            let found = session.recover(&session.disk.kill(seed)).unwrap();
            assert_eq!(found.last_sequence.0, session.committed.len() as u64);
            assert_eq!(found.dropped_frames, 0);
        }
        assert!(refused > 0);
    }
}

#[test]
fn checkpoint_on_a_full_disk_goes_on_in_the_live_file() {
    let mut session = Session::new(1);
    session.commit(Durability::Process).unwrap();
    session.disk.set_space(Some(6_000));
    assert_eq!(session.log.switch().unwrap_err().kind(), ErrorKind::DiskFull);
    session.commit(Durability::Process).unwrap();
    session.disk.set_space(None);
    assert!(session.log.switch().unwrap());
    session.commit(Durability::Disk).unwrap();
    assert_eq!(session.recover(&session.disk.kill(1)).unwrap().frames, 3);
}

#[test]
fn failed_sync_wakes_every_waiting_thread() {
    let session = Session::new(1);
    session
        .disk
        .inject(Fault::SyncError { reverts: false }, 60, false, None);
    let log = &session.log;
    let acknowledged = parking_lot::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Ok(sequence) = log.append(Durability::Disk, |out| out.push(1)) {
                    if log.wait(sequence, Durability::Disk).is_err() {
                        break;
                    }
                    acknowledged.lock().push(sequence.0);
                }
            });
        }
    });
    assert!(log.check_usable().is_err());
    let last = acknowledged.into_inner().into_iter().max().unwrap_or(0);
    assert!(last <= log.synced_sequence().0);
    let policy = CrashPolicy {
        survival: Survival::Nothing,
        sector_bytes: 512,
    };
    let after = session.disk.crash(policy, 1);
    let found = recover(&after, Path::new(BASE), FILE_ID, Sequence(0), 1, |_, _| Ok(())).unwrap();
    assert!(found.last_sequence.0 >= last);
}
