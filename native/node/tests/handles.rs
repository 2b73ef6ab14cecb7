//! The handle table by itself: the addon cannot be linked into a test, because Node has its symbols.
#![allow(missing_docs)]

#[path = "../src/handles.rs"]
mod handles;

use handles::HandleTable;

#[test]
fn a_handle_finds_its_entry_until_it_is_removed() {
    let mut table = HandleTable::new();
    let first = table.insert("first").unwrap();
    let second = table.insert("second").unwrap();
    assert_eq!(table.get(first), Some(&"first"));
    assert_eq!(table.remove(first), Some("first"));
    assert_eq!(table.get(first), None);
    assert_eq!(table.remove(first), None);
    assert_eq!(table.get(second), Some(&"second"));
}

#[test]
fn a_stale_handle_never_finds_the_next_entry_of_its_place() {
    let mut table = HandleTable::new();
    let mut stale = Vec::new();
    for number in 0..10_000 {
        let handle = table.insert(number).unwrap();
        assert!(stale.iter().all(|&old| table.get(old).is_none()));
        assert_eq!(table.remove(handle), Some(number));
        if number % 100 == 0 {
            stale.push(handle);
        }
    }
}

#[test]
fn numbers_that_were_never_handles_find_nothing() {
    let mut table = HandleTable::new();
    table.insert(1).unwrap();
    for handle in [0, 1, 2, 1 << 20 | 1, 2 << 20, u64::MAX, 1 << 53] {
        assert_eq!(table.get(handle), None, "{handle}");
    }
}

#[test]
fn handles_are_picked_by_their_entries() {
    let mut table = HandleTable::new();
    let odd = table.insert(1).unwrap();
    table.insert(2).unwrap();
    assert_eq!(table.handles_where(|entry| entry % 2 == 1), vec![odd]);
}

#[test]
fn a_full_table_refuses_and_takes_again_after_a_removal() {
    let mut table = HandleTable::new();
    let first = table.insert(0).unwrap();
    while table.insert(1).is_some() {}
    assert_eq!(table.remove(first), Some(0));
    assert!(table.insert(2).is_some());
}
