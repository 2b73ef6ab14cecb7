//! The background thread of an open database: it syncs the log, makes checkpoints, keeps the cache in bounds and
//! deletes documents that have expired.
//!
//! Promises: it sleeps while nothing is committed, but for looking for expired documents; it ends before the store is closed.
//! Leaves to others: what a round does (store/mod.rs, store/expiry.rs).

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::store::Store;

/// Starts the thread.
///
/// Errors: `OUT_OF_MEMORY` when the system allows no more threads.
pub fn start(store: &Arc<Store>) -> Result<JoinHandle<()>> {
    let store = store.clone();
    let run = move || {
        let ttl_interval = store.settings.ttl_interval;
        let mut next_expiry = ttl_interval.map(|interval| Instant::now() + interval);
        while !store.is_closing() {
            let is_called = store.wait_for_call(next_expiry);
            // Commits of one interval share one sync.
            if is_called && store.wait_interval() {
                break;
            }
            if let (Some(interval), Some(due)) = (ttl_interval, next_expiry)
                && due <= Instant::now()
                && !store.is_closing()
            {
                store.expire_in_background();
                next_expiry = Some(Instant::now() + interval);
            }
            if is_called {
                store.tidy_up();
            }
        }
    };
    Builder::new()
        .name("quire-janitor".to_owned())
        .spawn(run)
        .map_err(|error| {
            Error::new(
                ErrorKind::OutOfMemory,
                format!("cannot start the background thread: {error}"),
            )
        })
}
