//! Rules of the log when the power goes or the process dies at any I/O call.

use super::session::Session;
use super::*;
use crate::error::ErrorKind;
use crate::storage::simulated::{CrashPolicy, Random, SimulatedStorage, Survival};

const STEPS: u64 = 14;

/// Runs the steps of `seed` until the first error or the end.
fn run(session: &mut Session, seed: u64) {
    let mut random = Random::forked(seed, 7);
    for _ in 0..STEPS {
        if session.step(&mut random).is_err() {
            break;
        }
    }
}

/// A session of `seed` whose power went in call `call`; `None` where it ended before.
fn crashed_session(seed: u64, call: u64) -> Option<Session> {
    let mut session = Session::new(seed);
    session.disk.crash_at(call);
    run(&mut session, seed);
    session.disk.is_crashed().then_some(session)
}

fn assert_promises_kept(session: &Session, disk: &SimulatedStorage, what: &str) -> Recovered {
    let found = session
        .recover(disk)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let last = found.last_sequence.0;
    assert!(
        last >= session.on_disk,
        "{what}: commit {} of {} is lost",
        last + 1,
        session.on_disk
    );
    found
}

#[test]
fn power_cut_at_any_call_keeps_a_prefix_with_all_that_was_synced() {
    let mut states = 0u64;
    for seed in 0..60 {
        for call in 1.. {
            let Some(session) = crashed_session(seed, call) else {
                break;
            };
            for survival in Survival::ALL {
                for sector_bytes in [512, 4096] {
                    let disk = session.disk.crash(
                        CrashPolicy {
                            survival,
                            sector_bytes,
                        },
                        seed + call,
                    );
                    let what = format!("seed {seed} call {call} {survival:?} sectors of {sector_bytes}");
                    let found = assert_promises_kept(&session, &disk, &what);
                    // Recovery writes nothing, so a second one finds the same.
                    assert_eq!(session.recover(&disk).unwrap(), found, "{what}");
                    states += 1;
                }
            }
        }
    }
    assert!(states > 20_000, "only {states} states");
}

#[test]
fn disk_that_tears_anywhere_is_noticed_where_it_cannot_be_survived() {
    for seed in 0..20 {
        for call in 1.. {
            let Some(session) = crashed_session(seed, call) else {
                break;
            };
            for survival in [Survival::Prefix, Survival::Sectors] {
                let disk = session.disk.crash(
                    CrashPolicy {
                        survival,
                        sector_bytes: 1,
                    },
                    seed + call,
                );
                match session.recover(&disk) {
                    Ok(found) => assert!(
                        found.last_sequence.0 >= session.on_disk,
                        "seed {seed} call {call}"
                    ),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupted, "seed {seed} call {call}"),
                }
            }
        }
    }
}

#[test]
fn killed_process_loses_only_what_was_lazy() {
    for seed in 0..40 {
        for call in 1.. {
            let Some(session) = crashed_session(seed, call) else {
                break;
            };
            let what = format!("seed {seed} call {call}");
            let found = assert_promises_kept(&session, &session.disk.kill(seed), &what);
            assert!(found.last_sequence.0 >= session.in_system, "{what}");
            assert_eq!(found.dropped_frames, 0, "{what}");
        }
    }
}

#[test]
fn runs_that_crash_one_after_the_other_keep_every_promise() {
    for seed in 0..4000u64 {
        let mut chance = Random::forked(seed, 8);
        let mut session = Session::new(seed);
        for depth in 0..4 {
            session.disk.crash_at(session.disk.calls() + 1 + chance.below(40));
            run(&mut session, seed * 10 + depth);
            let what = format!("seed {seed} depth {depth}");
            let survival = Survival::ALL[chance.below(Survival::ALL.len() as u64) as usize];
            let sector_bytes = if chance.happens(50) { 512 } else { 4096 };
            let is_killed = chance.happens(30);
            let disk = if is_killed {
                session.disk.kill(chance.number())
            } else {
                session.disk.crash(
                    CrashPolicy {
                        survival,
                        sector_bytes,
                    },
                    chance.number(),
                )
            };
            let found = assert_promises_kept(&session, &disk, &what);
            if is_killed {
                assert!(found.last_sequence.0 >= session.in_system, "{what}");
            }
            session = session.next_run(disk, &found);
        }
    }
}

#[test]
fn power_cut_while_logs_are_removed_leaves_nothing_to_replay() {
    for seed in 0..300 {
        for call in 1.. {
            let mut session = Session::new(seed);
            run(&mut session, seed);
            let (Ok(()), true) = (session.sync(), session.log.check_usable().is_ok()) else {
                break;
            };
            // The closing checkpoint; its header holds every commit.
            session.header = (session.committed.len() as u64, session.header.1 + 1);
            session.disk.crash_at(session.disk.calls() + call);
            session.has_log = false;
            let is_removed = session.log.remove().is_ok();
            for survival in Survival::ALL {
                let disk = session.disk.crash(
                    CrashPolicy {
                        survival,
                        sector_bytes: 512,
                    },
                    seed + call,
                );
                let found = session.recover(&disk).unwrap();
                assert_eq!(found.frames, 0);
                assert!(!is_removed || disk.paths().is_empty());
            }
            if is_removed {
                break;
            }
        }
    }
}
