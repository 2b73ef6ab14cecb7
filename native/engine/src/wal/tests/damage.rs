//! Rules of recovery on damaged, foreign and stray log files.

use super::session::Session;
use super::*;
use crate::error::ErrorKind;
use crate::format::log_frame::{ATTEST_AT, FRAMES_AT};
use crate::storage::simulated::{Fault, Random, SimulatedStorage};

/// What damage did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// All commits were found.
    Harmless,
    /// `CORRUPTED` was reported.
    Detected,
    /// Only the commits up to this one were found.
    Lost(u64),
}

/// What recovery makes of the disk. Any commit that it visits has the right content, or the test fails.
fn effect(session: &Session, disk: &SimulatedStorage) -> Effect {
    match session.recover(disk) {
        Ok(found) if found.last_sequence.0 == session.committed.len() as u64 => Effect::Harmless,
        Ok(found) => Effect::Lost(found.last_sequence.0),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Corrupted, "{error}");
            Effect::Detected
        }
    }
}

/// A session whose commits were all acknowledged at `disk`, across a switch that was not retired.
fn synced_session(is_attested: bool) -> Session {
    let mut session = Session::new(3);
    for _ in 0..8 {
        session.commit(Durability::Disk).unwrap();
    }
    assert!(session.log.switch().unwrap());
    for _ in 0..8 {
        session.commit(Durability::Disk).unwrap();
    }
    if is_attested {
        session.log.attest().unwrap();
    }
    session
}

fn log_files(disk: &SimulatedStorage) -> Vec<(PathBuf, Vec<u8>)> {
    disk.paths()
        .into_iter()
        .map(|path| (path.clone(), disk.content(&path).unwrap()))
        .collect()
}

#[test]
fn no_flipped_bit_loses_a_synced_commit_but_of_the_last_one() {
    for is_attested in [false, true] {
        let session = synced_session(is_attested);
        let last = session.committed.len() as u64;
        let (mut detected, mut undecidable) = (0, 0);
        for (path, content) in log_files(&session.disk) {
            for bit in 0..content.len() as u64 * 8 {
                session.disk.flip_bit(&path, bit / 8, (bit % 8) as u8);
                match effect(&session, &session.disk) {
                    Effect::Harmless => {}
                    Effect::Detected => detected += 1,
                    Effect::Lost(kept) => {
                        assert_eq!(kept, last - 1, "{} bit {bit}", path.display());
                        undecidable += 1;
                    }
                }
                session.disk.flip_bit(&path, bit / 8, (bit % 8) as u8);
            }
        }
        assert!(detected > 5_000, "{detected} flips detected");
        assert_eq!(
            undecidable == 0,
            is_attested,
            "{undecidable} flips in the last commit were not noticed"
        );
    }
}

#[test]
fn truncation_to_any_length_but_zero_is_noticed() {
    for is_attested in [false, true] {
        let session = synced_session(is_attested);
        for (path, content) in log_files(&session.disk) {
            for length in 0..content.len() {
                session.disk.set_content(&path, &content[..length]);
                match effect(&session, &session.disk) {
                    Effect::Harmless | Effect::Detected => {}
                    Effect::Lost(kept) => {
                        // An empty live file cannot be told from one whose creation was cut off.
                        let is_live = path == log_path(Path::new(BASE), 1);
                        assert!(
                            is_live && length == 0,
                            "{} cut to {length}: {kept} kept",
                            path.display()
                        );
                    }
                }
            }
            session.disk.set_content(&path, &content);
        }
    }
}

#[test]
fn zeroed_sectors_are_noticed() {
    let session = synced_session(true);
    for (path, content) in log_files(&session.disk) {
        for start in (0..content.len()).step_by(512) {
            let mut damaged = content.clone();
            let end = content.len().min(start + 512);
            damaged[start..end].fill(0);
            session.disk.set_content(&path, &damaged);
            let effect = effect(&session, &session.disk);
            // Without its attest record only damage to the last commit could go unnoticed.
            let is_harmful = content[start..end] != damaged[start..end] && start as u64 != ATTEST_AT;
            assert_eq!(
                effect == Effect::Detected,
                is_harmful,
                "{} sector at {start}",
                path.display()
            );
        }
        session.disk.set_content(&path, &content);
    }
}

