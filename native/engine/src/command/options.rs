//! The options of calls that are no commands, as maps of MessagePack: of `open`, of collections and of transactions.
//!
//! Shape: the names and ranges of src/options.ts; no bytes at all are the empty map. Promises: what is not known is
//! refused by name; what is not given has the engine's default.
//! Leaves to others: what options mean (`OpenOptions`, `TransactionOptions`).

use std::ops::RangeInclusive;

use crate::collection::IdMode;
use crate::collection::lease::Owner;
use crate::command::arguments::{Arguments, refuse, text};
use crate::database::OpenOptions;
use crate::error::Result;
use crate::limits::{CACHE_BYTES_MIN, DOCUMENT_BYTES_MAX};
use crate::transaction::TransactionOptions;
use crate::wal::Durability;

/// Longest interval or wait that is taken, in milliseconds.
const HOUR_MS: u64 = 3_600_000;
/// Longest time between two looks for expired documents, in milliseconds.
const DAY_MS: u64 = 24 * HOUR_MS;
/// Fewest bytes of log that start a checkpoint.
const CHECKPOINT_BYTES_MIN: u64 = 1 << 20;
/// Most bytes that a size can have: the largest whole number that every language holds exactly.
const SIZE_BYTES_MAX: u64 = (1 << 53) - 1;

/// How a transaction begins, and how it is committed.
pub struct BeginOptions {
    /// The collections to hold from the start, and who begins.
    pub transaction: TransactionOptions,
    /// Durability of its commit; the database's own where it is `None`.
    pub durability: Option<Durability>,
}

/// The options of opening a database that `bytes` are: `durability`, `syncInterval`, `cacheSize`, `readOnly`, `create`,
/// `documentBytesMax`, `lockWait`, `log`, `checkpointLogSize`, `watchSize`, `ttlInterval`.
///
/// Errors: `INVALID_ARGUMENT`.
pub fn open_options(bytes: &[u8]) -> Result<OpenOptions> {
    let arguments = options_map("open", bytes)?;
    arguments.only(&[
        "durability",
        "syncInterval",
        "cacheSize",
        "readOnly",
        "create",
        "documentBytesMax",
        "lockWait",
        "log",
        "checkpointLogSize",
        "watchSize",
        "ttlInterval",
    ])?;
    let defaults = OpenOptions::default();
    let whole = |name, range, default| whole(&arguments, name, range, default);
    Ok(OpenOptions {
        durability: durability(&arguments)?.unwrap_or(defaults.durability),
        sync_interval_ms: whole("syncInterval", 1..=HOUR_MS, defaults.sync_interval_ms.into())? as u32,
        cache_bytes: whole(
            "cacheSize",
            CACHE_BYTES_MIN..=SIZE_BYTES_MAX,
            defaults.cache_bytes,
        )?,
        read_only: arguments.truth("readOnly")?,
        create: arguments.bytes("create").is_none() || arguments.truth("create")?,
        document_bytes_max: whole(
            "documentBytesMax",
            1..=DOCUMENT_BYTES_MAX.into(),
            defaults.document_bytes_max.into(),
        )? as u32,
        lock_wait_ms: whole("lockWait", 0..=HOUR_MS, defaults.lock_wait_ms.into())? as u32,
        map_log: is_log_mapped(&arguments)?,
        checkpoint_log_bytes: whole(
            "checkpointLogSize",
            CHECKPOINT_BYTES_MIN..=SIZE_BYTES_MAX,
            defaults.checkpoint_log_bytes,
        )?,
        watch_bytes: whole("watchSize", 0..=SIZE_BYTES_MAX, defaults.watch_bytes)?,
        ttl_interval_ms: whole("ttlInterval", 0..=DAY_MS, defaults.ttl_interval_ms.into())? as u32,
        ..defaults
    })
}

/// The options of making a collection that `bytes` are: `ids`, "ulid" or "integer".
///
/// Errors: `INVALID_ARGUMENT`.
pub fn collection_options(bytes: &[u8]) -> Result<IdMode> {
    let arguments = options_map("createCollection", bytes)?;
    arguments.only(&["ids"])?;
    match arguments.text("ids")? {
        None | Some("ulid") => Ok(IdMode::Ulid),
        Some("integer") => Ok(IdMode::Integer),
        Some(_) => Err(arguments.wrong("ids", "\"ulid\" or \"integer\"")),
    }
}

/// The options of a transaction that `bytes` are: `collections`, an array of names, `durability`, and `anyThread`, by
/// which other writes of `owner` wait for the transaction as everybody does, where they would get `BUSY` at once.
///
/// Errors: `INVALID_ARGUMENT`.
pub fn begin_options(bytes: &[u8], owner: Owner) -> Result<BeginOptions> {
    let arguments = options_map("begin", bytes)?;
    arguments.only(&["collections", "durability", "anyThread"])?;
    let names = arguments.list("collections")?.into_iter().map(|element| {
        let name = text(element).ok_or_else(|| arguments.wrong("collections", "an array of names"))?;
        Ok(name.to_owned())
    });
    Ok(BeginOptions {
        transaction: TransactionOptions {
            collections: names.collect::<Result<_>>()?,
            owner: if arguments.truth("anyThread")? {
                Owner::default()
            } else {
                owner
            },
        },
        durability: durability(&arguments)?,
    })
}

