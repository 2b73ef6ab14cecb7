//! Appending, switching, retiring and recovering without faults.

use super::*;
use crate::error::ErrorKind;

#[test]
fn no_file_is_made_before_the_first_commit() {
    let storage = memory();
    let log = new_log(&storage, 3, 1);
    assert!(!storage.exists(&log_path(Path::new(BASE), 0)).unwrap());
    log.sync().unwrap();
    log.flush().unwrap();
    assert!(log.switch().unwrap());
    log.retire(2).unwrap();
    log.reserve().unwrap();
    log.attest().unwrap();
    assert_eq!(log.last_sequence(), Sequence(3));
    assert!(!storage.exists(&log_path(Path::new(BASE), 0)).unwrap());
    assert_eq!(recovered(&*storage, 3, 2).unwrap().frames, 0);
}

#[test]
fn commits_are_numbered_on_and_recovered_in_order() {
    let storage = memory();
    let log = new_log(&storage, 3, 1);
    for sequence in 4..=200 {
        assert_eq!(commit(&log, Durability::Process).unwrap(), Sequence(sequence));
    }
    assert_eq!(log.synced_sequence(), Sequence(3));
    log.sync().unwrap();
    assert_eq!(log.synced_sequence(), Sequence(200));
    let found = recovered(&*storage, 3, 1).unwrap();
    assert_eq!(
        found,
        Recovered {
            last_sequence: Sequence(200),
            frames: 197,
            dropped_frames: 0,
            dropped_bytes: 0
        }
    );
    // What the data file has already is not visited again.
    assert_eq!(recovered(&*storage, 150, 1).unwrap().frames, 50);
    assert_eq!(recovered(&*storage, 200, 1).unwrap().frames, 0);
}

#[test]
fn empty_payload_is_a_commit() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    log.append(Durability::Process, |_| ()).unwrap();
    let found = recover(&*storage, Path::new(BASE), FILE_ID, Sequence(0), 1, |_, bytes| {
        assert!(bytes.is_empty());
        Ok(())
    });
    assert_eq!(found.unwrap().frames, 1);
}

#[test]
fn lazy_commits_wait_for_a_flush_or_for_the_next_commit() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    append(&log, Durability::Lazy).unwrap();
    append(&log, Durability::Lazy).unwrap();
    assert_eq!(recovered(&*storage, 0, 1).unwrap().frames, 0);
    log.flush().unwrap();
    assert_eq!(recovered(&*storage, 0, 1).unwrap().frames, 2);
    append(&log, Durability::Lazy).unwrap();
    append(&log, Durability::Process).unwrap();
    assert_eq!(recovered(&*storage, 0, 1).unwrap().frames, 4);
    append(&log, Durability::Lazy).unwrap();
    log.sync().unwrap();
    assert_eq!(recovered(&*storage, 0, 1).unwrap().frames, 5);
    for _ in 0..100 {
        append(&log, Durability::Lazy).unwrap();
    }
    assert!(
        recovered(&*storage, 0, 1).unwrap().frames > 90,
        "a full buffer is written"
    );
}

#[test]
fn switched_log_is_read_through_both_files_until_retired() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    for _ in 0..10 {
        commit(&log, Durability::Process).unwrap();
    }
    let bytes = log.bytes();
    assert!(log.switch().unwrap());
    for _ in 0..5 {
        commit(&log, Durability::Process).unwrap();
    }
    assert!(log.bytes() > bytes);
    assert!(!log.switch().unwrap(), "the older generation is still needed");
    assert_eq!(recovered(&*storage, 0, 1).unwrap().frames, 15);
    // The checkpoint's header is durable, but the log was not told yet.
    assert_eq!(recovered(&*storage, 10, 2).unwrap().frames, 5);
    log.retire(2).unwrap();
    assert_eq!(log.synced_sequence(), Sequence(10));
    assert_eq!(recovered(&*storage, 10, 2).unwrap().frames, 5);
    assert!(log.switch().unwrap());
    commit(&log, Durability::Disk).unwrap();
    assert_eq!(recovered(&*storage, 10, 2).unwrap().frames, 6);
}

#[test]
fn generations_take_turns_in_two_files_for_ever() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    for epoch in 1..50 {
        for count in 0..epoch % 7 {
            commit(
                &log,
                if count == 2 {
                    Durability::Disk
                } else {
                    Durability::Process
                },
            )
            .unwrap();
        }
        let checkpointed = log.last_sequence().0;
        assert!(log.switch().unwrap());
        for _ in 0..epoch % 3 {
            commit(&log, Durability::Lazy).unwrap();
        }
        log.flush().unwrap();
        log.retire(epoch + 1).unwrap();
        let found = recovered(&*storage, checkpointed, epoch + 1).unwrap();
        assert_eq!(found.last_sequence, log.last_sequence());
        assert_eq!(found.dropped_frames, 0);
    }
}