#[test]
fn damage_to_a_retired_generation_does_not_matter() {
    let mut session = synced_session(false);
    session.header = (8, 2);
    session.log.retire(2).unwrap();
    let path = log_path(Path::new(BASE), 0);
    for offset in FRAMES_AT..session.disk.content(&path).unwrap().len() as u64 {
        session.disk.flip_bit(&path, offset, 3);
        assert_eq!(effect(&session, &session.disk), Effect::Harmless);
        session.disk.flip_bit(&path, offset, 3);
    }
}

#[test]
fn damaged_frame_that_the_data_file_covers_does_not_hide_the_ones_behind_it() {
    let mut session = synced_session(false);
    // A checkpoint in the middle of the live generation, as after an earlier one that failed.
    session.header = (12, 2);
    session.log.retire(2).unwrap();
    let path = log_path(Path::new(BASE), 1);
    session.disk.flip_bit(&path, FRAMES_AT + 40, 1);
    assert_eq!(effect(&session, &session.disk), Effect::Harmless);
    assert_eq!(session.recover(&session.disk).unwrap().frames, 4);
}

#[test]
fn lost_and_misdirected_writes_of_synced_commits_are_noticed() {
    for fault in [Fault::LostWrite, Fault::Misdirected { bytes: 48 }] {
        for victim in 0..6 {
            let mut session = Session::new(3);
            for number in 0..8 {
                if number == victim {
                    let frame_write = session.disk.calls() + if number == 0 { 7 } else { 1 };
                    session.disk.inject(fault, frame_write, false, None);
                }
                session.commit(Durability::Disk).unwrap();
            }
            assert_eq!(
                effect(&session, &session.disk),
                Effect::Detected,
                "{fault:?} of commit {}",
                victim + 1
            );
        }
    }
}

#[test]
fn log_newer_than_the_header_says_that_the_header_is_damaged() {
    let mut session = synced_session(false);
    session.header = (8, 2);
    session.log.retire(2).unwrap();
    // The newest header slot is damaged, and the older one is what recovery is given.
    session.header = (0, 1);
    let error = session.recover(&session.disk).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    assert!(error.message().contains("header"), "{error}");
}

#[test]
fn missing_older_generation_is_noticed() {
    let session = synced_session(false);
    session.disk.remove(&log_path(Path::new(BASE), 0)).unwrap();
    assert_eq!(effect(&session, &session.disk), Effect::Detected);
}

#[test]
fn log_of_another_database_is_refused_by_name() {
    let session = synced_session(false);
    let base = Path::new(BASE);
    let result = recover(&session.disk, base, FileId([8; 16]), Sequence(0), 1, |_, _| {
        panic!("visited")
    });
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupted);
    assert!(error.message().contains("another database"), "{error}");
}

#[test]
fn copy_of_one_log_in_place_of_the_other_is_refused() {
    let session = synced_session(false);
    let content = session.disk.content(&log_path(Path::new(BASE), 0)).unwrap();
    session.disk.set_content(&log_path(Path::new(BASE), 1), &content);
    assert_eq!(effect(&session, &session.disk), Effect::Detected);
}

#[test]
fn later_log_format_is_unsupported() {
    let session = synced_session(false);
    let path = log_path(Path::new(BASE), 0);
    let mut content = session.disk.content(&path).unwrap();
    content[8] = 2;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&content[..12]);
    hasher.update(&content[16..LOG_HEAD_BYTES]);
    content[12..16].copy_from_slice(&hasher.finalize().to_le_bytes());
    session.disk.set_content(&path, &content);
    assert_eq!(
        session.recover(&session.disk).unwrap_err().kind(),
        ErrorKind::UnsupportedFormat
    );
}

