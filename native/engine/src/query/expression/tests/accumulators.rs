//! Cases of accumulator.rs: each over a list of documents.

use super::*;
use crate::query::expression::accumulator::Accumulator;

fn accumulate(name: &str, operand: &str, documents: &[&str]) -> Result<Owned> {
    let operand = stored(operand);
    let accumulator = Accumulator::compile(name, value_of(&operand), &[])?;
    let mut state = accumulator.start();
    let mut grown = 0;
    for document in documents {
        let document = stored(document);
        grown += accumulator.add(&mut state, &Scope::new(Root::Stored(value_of(&document)), NOW))?;
    }
    assert!(grown < 100_000);
    Ok(accumulator.finish(state))
}

fn check_all(documents: &[&str], cases: &[(&str, &str, &str)]) {
    for (name, operand, wanted) in cases {
        let found = accumulate(name, operand, documents);
        match (*wanted, found) {
            ("error", Err(error)) => assert_eq!(error.kind(), ErrorKind::InvalidExpression),
            (wanted, Ok(found)) => assert_eq!(
                format!("{found:?}"),
                format!("{:?}", owned(wanted)),
                "{name}: {operand}"
            ),
            (_, Err(error)) => panic!("{name}: {operand}: {error}"),
        }
    }
}

const DOCUMENTS: &[&str] = &[
    r#"{"a": 3, "s": "x", "l": [1, 2], "o": {"p": 1, "q": 1}, "f": 2.0}"#,
    r#"{"a": 1, "s": "y", "n": null, "o": {"q": 2}, "f": 4.0}"#,
    r#"{"a": 2, "s": "x", "l": [1, 2], "o": null, "f": 4.0}"#,
    r#"{"s": "z", "f": "text"}"#,
    r#"{"a": 1.0, "s": "x", "o": {"r": 3}, "f": 6.0}"#,
];

#[test]
fn accumulators_go_over_documents() {
    check_all(
        DOCUMENTS,
        &[
            ("$sum", r#""$a""#, "7.0"),
            ("$sum", "1", "5"),
            ("$sum", r#""$s""#, "0"),
            ("$sum", r#""$l""#, "0"),
            ("$sum", r#"{"$multiply": ["$f", 2]}"#, "error"),
            ("$avg", r#""$a""#, "1.75"),
            ("$avg", r#""$s""#, "null"),
            ("$min", r#""$a""#, "1"),
            ("$max", r#""$a""#, "3"),
            ("$min", r#""$n""#, "null"),
            ("$max", r#""$s""#, r#""z""#),
            ("$first", r#""$a""#, "3"),
            ("$last", r#""$a""#, "1.0"),
            ("$first", r#""$n""#, "null"),
            ("$last", r#""$n""#, "null"),
            ("$push", r#""$a""#, "[3, 1, 2, 1.0]"),
            ("$push", r#"{"v": "$n"}"#, r#"[{}, {"v": null}, {}, {}, {}]"#),
            ("$addToSet", r#""$a""#, "[3, 1, 2]"),
            ("$addToSet", r#""$l""#, "[[1, 2]]"),
            ("$count", "{}", "5"),
            ("$count", "1", "error"),
            ("$stdDevPop", r#""$f""#, "1.4142135623730951"),
            ("$stdDevSamp", r#""$f""#, "1.632993161855452"),
            ("$stdDevPop", r#""$s""#, "null"),
            ("$mergeObjects", r#""$o""#, r#"{"p": 1, "q": 2, "r": 3}"#),
            ("$mergeObjects", r#""$s""#, "error"),
            ("$firstN", r#"{"input": "$a", "n": 2}"#, "[3, 1]"),
            ("$lastN", r#"{"input": "$a", "n": 3}"#, "[2, null, 1.0]"),
            ("$minN", r#"{"input": "$a", "n": 3}"#, "[1, 1.0, 2]"),
            ("$maxN", r#"{"input": "$a", "n": 2}"#, "[3, 2]"),
            ("$maxN", r#"{"input": "$a", "n": 99}"#, "[3, 2, 1, 1.0]"),
            ("$maxN", r#"{"input": "$a", "n": 0}"#, "error"),
            ("$maxN", r#"{"input": "$a"}"#, "error"),
            ("$top", r#"{"sortBy": {"a": -1}, "output": "$s"}"#, r#""x""#),
            ("$top", r#"{"sortBy": {"a": 1}, "output": "$s"}"#, r#""z""#),
            (
                "$bottom",
                r#"{"sortBy": {"a": 1}, "output": ["$a", "$s"]}"#,
                r#"[3, "x"]"#,
            ),
            (
                "$topN",
                r#"{"sortBy": {"s": -1, "a": 1}, "output": "$a", "n": 3}"#,
                "[null, 1, 1.0]",
            ),
            (
                "$bottomN",
                r#"{"sortBy": {"s": -1, "a": 1}, "output": "$a", "n": 2}"#,
                "[2, 3]",
            ),
            ("$top", r#"{"sortBy": {"a": 2}, "output": "$s"}"#, "error"),
            ("$top", r#"{"sortBy": {}, "output": "$s"}"#, "error"),
            ("$median", r#"{"input": "$f", "method": "approximate"}"#, "4.0"),
            ("$median", r#"{"input": "$s", "method": "approximate"}"#, "null"),
            ("$median", r#"{"input": "$f", "method": "exact"}"#, "error"),
            (
                "$percentile",
                r#"{"input": "$f", "p": [0, 0.25, 0.9, 1], "method": "approximate"}"#,
                "[2.0, 2.0, 6.0, 6.0]",
            ),
            (
                "$percentile",
                r#"{"input": "$f", "p": [2], "method": "approximate"}"#,
                "error",
            ),
            ("$accumulator", "{}", "error"),
            ("$frobnicate", "1", "error"),
        ],
    );
}

#[test]
fn without_documents_there_are_the_values_of_nothing() {
    check_all(
        &[],
        &[
            ("$sum", r#""$a""#, "0"),
            ("$avg", r#""$a""#, "null"),
            ("$min", r#""$a""#, "null"),
            ("$first", r#""$a""#, "null"),
            ("$push", r#""$a""#, "[]"),
            ("$addToSet", r#""$a""#, "[]"),
            ("$mergeObjects", r#""$a""#, "{}"),
            ("$count", "{}", "0"),
            ("$stdDevSamp", r#""$a""#, "null"),
            ("$top", r#"{"sortBy": {"a": 1}, "output": "$s"}"#, "null"),
            ("$maxN", r#"{"input": "$a", "n": 2}"#, "[]"),
        ],
    );
}

#[test]
fn the_first_of_many_are_kept_in_little_room() {
    let texts: Vec<String> = (0..1000)
        .map(|number| format!("{{\"a\": {}}}", number * 7919 % 1000))
        .collect();
    let documents: Vec<&str> = texts.iter().map(String::as_str).collect();
    check_all(
        &documents,
        &[
            ("$minN", r#"{"input": "$a", "n": 3}"#, "[0, 1, 2]"),
            ("$maxN", r#"{"input": "$a", "n": 3}"#, "[999, 998, 997]"),
            (
                "$bottomN",
                r#"{"sortBy": {"a": 1}, "output": "$a", "n": 3}"#,
                "[997, 998, 999]",
            ),
        ],
    );
}