#[test]
fn log_file_grows_as_commits_need_it() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    log.append(Durability::Process, |out| out.resize(out.len() + 100_000, 1))
        .unwrap();
    let file = storage
        .open(&log_path(Path::new(BASE), 0), OpenMode::Read)
        .unwrap();
    assert_eq!(file.len().unwrap(), FRAMES_AT_PLUS_FRAME);
    log.append(Durability::Process, |out| out.push(1)).unwrap();
    assert_eq!(file.len().unwrap(), FRAMES_AT_PLUS_FRAME + SMALL.step_bytes_max);
}

/// End of a frame of 100,000 bytes that is the file's first.
const FRAMES_AT_PLUS_FRAME: u64 = 4096 + 32 + 100_000;

#[test]
fn reserve_makes_room_before_it_is_needed() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    for _ in 0..8 {
        commit(&log, Durability::Process).unwrap();
    }
    let file = storage
        .open(&log_path(Path::new(BASE), 0), OpenMode::Read)
        .unwrap();
    log.reserve().unwrap();
    let reserved = file.len().unwrap();
    assert!(reserved > 100_000);
    for _ in 0..100 {
        commit(&log, Durability::Process).unwrap();
    }
    assert_eq!(file.len().unwrap(), reserved);
    assert_eq!(recovered(&*storage, 0, 1).unwrap().frames, 108);
}

#[test]
fn too_large_transaction_is_refused_and_the_log_goes_on() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    commit(&log, Durability::Lazy).unwrap();
    // The buffer is lengthened without being touched, so the test does not need its memory.
    let result = log.append(Durability::Process, |out| {
        out.resize(crate::limits::TRANSACTION_BYTES_MAX + 4096, 0)
    });
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TransactionTooLarge);
    assert_eq!(commit(&log, Durability::Process).unwrap(), Sequence(2));
    assert_eq!(recovered(&*storage, 0, 1).unwrap().frames, 2);
}

#[test]
fn panic_while_a_commit_is_encoded_leaves_no_trace() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    commit(&log, Durability::Lazy).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        log.append(Durability::Process, |out| {
            out.extend_from_slice(b"half a");
            panic!("planned");
        })
    }));
    assert!(panicked.is_err());
    log.flush().unwrap();
    commit(&log, Durability::Disk).unwrap();
    assert_eq!(recovered(&*storage, 0, 1).unwrap().frames, 2);
}

#[test]
fn commit_that_was_not_appended_cannot_be_waited_for() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    commit(&log, Durability::Process).unwrap();
    assert_eq!(
        log.wait(Sequence(2), Durability::Disk).unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
}

#[test]
fn clean_close_leaves_no_log() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    commit(&log, Durability::Disk).unwrap();
    log.switch().unwrap();
    commit(&log, Durability::Disk).unwrap();
    log.remove().unwrap();
    for slot in 0..SLOTS {
        assert!(!storage.exists(&log_path(Path::new(BASE), slot)).unwrap());
    }
    assert_eq!(recovered(&*storage, 2, 2).unwrap().frames, 0);
}

#[test]
fn log_of_an_earlier_run_gives_way_to_the_first_commit() {
    let storage = memory();
    let log = new_log(&storage, 0, 1);
    for _ in 0..3 {
        commit(&log, Durability::Disk).unwrap();
    }
    log.switch().unwrap();
    commit(&log, Durability::Disk).unwrap();
    drop(log);
    let log = new_log(&storage, 4, 2);
    assert_eq!(recovered(&*storage, 4, 2).unwrap().frames, 0);
    commit(&log, Durability::Process).unwrap();
    assert_eq!(recovered(&*storage, 4, 2).unwrap().frames, 1);
    for _ in 0..3 {
        assert!(log.switch().unwrap());
        commit(&log, Durability::Process).unwrap();
        log.retire(3).unwrap();
    }
    assert_eq!(
        recovered(&*storage, 4, 3).unwrap_err().kind(),
        ErrorKind::Corrupted
    );
    assert_eq!(recovered(&*storage, 7, 3).unwrap().frames, 1);
}

#[test]
fn one_sync_serves_many_waiting_threads() {
    let storage = memory();
    let log = Arc::new(new_log(&storage, 0, 1));
    let orders = parking_lot::Mutex::new(std::collections::BTreeMap::new());
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (log, orders) = (&log, &orders);
            scope.spawn(move || {
                for count in 0..500u64 {
                    let text = (thread << 32 | count).to_le_bytes();
                    let sequence = log
                        .append(Durability::Disk, |out| out.extend_from_slice(&text))
                        .unwrap();
                    orders.lock().insert(sequence.0, text.to_vec());
                    log.wait(sequence, Durability::Disk).unwrap();
                    assert!(log.synced_sequence() >= sequence);
                }
            });
        }
    });
    let orders = orders.into_inner();
    assert_eq!(orders.len(), 2000);
    recover(
        &*storage,
        Path::new(BASE),
        FILE_ID,
        Sequence(0),
        1,
        |sequence, bytes| {
            assert_eq!(orders[&sequence.0], bytes);
            Ok(())
        },
    )
    .unwrap();
}
