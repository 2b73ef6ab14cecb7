//! Cases of conversion.rs.

use super::*;

const DOCUMENT: &str = r#"{"s": "12", "n": null, "i": 7, "l": 3000000000, "f": 1.5, "t": true, "d": date(1767323045),
    "b": bin(0a), "a": [1], "o": {"x": 1}}"#;

#[test]
fn types_have_mongodbs_names() {
    check(
        DOCUMENT,
        &[
            (r#"{"$type": "$s"}"#, r#""string""#),
            (r#"{"$type": "$n"}"#, r#""null""#),
            (r#"{"$type": "$zz"}"#, r#""missing""#),
            (r#"{"$type": "$i"}"#, r#""int""#),
            (r#"{"$type": "$l"}"#, r#""long""#),
            (r#"{"$type": "$f"}"#, r#""double""#),
            (r#"{"$type": "$t"}"#, r#""bool""#),
            (r#"{"$type": "$d"}"#, r#""date""#),
            (r#"{"$type": "$b"}"#, r#""binData""#),
            (r#"{"$type": "$a"}"#, r#""array""#),
            (r#"{"$type": "$o"}"#, r#""object""#),
            (r#"{"$isNumber": "$i"}"#, "true"),
            (r#"{"$isNumber": "$f"}"#, "true"),
            (r#"{"$isNumber": "$s"}"#, "false"),
            (r#"{"$isNumber": "$zz"}"#, "false"),
        ],
    );
}

#[test]
fn values_are_converted() {
    check(
        DOCUMENT,
        &[
            (r#"{"$toString": "$i"}"#, r#""7""#),
            (r#"{"$toString": "$f"}"#, r#""1.5""#),
            (r#"{"$toString": "$t"}"#, r#""true""#),
            (r#"{"$toString": "$d"}"#, r#""2026-01-02T03:04:05.000Z""#),
            (r#"{"$toString": "$a"}"#, "error"),
            (r#"{"$toString": "$n"}"#, "null"),
            (r#"{"$toString": "$zz"}"#, "null"),
            (r#"{"$toInt": "$s"}"#, "12"),
            (r#"{"$toInt": "$f"}"#, "1"),
            (r#"{"$toInt": "$t"}"#, "1"),
            (r#"{"$toInt": "$l"}"#, "error"),
            (r#"{"$toLong": "$l"}"#, "3000000000"),
            (r#"{"$toLong": "$d"}"#, "1767323045000"),
            (r#"{"$toLong": "1.5"}"#, "error"),
            (r#"{"$toInt": "x"}"#, "error"),
            (r#"{"$toInt": "$b"}"#, "error"),
            (r#"{"$toDouble": "1.5"}"#, "1.5"),
            (r#"{"$toDouble": "$i"}"#, "7.0"),
            (r#"{"$toDouble": ""}"#, "error"),
            (r#"{"$toBool": "$i"}"#, "true"),
            (r#"{"$toBool": 0}"#, "false"),
            (r#"{"$toBool": ""}"#, "true"),
            (r#"{"$toBool": "$n"}"#, "null"),
            (r#"{"$toDate": 1767323045000}"#, "date(1767323045)"),
            (r#"{"$toDate": "2026-01-02T03:04:05Z"}"#, "date(1767323045)"),
            (r#"{"$toDate": "2026-01-02T04:04:05+01:00"}"#, "date(1767323045)"),
            (r#"{"$toDate": "1970-01-02"}"#, "date(86400)"),
            (r#"{"$toDate": "soon"}"#, "error"),
            (r#"{"$toDate": "$t"}"#, "error"),
            (r#"{"$toDecimal": 1}"#, "error"),
        ],
    );
}

#[test]
fn conversion_asks_what_to_do_with_errors_and_nulls() {
    check(
        DOCUMENT,
        &[
            (r#"{"$convert": {"input": "$s", "to": "int"}}"#, "12"),
            (r#"{"$convert": {"input": "$i", "to": 2}}"#, r#""7""#),
            (r#"{"$convert": {"input": "x", "to": "int"}}"#, "error"),
            (
                r#"{"$convert": {"input": "x", "to": "int", "onError": -1}}"#,
                "-1",
            ),
            (r#"{"$convert": {"input": "$n", "to": "int"}}"#, "null"),
            (r#"{"$convert": {"input": "$n", "to": "int", "onNull": 0}}"#, "0"),
            (r#"{"$convert": {"input": "1", "to": "$n"}}"#, "null"),
            (r#"{"$convert": {"input": "1", "to": "decimal"}}"#, "error"),
        ],
    );
}

#[test]
fn floats_are_written_as_short_as_they_can_be() {
    check(
        r#"{"a": 1.0e300, "b": 1.0e-7, "c": 100.0, "n": NaN, "i": inf, "z": 0.1}"#,
        &[
            (r#"{"$toString": "$a"}"#, r#""1e+300""#),
            (r#"{"$toString": "$b"}"#, r#""1e-7""#),
            (r#"{"$toString": "$c"}"#, r#""100""#),
            (r#"{"$toString": "$z"}"#, r#""0.1""#),
            (r#"{"$toString": "$n"}"#, r#""NaN""#),
            (r#"{"$toString": "$i"}"#, r#""Infinity""#),
        ],
    );
}
