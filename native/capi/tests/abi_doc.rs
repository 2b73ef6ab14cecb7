//! docs/ABI.md says what there is: its tables are compared with the engine's commands, the headers and the statuses, both
//! ways.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use quire_engine::{ErrorKind, command};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// The rows of the page's tables: the texts of their cells.
fn rows(page: &str) -> Vec<Vec<&str>> {
    page.lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// The words of a text that stand between backquotes.
fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The names of the functions that a header declares.
fn declared(header: &str) -> BTreeSet<String> {
    let calls = header
        .lines()
        .filter(|line| !line.starts_with("//") && line.contains('('));
    calls
        .filter_map(|line| line.split('(').next()?.split([' ', '*']).next_back())
        .filter(|name| name.starts_with("quire_") || name.starts_with("Nano"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_has_a_row_with_its_fields() {
    let page = read("docs/ABI.md");
    let commands: Vec<(&str, BTreeSet<String>)> = command::table()
        .map(|(op, fields)| (op, fields.iter().map(|field| (*field).to_owned()).collect()))
        .collect();
    let documented: Vec<(String, BTreeSet<String>)> = page
        .split("## Commands")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .map(rows)
        .unwrap()
        .into_iter()
        .filter(|row| row[0].starts_with('`'))
        .map(|row| (row[0].trim_matches('`').to_owned(), quoted(row[1])))
        .collect();
    for (op, fields) in &commands {
        let row = documented.iter().find(|(name, _)| name == op);
        let (_, words) = row.unwrap_or_else(|| panic!("docs/ABI.md has no row for {op}"));
        let missing: Vec<_> = fields.difference(words).collect();
        assert!(missing.is_empty(), "the row of {op} lacks {missing:?}");
        let is_plain = |word: &&String| {
            word.chars()
                .all(|letter| letter.is_ascii_alphabetic() || letter == '_')
        };
        let extra: Vec<_> = words.difference(fields).filter(is_plain).collect();
        let allowed = |word: &&&String| op == &"dropIndexes" && **word == "_id";
        assert!(extra.iter().all(|word| allowed(&word)), "{op} takes no {extra:?}");
    }
    let known: BTreeSet<&str> = commands.iter().map(|(op, _)| *op).collect();
    let unknown: Vec<_> = documented
        .iter()
        .filter(|(op, _)| !known.contains(op.as_str()))
        .collect();
    assert!(
        unknown.is_empty(),
        "docs/ABI.md has commands that do not exist: {unknown:?}"
    );
}

#[test]
fn every_call_of_the_headers_is_in_the_table_of_calls() {
    let page = read("docs/ABI.md");
    let calls = page
        .split("## Calls")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next());
    let mut documented = quoted(calls.unwrap());
    documented.remove("nanodb_compat.h");
    let mut known = declared(&read("bindings/c/include/quire.h"));
    known.extend(declared(&read("bindings/c/include/nanodb_compat.h")));
    assert_eq!(documented, known);
}

#[test]
fn every_status_has_a_row() {
    let page = read("docs/ABI.md");
    let statuses = rows(page.split("## Statuses").nth(1).unwrap());
    let documented: Vec<(String, String)> = statuses
        .into_iter()
        .filter(|row| row[0].parse::<u16>().is_ok())
        .map(|row| (row[0].to_owned(), row[1].trim_matches('`').to_owned()))
        .collect();
    let known: Vec<(String, String)> = ErrorKind::ALL
        .iter()
        .map(|kind| ((*kind as u16).to_string(), kind.code().to_owned()))
        .collect();
    assert_eq!(documented, known);
}
