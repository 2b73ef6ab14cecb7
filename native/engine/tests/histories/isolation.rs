//! Snapshot isolation, judged from what transactions saw: lists to which each adds values that nobody else adds.
//!
//! Method: lists that only grow tell their own version order, as in Elle (Kingsbury, Alvaro, VLDB 2020): what a
//! transaction saw of a list is a version, and versions are prefixes of the list at the end. Judged: no value of a
//! transaction that was taken back is ever seen (dirty read), none of one half done; no value is lost (lost update); a
//! list that is read twice is the same twice; of each transaction a snapshot has all or nothing; any two snapshots are
//! one before the other (no long fork); and a snapshot has what was committed before it was taken, and nothing of what
//! began later.
//! Promises: exact for histories whose transactions read every list in their snapshot, or none.
//! Leaves to others: recording (record.rs), single documents (linear.rs).

use std::collections::{BTreeMap, BTreeSet};

/// The lists, by key, as one reader saw them.
pub type Lists = BTreeMap<u64, Vec<u64>>;

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    Committed,
    /// By its own will or by a conflict: nothing of it may ever be seen.
    TakenBack,
}

/// A transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Before its snapshot was taken, and after.
    pub began: u64,
    pub opened: u64,
    /// Before its commit, and after.
    pub ending: u64,
    pub ended: u64,
    pub end: End,
    /// All lists, first and again after others had time to write; none of a transaction that only writes.
    pub seen: Lists,
    pub seen_again: Lists,
    /// The values that it added, by list.
    pub added: Vec<(u64, u64)>,
}

type Judged = Result<(), String>;

/// Fails with words where `history`, which left `last`, breaks snapshot isolation.
pub fn check(history: &[Transaction], last: &Lists) -> Judged {
    check_values(history, last)?;
    for transaction in history {
        check_reads(transaction, last)?;
    }
    check_order(history)?;
    for reader in history.iter().filter(|reader| !reader.seen.is_empty()) {
        for writer in history.iter().filter(|writer| writer.end == End::Committed) {
            check_snapshot(reader, writer)?;
        }
    }
    Ok(())
}

/// The lists at the end hold each value that was committed once, and no other.
fn check_values(history: &[Transaction], last: &Lists) -> Judged {
    let committed = history.iter().filter(|it| it.end == End::Committed);
    let wanted: BTreeSet<(u64, u64)> = committed.flat_map(|it| it.added.iter().copied()).collect();
    let mut found = BTreeSet::new();
    for (key, list) in last {
        for value in list {
            if !found.insert((*key, *value)) {
                return Err(format!("list {key} has {value} twice"));
            }
        }
    }
    if let Some((key, value)) = wanted.difference(&found).next() {
        return Err(format!(
            "lost update: {value}, added to list {key} and committed, is gone"
        ));
    }
    match found.difference(&wanted).next() {
        Some((key, value)) => Err(format!("list {key} has {value}, which nobody committed")),
        None => Ok(()),
    }
}

/// Each list that was seen is a version, and the same when it was read again.
fn check_reads(transaction: &Transaction, last: &Lists) -> Judged {
    for (key, seen) in &transaction.seen {
        let whole = last.get(key).map_or(&[][..], Vec::as_slice);
        if !whole.starts_with(seen) {
            return Err(format!(
                "dirty read: list {key} was seen as {seen:?}, which is no version of it: {transaction:?}"
            ));
        }
    }
    if transaction.seen != transaction.seen_again {
        return Err(format!("a read was not repeatable: {transaction:?}"));
    }
    Ok(())
}

/// Any two snapshots are one before the other.
fn check_order(history: &[Transaction]) -> Judged {
    let lengths = |lists: &Lists| -> Vec<usize> { lists.values().map(Vec::len).collect() };
    let mut snapshots: Vec<Vec<usize>> = history.iter().map(|it| lengths(&it.seen)).collect();
    snapshots.sort_by_key(|lengths| lengths.iter().sum::<usize>());
    for pair in snapshots.windows(2) {
        let is_before = pair[0].iter().zip(&pair[1]).all(|(one, other)| one <= other);
        if !is_before {
            return Err(format!(
                "long fork: snapshots with {:?} and {:?} values",
                pair[0], pair[1]
            ));
        }
    }
    Ok(())
}

/// `reader` sees all of `writer` or nothing; all, where that had ended before; nothing, where it ended after.
fn check_snapshot(reader: &Transaction, writer: &Transaction) -> Judged {
    let sees = |(key, value): &(u64, u64)| reader.seen.get(key).is_some_and(|list| list.contains(value));
    let count = writer.added.iter().filter(|added| sees(added)).count();
    let wrong = if count > 0 && count < writer.added.len() {
        "sees half of"
    } else if count == 0 && !writer.added.is_empty() && writer.ended < reader.began {
        "misses"
    } else if count > 0 && writer.ending > reader.opened {
        "sees, of its future,"
    } else {
        return Ok(());
    };
    Err(format!("{reader:?} {wrong} {writer:?}"))
}
