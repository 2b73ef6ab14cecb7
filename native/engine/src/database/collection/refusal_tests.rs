//! A commit that fails half way: everybody is refused from then on, also who waited for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::*;
use crate::database::{Database, MEMORY_PATH, OpenOptions};
use crate::error::{Error, ErrorKind};

/// A database in memory with the document `{_id: 7}` in `items`, and its store.
fn filled() -> (Database, Collection, Arc<Store>) {
    let database = Database::open(MEMORY_PATH, &OpenOptions::default()).unwrap();
    let items = database.collection("items").unwrap();
    items
        .insert(b"\x81\xa3_id\x07", &WriteOptions::default())
        .unwrap();
    let store = items.handle.readable().unwrap().clone();
    (database, items, store)
}

fn is_poisoned<R>(result: Result<R>) -> bool {
    result.is_err_and(|error| error.kind() == ErrorKind::Poisoned)
}

fn refuses_all(database: &Database, items: &Collection) {
    let id = IdBytes::from_integer(7);
    assert!(is_poisoned(items.get(&id, &mut Vec::new())));
    assert!(is_poisoned(items.find(FindOptions::default())));
    assert!(is_poisoned(items.delete(&id, &WriteOptions::default())));
    assert!(is_poisoned(database.checkpoint()));
}

#[test]
fn failure_or_panic_while_pages_are_changed_refuses_all_calls() {
    let (database, items, store) = filled();
    let error = Error::new(ErrorKind::Corrupted, "a page is damaged");
    assert!(store.change_pages(|| Err::<(), _>(error)).is_err());
    refuses_all(&database, &items);

    let (database, items, store) = filled();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.change_pages(|| -> Result<()> { panic!("on purpose") })
    }));
    assert!(panicked.is_err());
    refuses_all(&database, &items);
}

#[test]
fn who_waited_for_a_commit_that_failed_half_way_is_refused() {
    let (_database, items, store) = filled();
    let state = store.collection("items");
    let id = IdBytes::from_integer(7);
    let waiting = thread::scope(|scope| {
        let waiting = store.with_commits_held(|_| {
            let _held = state.content.write();
            let waiting = [
                scope.spawn(|| items.get(&id, &mut Vec::new()).map(|_| ())),
                scope.spawn(|| items.find(FindOptions::default()).map(|_| ())),
                scope.spawn(|| store.open_snapshot().map(|_| ())),
            ];
            // Who comes later is refused at the door; who waits already is to be refused behind the lock.
            (0..1_000).for_each(|_| thread::yield_now());
            store.refuse_all(Error::new(ErrorKind::Corrupted, "a page is damaged"));
            waiting
        });
        waiting.map(|thread| thread.join().map(is_poisoned))
    });
    assert!(waiting.into_iter().all(|refused| refused.unwrap()));
}
