use super::*;
use crate::database::quire_open;
use quire_engine::ErrorKind;

/// A database handle, by the public door.
fn open() -> u64 {
    let path = c":memory:";
    let mut handle = 0;
    // SAFETY: the pointers are of variables of their types.
    let status = unsafe { quire_open(path.as_ptr(), 8, std::ptr::null(), 0, &mut handle) };
    assert_eq!(status, 0);
    handle
}

fn kind_at(handle: u64) -> ErrorKind {
    with(handle, |_| Ok(())).unwrap_err().kind()
}

#[test]
fn handle_that_was_closed_never_finds_another_entry() {
    let first = open();
    assert!(with(first, |_| Ok(())).is_ok());
    drop(remove(first).unwrap());
    assert_eq!(kind_at(first), ErrorKind::Closed);
    let second = open();
    assert_ne!(first, second);
    assert_eq!(kind_at(first), ErrorKind::Closed);
    assert!(remove_open(first).unwrap().is_none());
    drop(remove(second).unwrap());
}

#[test]
fn number_that_never_was_a_handle_is_an_invalid_argument() {
    let handle = open();
    let guesses = [
        0,
        1,
        u64::MAX,
        handle ^ 1 << KIND_AT,
        handle + (1 << GENERATION_AT),
        handle | 0xf << KIND_AT,
        handle | 1 << FORKS_AT,
        handle ^ u64::from(SLOTS_MAX - 1),
    ];
    for guess in guesses {
        assert_eq!(kind_at(guess), ErrorKind::InvalidArgument, "{guess:#x}");
        assert!(remove_open(guess).is_err());
    }
    drop(remove(handle).unwrap());
}

#[test]
fn handle_of_another_kind_is_refused_by_what_it_is_not() {
    let handle = open();
    let error = check_kind(handle, &[Kind::Cursor], "a cursor").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("a cursor"));
    drop(remove(handle).unwrap());
}

#[test]
fn threads_open_and_close_without_meeting_each_other() {
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                for _ in 0..50 {
                    let handle = open();
                    with(handle, |_| Ok(())).unwrap();
                    drop(remove(handle).unwrap());
                    assert_eq!(kind_at(handle), ErrorKind::Closed);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
