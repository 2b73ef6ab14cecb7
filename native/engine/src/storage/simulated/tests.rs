//! Rules of the simulated disk itself.

use super::*;
use crate::error::ErrorKind;

const PATH: &str = "a";

fn policy(survival: Survival) -> CrashPolicy {
    CrashPolicy {
        survival,
        sector_bytes: 512,
    }
}

fn path() -> &'static Path {
    Path::new(PATH)
}

/// A disk with a durable file of 2048 times 1, and 2s written over the first half of it.
fn half_written() -> SimulatedStorage {
    let disk = SimulatedStorage::new(1);
    let file = disk.open(path(), OpenMode::CreateNew).unwrap();
    file.write_at(0, &[1; 2048]).unwrap();
    file.sync_data().unwrap();
    disk.sync_directory(path()).unwrap();
    file.write_at(0, &[2; 1024]).unwrap();
    disk
}

#[test]
fn synced_bytes_survive_every_crash() {
    let disk = half_written();
    for survival in Survival::ALL {
        for seed in 0..50 {
            let content = disk.crash(policy(survival), seed).content(path()).unwrap();
            assert_eq!(content[1024..], [1; 1024]);
            assert_eq!(content.len(), 2048);
        }
    }
}

#[test]
fn pending_bytes_survive_by_whole_sectors_as_the_policy_says() {
    let disk = half_written();
    let states = |survival| -> Vec<Vec<u8>> {
        let mut states: Vec<Vec<u8>> = (0..100)
            .map(|seed| disk.crash(policy(survival), seed).content(path()).unwrap())
            .collect();
        states.sort();
        states.dedup();
        states
            .iter()
            .map(|content| content[..1024].chunks(512).map(|sector| sector[0]).collect())
            .collect()
    };
    assert_eq!(states(Survival::Nothing), [[1, 1]]);
    assert_eq!(states(Survival::All), [[2, 2]]);
    assert_eq!(states(Survival::SizeOnly), [[1, 1]]);
    assert_eq!(states(Survival::Prefix), [[1, 1], [2, 1], [2, 2]]);
    assert_eq!(states(Survival::Subset), [[1, 1], [2, 2]]);
    assert_eq!(states(Survival::Sectors), [[1, 1], [1, 2], [2, 1], [2, 2]]);
}

#[test]
fn names_survive_only_a_directory_sync_for_certain() {
    let disk = SimulatedStorage::new(1);
    let file = disk.open(path(), OpenMode::CreateNew).unwrap();
    file.write_at(0, b"x").unwrap();
    file.sync_data().unwrap();
    assert!(disk.crash(policy(Survival::Nothing), 1).content(path()).is_none());
    assert_eq!(
        disk.crash(policy(Survival::All), 1).content(path()).unwrap(),
        b"x"
    );
    disk.sync_directory(path()).unwrap();
    assert!(disk.crash(policy(Survival::Nothing), 1).content(path()).is_some());
    disk.rename(path(), Path::new("b")).unwrap();
    assert_eq!(disk.crash(policy(Survival::Nothing), 1).paths(), [path()]);
    disk.sync_directory(path()).unwrap();
    assert_eq!(disk.crash(policy(Survival::Nothing), 1).paths(), [Path::new("b")]);
    disk.remove(Path::new("b")).unwrap();
    assert_eq!(disk.crash(policy(Survival::Nothing), 1).paths().len(), 1);
    disk.sync_directory(path()).unwrap();
    assert!(disk.crash(policy(Survival::Nothing), 1).paths().is_empty());
}

#[test]
fn length_is_pending_like_content() {
    let disk = half_written();
    let file = disk.open(path(), OpenMode::ReadWrite).unwrap();
    file.sync_data().unwrap();
    file.set_len(10).unwrap();
    assert_eq!(
        disk.crash(policy(Survival::Nothing), 1)
            .content(path())
            .unwrap()
            .len(),
        2048
    );
    assert_eq!(
        disk.crash(policy(Survival::All), 1)
            .content(path())
            .unwrap()
            .len(),
        10
    );
    file.sync_data().unwrap();
    file.write_at(100, b"grown").unwrap();
    let grown = disk.crash(policy(Survival::SizeOnly), 1).content(path()).unwrap();
    assert_eq!(grown.len(), 105);
    assert_eq!(grown[10..], [0; 95]);
}

#[test]
fn power_goes_in_the_call_asked_for() {
    let disk = half_written();
    let before = disk.calls();
    let file = disk.open(path(), OpenMode::ReadWrite).unwrap();
    disk.crash_at(before + 2);
    assert!(file.write_at(1024, &[3; 512]).is_err());
    assert!(disk.is_crashed());
    assert!(file.read_at(0, &mut [0]).is_err());
    assert_eq!(disk.calls(), before + 2);
    // The call in flight may reach the disk.
    assert_eq!(
        disk.crash(policy(Survival::All), 1).content(path()).unwrap()[1024],
        3
    );
    assert_eq!(
        disk.crash(policy(Survival::Nothing), 1).content(path()).unwrap()[1024],
        1
    );
}

