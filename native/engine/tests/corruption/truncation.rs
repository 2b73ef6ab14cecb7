//! Files cut short: the data file and the log at every 512 bytes, and byte by byte around structures.

use std::collections::{BTreeMap, BTreeSet};

use quire_engine::{ErrorKind, PAGE_BYTES};

use crate::fixture::{Content, DATA, Fate, Files, JOURNAL, LOGS, closed, crashed, fate_of};

/// Every multiple of 512, and every byte near the places that `borders` names.
fn cuts(length: usize, borders: &[usize]) -> BTreeSet<usize> {
    let near = borders.iter().flat_map(|at| at.saturating_sub(3)..at + 4);
    (0..length)
        .step_by(512)
        .chain(near)
        .filter(|at| *at < length)
        .collect()
}

fn fates_of_cuts(
    files: &Files,
    name: &str,
    cuts: &BTreeSet<usize>,
    contents: &[Content],
) -> BTreeMap<String, usize> {
    let mut tally = BTreeMap::new();
    for end in cuts {
        let mut files = files.clone();
        files.get_mut(name).unwrap().truncate(*end);
        let fate = fate_of(&files, contents, &format!("{name} cut at {end}"));
        assert!(
            name != DATA || !matches!(fate, Fate::Harmless | Fate::Dropped(_)),
            "{name} cut at {end}: {fate:?}"
        );
        *tally.entry(format!("{fate:?}")).or_default() += 1;
    }
    tally
}

#[test]
fn cut_data_file_is_never_taken_for_a_whole_one() {
    let (files, content) = closed();
    let length = files[DATA].len();
    let mut borders = vec![16, 40, 128, PAGE_BYTES + 128];
    borders.extend((0..=length).step_by(PAGE_BYTES));
    let tally = fates_of_cuts(&files, DATA, &cuts(length, &borders), &[content]);
    println!("data file cut short: {tally:?}");
}

#[test]
fn cut_data_file_beside_its_log_is_never_taken_for_a_new_one() {
    let (files, contents) = crashed(true);
    let length = files[DATA].len();
    let tally = fates_of_cuts(
        &files,
        DATA,
        &cuts(length, &[PAGE_BYTES, 2 * PAGE_BYTES]),
        &contents,
    );
    println!("data file with a log cut short: {tally:?}");
}

#[test]
fn cut_log_or_journal_drops_nothing_that_was_synced() {
    let (files, contents) = crashed(true);
    for name in [LOGS[0], LOGS[1], JOURNAL] {
        let Some(bytes) = files.get(name) else { continue };
        let used = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |last| last + 1);
        // Frames begin at multiples of 16 and are short: around the last ones every byte is a border.
        let mut cuts = cuts(bytes.len(), &[64, 512, 552, 4096]);
        // An empty log file is as good as none.
        cuts.remove(&0);
        cuts.extend(used.saturating_sub(400)..bytes.len().min(used + 40));
        let tally = fates_of_cuts(&files, name, &cuts, &contents);
        println!("{name} cut short: {tally:?}");
        // The last commit alone has nothing behind it that vouches for it.
        let lost = tally
            .keys()
            .filter(|fate| fate.starts_with("Dropped") && *fate != "Dropped(1)");
        assert_eq!(lost.count(), 0, "{name}: {tally:?}");
    }
}

#[test]
fn absent_log_of_a_database_that_was_not_closed_is_missed() {
    let (mut files, contents) = crashed(true);
    LOGS.iter().for_each(|name| drop(files.remove(*name)));
    assert_eq!(
        fate_of(&files, &contents, "no log"),
        Fate::Refused(ErrorKind::Corrupted)
    );
}
