//! Every fixed limit and default of the engine, each written once.

/// Largest encoded `_id`, in bytes of its MessagePack payload.
pub const ID_BYTES_MAX: usize = 1024;
/// Default and largest settable document size, in bytes of MessagePack.
pub const DOCUMENT_BYTES_DEFAULT: u32 = 16 << 20;
/// Largest settable document size, in bytes.
pub const DOCUMENT_BYTES_MAX: u32 = 1 << 30;
/// Deepest nesting of maps and arrays in a document, filter or update.
pub const DEPTH_MAX: usize = 100;
/// Longest collection name, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 255;
/// Most ordered indexes of one collection, the one of `_id` not counted.
pub const INDEXES_MAX: usize = 63;
/// Most fields of one ordered index.
pub const INDEX_KEYS_MAX: usize = 32;
/// Longest name of an index, in bytes of UTF-8.
pub const INDEX_NAME_BYTES_MAX: usize = 1024;
/// Most bytes of an index's definition: its name, paths and partial filter together.
pub const INDEX_DEFINITION_BYTES_MAX: usize = 60 << 10;
/// Most entries of one document in one ordered index.
pub const INDEX_ENTRIES_OF_DOCUMENT_MAX: usize = 100_000;
/// Most memory for the entries of an ordered index that is made over a filled collection, in bytes.
pub const INDEX_BUILD_BYTES_MAX: usize = 1 << 30;
/// Longest time after which documents expire, in seconds.
pub const EXPIRE_AFTER_SECONDS_MAX: i64 = i32::MAX as i64;
/// Most record structures of one collection.
pub const STRUCTURES_MAX: usize = 1024;
/// Most keys of one record structure.
pub const STRUCTURE_KEYS_MAX: usize = 128;
/// Most bytes of all keys of one record structure.
pub const STRUCTURE_KEY_BYTES_MAX: usize = 4096;
/// Largest payload of one log frame, so of one transaction, in bytes.
pub const TRANSACTION_BYTES_MAX: usize = 1 << 30;
/// Default budget of page memory, in bytes.
pub const CACHE_BYTES_DEFAULT: u64 = 1 << 30;
/// Smallest budget of page memory, in bytes.
pub const CACHE_BYTES_MIN: u64 = 1 << 20;
/// Default interval of the janitor, in milliseconds.
pub const SYNC_INTERVAL_MS_DEFAULT: u32 = 100;
/// Default interval at which expired documents are deleted, in milliseconds.
pub const TTL_INTERVAL_MS_DEFAULT: u32 = 60_000;
/// Default log size that starts a checkpoint, in bytes.
pub const CHECKPOINT_LOG_BYTES_DEFAULT: u64 = 64 << 20;
/// Default wait for a collection that an open transaction holds, in milliseconds.
pub const LOCK_WAIT_MS_DEFAULT: u32 = 5000;
/// Default memory for page versions kept for snapshots, in bytes.
pub const SNAPSHOT_BYTES_DEFAULT: u64 = 256 << 20;
/// Default memory for the newest changes, which change streams read, in bytes; it is taken only while one is open.
pub const WATCH_BYTES_DEFAULT: u64 = 16 << 20;
/// Most memory that one stage of an aggregation pipeline holds, in bytes.
pub const STAGE_BYTES_MAX: usize = 100 << 20;
/// Most stages of one aggregation pipeline.
pub const STAGES_MAX: usize = 1000;
/// Default memory for sorting the documents of one query, in bytes.
pub const SORT_BYTES_DEFAULT: usize = 100 << 20;
/// Most fields of one sort order.
pub const SORT_KEYS_MAX: usize = 32;
/// Most memory for the distinct values of one field, in bytes.
pub const DISTINCT_BYTES_MAX: usize = 100 << 20;