fn options_map<'a>(call: &'a str, bytes: &'a [u8]) -> Result<Arguments<'a>> {
    Arguments::map(call, if bytes.is_empty() { &[0x80] } else { bytes })
}

fn durability(arguments: &Arguments<'_>) -> Result<Option<Durability>> {
    Ok(match arguments.text("durability")? {
        None => None,
        Some("process") => Some(Durability::Process),
        Some("disk") => Some(Durability::Disk),
        Some("lazy") => Some(Durability::Lazy),
        Some(_) => return Err(arguments.wrong("durability", "\"process\", \"disk\" or \"lazy\"")),
    })
}

fn is_log_mapped(arguments: &Arguments<'_>) -> Result<bool> {
    match arguments.text("log")? {
        None | Some("mapped") => Ok(true),
        Some("write") => Ok(false),
        Some(_) => Err(arguments.wrong("log", "\"mapped\" or \"write\"")),
    }
}

/// The whole number `name`, or `default`. Errors: `INVALID_ARGUMENT` when it is out of `range`.
fn whole(arguments: &Arguments<'_>, name: &str, range: RangeInclusive<u64>, default: u64) -> Result<u64> {
    let number = arguments.count(name)?.unwrap_or(default);
    if range.contains(&number) {
        return Ok(number);
    }
    Err(refuse(format!(
        "{name} must be a whole number from {} to {}, not {number}",
        range.start(),
        range.end()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use serde_json::json;

    fn pack(value: serde_json::Value) -> Vec<u8> {
        rmp_serde::to_vec_named(&value).unwrap()
    }

    #[test]
    fn no_bytes_and_an_empty_map_are_the_defaults() {
        for bytes in [&[][..], &[0x80]] {
            let options = open_options(bytes).unwrap();
            assert_eq!(format!("{options:?}"), format!("{:?}", OpenOptions::default()));
        }
    }

    #[test]
    fn every_option_of_open_arrives() {
        let options = open_options(&pack(json!({
            "durability": "lazy", "syncInterval": 7, "cacheSize": 2 << 20, "readOnly": true, "create": false,
            "documentBytesMax": 99, "lockWait": 0, "log": "write", "checkpointLogSize": 3 << 20, "watchSize": 5,
            "ttlInterval": 0
        })))
        .unwrap();
        assert_eq!(options.durability, Durability::Lazy);
        assert_eq!((options.sync_interval_ms, options.cache_bytes), (7, 2 << 20));
        assert!(options.read_only && !options.create && !options.map_log);
        assert_eq!((options.document_bytes_max, options.lock_wait_ms), (99, 0));
        assert_eq!((options.checkpoint_log_bytes, options.watch_bytes), (3 << 20, 5));
        assert_eq!(options.ttl_interval_ms, 0);
    }

    #[test]
    fn options_that_are_unknown_or_out_of_range_are_refused_by_name() {
        for (options, name) in [
            (json!({"cache": 1}), "cache"),
            (json!({"syncInterval": 0}), "syncInterval"),
            (json!({"cacheSize": 4096}), "cacheSize"),
            (json!({"durability": "always"}), "durability"),
            (json!({"readOnly": 1}), "readOnly"),
            (json!({"lockWait": -1}), "lockWait"),
            (json!({"log": "none"}), "log"),
        ] {
            let error = open_options(&pack(options)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().contains(name), "{error}");
        }
        assert!(open_options(b"\xc1").is_err() && open_options(b"\x93").is_err());
    }

    #[test]
    fn a_transaction_is_of_its_thread_unless_it_says_otherwise() {
        let owner = Owner(9);
        let begin = |options| begin_options(&pack(options), owner).unwrap();
        let own = begin(json!({"collections": ["b", "a"], "durability": "disk"}));
        assert_eq!(own.transaction.owner, owner);
        assert_eq!(own.transaction.collections, ["b", "a"]);
        assert_eq!(own.durability, Some(Durability::Disk));
        assert_eq!(
            begin(json!({"anyThread": true})).transaction.owner,
            Owner::default()
        );
        assert!(begin_options(&pack(json!({"collections": [1]})), owner).is_err());
    }

    #[test]
    fn a_collection_makes_ids_in_one_of_two_ways() {
        assert_eq!(collection_options(&[]).unwrap(), IdMode::Ulid);
        assert_eq!(
            collection_options(&pack(json!({"ids": "integer"}))).unwrap(),
            IdMode::Integer
        );
        assert!(collection_options(&pack(json!({"ids": "uuid"}))).is_err());
    }
}
