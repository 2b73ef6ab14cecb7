//! The background thread of an open database: it syncs the log, makes checkpoints and keeps the cache in bounds.
//!
//! Promises: it sleeps while nothing is committed; it ends before the store is closed.
//! Leaves to others: what a round does (store/mod.rs).

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::error::{Error, ErrorKind, Result};
use crate::store::Store;

/// Starts the thread.
///
/// Errors: `OUT_OF_MEMORY` when the system allows no more threads.
pub fn start(store: &Arc<Store>) -> Result<JoinHandle<()>> {
    let store = store.clone();
    let run = move || {
        while !store.wait_for_call() {
            // Commits of one interval share one sync.
            if store.wait_interval() {
                break;
            }
            store.tidy_up();
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
