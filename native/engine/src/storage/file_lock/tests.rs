//! Rules of the lock file.

use super::*;
use crate::storage::test_directory::TestDirectory;

fn refusal(path: &Path, mode: LockMode) -> Option<Error> {
    lock(path, mode).err()
}

#[test]
fn second_writer_is_refused_and_told_the_holder() {
    let directory = TestDirectory::new("lock_writer");
    let path = directory.file("a");
    let held = lock(&path, LockMode::Exclusive).unwrap();
    let error = refusal(&path, LockMode::Exclusive).unwrap();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(
        error
            .message()
            .contains(&format!("held by process {}", process::id())),
        "{error}"
    );
    assert_eq!(
        refusal(&path, LockMode::Shared).unwrap().kind(),
        ErrorKind::Locked
    );
    drop(held);
    assert!(!sibling(&path, "-lock").exists());
    assert!(lock(&path, LockMode::Exclusive).is_ok());
}

#[test]
fn readers_share_and_keep_writers_out_until_the_last_is_gone() {
    let directory = TestDirectory::new("lock_readers");
    let path = directory.file("a");
    let one = lock(&path, LockMode::Shared).unwrap();
    let two = lock(&path, LockMode::Shared).unwrap();
    drop(one);
    let error = refusal(&path, LockMode::Exclusive).unwrap();
    assert!(
        error
            .message()
            .contains(&format!("reading processes, {}", process::id())),
        "{error}"
    );
    drop(two);
    assert!(!sibling(&path, "-lock").exists());
    assert!(lock(&path, LockMode::Exclusive).is_ok());
}

#[test]
fn lock_file_left_by_a_dead_process_is_taken_over() {
    let directory = TestDirectory::new("lock_left");
    let path = directory.file("a");
    fs::write(sibling(&path, "-lock"), "999999\n").unwrap();
    let _held = lock(&path, LockMode::Exclusive).unwrap();
    assert_eq!(
        fs::read_to_string(sibling(&path, "-lock")).unwrap(),
        format!("{}\n", process::id())
    );
}

#[test]
fn garbage_in_the_lock_file_is_not_believed() {
    let directory = TestDirectory::new("lock_garbage");
    let path = directory.file("a");
    let _held = lock(&path, LockMode::Exclusive).unwrap();
    for garbage in [
        &b"\xff\xfe"[..],
        b"",
        b"reader",
        b"12345678901234567890",
        b"12 34 reader",
    ] {
        fs::write(sibling(&path, "-lock"), garbage).unwrap();
        assert_eq!(
            refusal(&path, LockMode::Exclusive).unwrap().kind(),
            ErrorKind::Locked
        );
    }
}

#[test]
fn removed_lock_file_does_not_let_two_in() {
    let directory = TestDirectory::new("lock_removed");
    let path = directory.file("a");
    let lock_path = sibling(&path, "-lock");
    // Someone opened the file before its holder removed it, and locks it only afterwards.
    let stale = open_lock_file(&lock_path, LockMode::Exclusive).unwrap().unwrap();
    fs::remove_file(&lock_path).unwrap();
    try_lock(&stale, &path, LockMode::Exclusive).unwrap();
    assert!(!names_file(&lock_path, &stale).unwrap());
    let _held = lock(&path, LockMode::Exclusive).unwrap();
    assert!(!names_file(&lock_path, &stale).unwrap());
}

#[test]
fn one_writer_at_a_time_however_many_try() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let directory = TestDirectory::new("lock_threads");
    let path = directory.file("a");
    let inside = AtomicU32::new(0);
    let entered = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while entered.load(Ordering::SeqCst) < 200 {
                    let Ok(_held) = lock(&path, LockMode::Exclusive) else {
                        continue;
                    };
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    entered.fetch_add(1, Ordering::SeqCst);
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
}

#[test]
fn lock_where_no_file_can_be_made_is_for_readers_only() {
    // A path through a process's own directory, where nobody, not even root, can create a file.
    let path = Path::new("/proc/self/quire");
    if !Path::new("/proc/self").exists() {
        return;
    }
    assert_eq!(
        refusal(path, LockMode::Exclusive).unwrap().kind(),
        ErrorKind::CannotOpen
    );
}
