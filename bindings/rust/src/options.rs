//! The options of opening a database, and of writes that take some.
//!
//! Promises: an option that is not set has the engine's default; one that a command does not take is refused by name
//! when it runs. Leaves to others: defaults and ranges (native/engine/src/limits.rs), what options mean.

use std::time::Duration;

use serde::Serialize;

use crate::request::Fields;
use quire_engine::Durability;

/// Options of [`crate::Database::open_with`].
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    pub(crate) engine: quire_engine::OpenOptions,
}

impl OpenOptions {
    /// The defaults.
    pub fn new() -> OpenOptions {
        OpenOptions::default()
    }

    /// Durability of commits that name none; `Process` by default.
    pub fn durability(mut self, durability: Durability) -> OpenOptions {
        self.engine.durability = durability;
        self
    }

    /// Time between syncs in the background, in whole milliseconds; 100 ms by default.
    pub fn sync_interval(mut self, interval: Duration) -> OpenOptions {
        self.engine.sync_interval_ms = millis(interval);
        self
    }

    /// Bytes of pages kept in memory: 1 MiB or more; 1 GiB by default.
    pub fn cache_size(mut self, bytes: u64) -> OpenOptions {
        self.engine.cache_bytes = bytes;
        self
    }

    /// Refuses every write with READ_ONLY; several processes may read one file. False by default.
    pub fn read_only(mut self, is_read_only: bool) -> OpenOptions {
        self.engine.read_only = is_read_only;
        self
    }

    /// Makes the file when it is not there; else CANNOT_OPEN. True by default.
    pub fn create(mut self, create: bool) -> OpenOptions {
        self.engine.create = create;
        self
    }

    /// Largest document in bytes of MessagePack: up to 1 GiB; 16 MiB by default.
    pub fn document_bytes_max(mut self, bytes: u32) -> OpenOptions {
        self.engine.document_bytes_max = bytes;
        self
    }

    /// How long a write waits for a collection that an open transaction holds, before BUSY; 5 seconds by default.
    pub fn lock_wait(mut self, wait: Duration) -> OpenOptions {
        self.engine.lock_wait_ms = millis(wait);
        self
    }

    /// Whether small commits get into the log through memory shared with the file, where that is safe. True by default.
    pub fn map_log(mut self, is_mapped: bool) -> OpenOptions {
        self.engine.map_log = is_mapped;
        self
    }

    /// Bytes of log that start a checkpoint in the background; 64 MiB by default. Of a large file it takes a sixteenth of
    /// its size, four times this at most.
    pub fn checkpoint_log_size(mut self, bytes: u64) -> OpenOptions {
        self.engine.checkpoint_log_bytes = bytes;
        self
    }

    /// Bytes for the newest changes, which change streams read; 16 MiB by default, taken while one is open.
    pub fn watch_size(mut self, bytes: u64) -> OpenOptions {
        self.engine.watch_bytes = bytes;
        self
    }

    /// Time between looks for documents that have expired, never for zero; a minute by default.
    pub fn ttl_interval(mut self, interval: Duration) -> OpenOptions {
        self.engine.ttl_interval_ms = millis(interval);
        self
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Declares options that are fields of a command: a builder that sets them.
macro_rules! command_options {
    ($(
        $(#[$about:meta])*
        $options:ident { $($(#[$meaning:meta])* $call:ident($name:literal): $value:ty;)* }
    )*) => {$(
        $(#[$about])*
        #[derive(Clone, Debug, Default)]
        pub struct $options {
            pub(crate) fields: Fields,
        }

        impl $options {
            /// No options.
            pub fn new() -> $options {
                $options::default()
            }

            $(
                $(#[$meaning])*
                pub fn $call(mut self, value: $value) -> $options {
                    self.fields.set($name, &value);
                    self
                }
            )*
        }
    )*};
}

command_options! {
    /// Options of `update_one_with` and `update_many_with`.
    UpdateOptions {
        /// Insert a document when none matches: what the filter asks to be equal, changed by the update.
        upsert("upsert"): bool;
        /// Which elements `$[name]` in the update's paths stands for: a filter for each name.
        array_filters("arrayFilters"): impl Serialize;
        /// Which match is the first one, for `update_one_with`.
        sort("sort"): impl Serialize;
        /// The index to use, by its name or its fields.
        hint("hint"): impl Serialize;
    }

    /// Options of `replace_one_with`.
    ReplaceOptions {
        /// Insert the document when none matches.
        upsert("upsert"): bool;
        /// Which match is the first one.
        sort("sort"): impl Serialize;
        /// The index to use, by its name or its fields.
        hint("hint"): impl Serialize;
    }

    /// Options of `delete_one_with` and `delete_many_with`.
    DeleteOptions {
        /// The index to use, by its name or its fields.
        hint("hint"): impl Serialize;
    }

    /// Options of `find_one_and_update_with`, `find_one_and_replace_with` and `find_one_and_delete_with`.
    FindOneAndOptions {
        /// Insert a document when none matches.
        upsert("upsert"): bool;
        /// Which elements `$[name]` in the update's paths stands for: a filter for each name.
        array_filters("arrayFilters"): impl Serialize;
        /// Which fields come back; all by default.
        projection("projection"): impl Serialize;
        /// Which match is the first one.
        sort("sort"): impl Serialize;
        /// The index to use, by its name or its fields.
        hint("hint"): impl Serialize;
        /// Which document comes back; the one before by default.
        return_document("returnDocument"): ReturnDocument;
    }
}

/// Which version of a document comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReturnDocument {
    /// As it was before.
    Before,
    /// As it is after.
    After,
}

/// Options of [`crate::Database::transaction_with`] and [`crate::Database::begin_with`].
#[derive(Clone, Debug, Default)]
pub struct TransactionOptions {
    pub(crate) durability: Option<Durability>,
    pub(crate) collections: Vec<String>,
    pub(crate) retries: Option<usize>,
}

impl TransactionOptions {
    /// No options.
    pub fn new() -> TransactionOptions {
        TransactionOptions::default()
    }

    /// Durability of the commit; the database's by default.
    pub fn durability(mut self, durability: Durability) -> TransactionOptions {
        self.durability = Some(durability);
        self
    }

    /// Collections that will be written. They are held from the start, so that no CONFLICT can follow on them.
    pub fn collections<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> TransactionOptions {
        self.collections = names.into_iter().map(Into::into).collect();
        self
    }

    /// How often the closure is run again after CONFLICT; 10 by default.
    pub fn retries(mut self, retries: usize) -> TransactionOptions {
        self.retries = Some(retries);
        self
    }
}