#[test]
fn failed_sync_drops_what_was_pending() {
    for reverts in [false, true] {
        let disk = half_written();
        disk.inject(Fault::SyncError { reverts }, 0, false, None);
        let file = disk.open(path(), OpenMode::ReadWrite).unwrap();
        assert_eq!(file.sync_data().unwrap_err().kind(), ErrorKind::Io);
        file.sync_data().unwrap();
        let on_disk = disk.crash(policy(Survival::All), 1).content(path()).unwrap();
        let seen = disk.content(path()).unwrap();
        if reverts {
            assert_eq!(seen, on_disk);
        } else {
            assert_eq!(seen[0], 2);
        }
    }
}

#[test]
fn faults_strike_once_or_for_ever_and_only_their_file() {
    let disk = half_written();
    let file = disk.open(path(), OpenMode::ReadWrite).unwrap();
    disk.inject(Fault::WriteError, 0, false, Some(path()));
    assert_eq!(file.write_at(0, b"x").unwrap_err().kind(), ErrorKind::Io);
    file.write_at(0, b"x").unwrap();
    disk.inject(Fault::ReadError, disk.calls() + 2, true, None);
    file.read_at(0, &mut [0]).unwrap();
    assert!(file.read_at(0, &mut [0]).is_err());
    assert!(file.read_at(0, &mut [0]).is_err());
    disk.heal();
    file.read_at(0, &mut [0]).unwrap();
    disk.inject(Fault::WriteError, 0, true, Some(Path::new("other")));
    file.write_at(0, b"y").unwrap();
    disk.inject(Fault::LostWrite, 0, false, None);
    file.write_at(0, b"z").unwrap();
    disk.inject(Fault::Misdirected { bytes: 512 }, 0, false, None);
    file.write_at(0, b"m").unwrap();
    let content = disk.content(path()).unwrap();
    assert_eq!((content[0], content[512]), (b'y', b'm'));
}

#[test]
fn full_disk_refuses_growth_and_lets_overwrite() {
    let disk = half_written();
    disk.set_space(Some(2058));
    let file = disk.open(path(), OpenMode::ReadWrite).unwrap();
    assert_eq!(
        file.write_at(2040, &[5; 100]).unwrap_err().kind(),
        ErrorKind::DiskFull
    );
    assert_eq!(file.len().unwrap(), 2058);
    file.write_at(0, &[6; 2058]).unwrap();
    assert_eq!(file.set_len(2059).unwrap_err().kind(), ErrorKind::DiskFull);
    file.set_len(5).unwrap();
    file.write_at(0, &[6; 100]).unwrap();
    disk.set_space(None);
    file.write_at(0, &[6; 10_000]).unwrap();
}

#[test]
fn trace_tells_every_call() {
    let disk = SimulatedStorage::new(1);
    disk.set_tracing(true);
    let file = disk.open(path(), OpenMode::CreateNew).unwrap();
    file.write_at(7, b"abc").unwrap();
    file.sync_data().unwrap();
    let trace = disk.trace();
    let kinds: Vec<CallKind> = trace.iter().map(|call| call.kind).collect();
    assert_eq!(kinds, [CallKind::Open, CallKind::Write, CallKind::Sync]);
    assert_eq!((trace[1].number, trace[1].offset, trace[1].length), (2, 7, 3));
}

#[test]
fn same_seed_gives_the_same_disk() {
    let entropy = |seed| {
        let mut out = [0; 16];
        SimulatedStorage::new(seed).random(&mut out).unwrap();
        out
    };
    assert_eq!(entropy(5), entropy(5));
    assert_ne!(entropy(5), entropy(6));
    let disk = half_written();
    let state = |seed| disk.crash(policy(Survival::Mixed), seed).content(path());
    assert!((0..20).all(|seed| state(seed) == state(seed)));
}

#[test]
fn rot_and_killed_process_leave_what_was_written() {
    let disk = half_written();
    assert!(disk.flip_bit(path(), 2000, 9));
    assert!(!disk.flip_bit(path(), 2048, 0));
    let after = disk.kill(2);
    assert_eq!(after.content(path()).unwrap()[0], 2);
    assert_eq!(after.content(path()).unwrap()[2000], 3);
    // Killed is not crashed: what was pending still is.
    assert_eq!(
        after.crash(policy(Survival::Nothing), 1).content(path()).unwrap()[0],
        1
    );
}