#[test]
fn garbage_and_splices_are_refused_or_harmless_but_never_a_panic() {
    let session = synced_session(true);
    let files = log_files(&session.disk);
    let mut random = Random::new(11);
    for _ in 0..3000 {
        let (path, content) = &files[random.below(2) as usize];
        let mut damaged = content.clone();
        // All but the sector that vouches for the rest: nothing could show that both were lost.
        let safe = ATTEST_AT as usize + 512;
        let within = |random: &mut Random| safe + random.below((content.len() - safe) as u64) as usize;
        match random.below(4) {
            0 => random.fill(&mut damaged[..safe]),
            1 => {
                let start = within(&mut random);
                random.fill(&mut damaged[start..]);
            }
            2 => {
                let (from, to) = (within(&mut random), within(&mut random));
                let length = (content.len() - from.max(to)).min(600);
                damaged[to..to + length].copy_from_slice(&content[from..from + length]);
            }
            _ => {
                for _ in 0..20 {
                    let at = within(&mut random);
                    damaged[at] = random.number() as u8;
                }
            }
        }
        session.disk.set_content(path, &damaged);
        assert!(!matches!(effect(&session, &session.disk), Effect::Lost(_)));
        session.disk.set_content(path, content);
    }
}

#[test]
fn read_error_during_recovery_is_reported_and_never_taken_for_the_end() {
    let session = synced_session(false);
    let calls = {
        let disk = session.disk.kill(1);
        session.recover(&disk).unwrap();
        disk.calls()
    };
    for call in 1..=calls {
        let disk = session.disk.kill(1);
        disk.inject(Fault::AnyError, call, false, None);
        assert_eq!(session.recover(&disk).unwrap_err().kind(), ErrorKind::Io);
    }
}

#[test]
fn error_of_the_visitor_ends_recovery() {
    let session = synced_session(false);
    let mut visits = 0;
    let result = recover(
        &session.disk,
        Path::new(BASE),
        FILE_ID,
        Sequence(0),
        1,
        |sequence, _| {
            visits += 1;
            if sequence.0 == 3 {
                Err(crate::Error::new(ErrorKind::Internal, "planned"))
            } else {
                Ok(())
            }
        },
    );
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(visits, 3);
}

#[test]
fn data_file_with_an_impossible_commit_number_is_corrupted() {
    let session = synced_session(true);
    for after in [u64::MAX - 1, u64::MAX] {
        let visit = |_, _: &[u8]| panic!("a commit was visited");
        let found = recover(&session.disk, Path::new(BASE), FILE_ID, Sequence(after), 1, visit);
        assert_eq!(found.err().unwrap().kind(), ErrorKind::Corrupted);
        let problems = salvage(&session.disk, Path::new(BASE), FILE_ID, Sequence(after), visit);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].kind(), ErrorKind::Corrupted);
    }
}

#[test]
fn salvage_tells_of_commits_between_data_file_and_log_and_gives_those_behind() {
    let session = synced_session(false);
    let older = session
        .disk
        .paths()
        .into_iter()
        .find(|path| path.to_str().unwrap().ends_with("log0"))
        .unwrap();
    session.disk.remove(&older).unwrap();
    for (after, told) in [(2, 1), (0, 0), (8, 0)] {
        let mut visited = Vec::new();
        let problems = salvage(
            &session.disk,
            Path::new(BASE),
            FILE_ID,
            Sequence(after),
            |sequence, _| {
                visited.push(sequence.0);
                Ok(())
            },
        );
        assert_eq!(problems.len(), told, "{problems:?}");
        assert!(problems.iter().all(|error| error.message().contains("are lost")));
        assert_eq!(visited, (9..=16).collect::<Vec<u64>>());
    }
}
