//! Cases of text.rs.

use super::*;

const DOCUMENT: &str = r#"{"s": "héllo", "t": " a b  ", "n": null, "i": 12, "d": date(0), "l": ["x"]}"#;

#[test]
fn texts_are_joined_parted_and_cut() {
    check(
        DOCUMENT,
        &[
            (r#"{"$concat": ["$s", "-", "b"]}"#, r#""héllo-b""#),
            (r#"{"$concat": ["$s", "$n"]}"#, "null"),
            (r#"{"$concat": ["$s", "$zz"]}"#, "null"),
            (r#"{"$concat": ["$s", "$i"]}"#, "error"),
            (r#"{"$concat": ["$n", "$i"]}"#, "error"),
            (r#"{"$concat": []}"#, r#""""#),
            (r#"{"$split": ["a-b--c", "-"]}"#, r#"["a", "b", "", "c"]"#),
            (r#"{"$split": ["$n", "-"]}"#, "null"),
            (r#"{"$split": ["abc", ""]}"#, "error"),
            (r#"{"$split": ["$i", "-"]}"#, "error"),
            (r#"{"$substrCP": ["$s", 1, 3]}"#, r#""éll""#),
            (r#"{"$substrCP": ["$s", 4, 9]}"#, r#""o""#),
            (r#"{"$substrCP": ["$s", 9, 9]}"#, r#""""#),
            (r#"{"$substrCP": ["$s", -1, 9]}"#, "error"),
            (r#"{"$substrBytes": ["$s", 0, 1]}"#, r#""h""#),
            (r#"{"$substrBytes": ["$s", 0, 2]}"#, "error"),
            (r#"{"$substr": ["$s", 3, -1]}"#, r#""llo""#),
            (r#"{"$substr": ["$n", 0, 1]}"#, r#""""#),
            (r#"{"$substr": ["$i", 1, 1]}"#, r#""2""#),
            (r#"{"$substr": ["$l", 1, 1]}"#, "error"),
        ],
    );
}

#[test]
fn texts_are_measured_searched_and_compared() {
    check(
        DOCUMENT,
        &[
            (r#"{"$strLenBytes": "$s"}"#, "6"),
            (r#"{"$strLenCP": "$s"}"#, "5"),
            (r#"{"$strLenCP": "$n"}"#, "error"),
            (r#"{"$indexOfCP": ["$s", "l"]}"#, "2"),
            (r#"{"$indexOfCP": ["$s", "l", 3]}"#, "3"),
            (r#"{"$indexOfCP": ["$s", "o", 0, 4]}"#, "-1"),
            (r#"{"$indexOfCP": ["$s", "h", 9]}"#, "-1"),
            (r#"{"$indexOfCP": ["$s", "", 2]}"#, "2"),
            (r#"{"$indexOfCP": ["$s", "l", -1]}"#, "error"),
            (r#"{"$indexOfBytes": ["$s", "l"]}"#, "3"),
            (r#"{"$indexOfBytes": ["$s", "l", 4]}"#, "4"),
            (r#"{"$indexOfBytes": ["$s", "h", 99]}"#, "-1"),
            (r#"{"$indexOfBytes": ["$n", "l"]}"#, "null"),
            (r#"{"$indexOfBytes": ["$s", "$n"]}"#, "error"),
            (r#"{"$strcasecmp": ["ABC", "abd"]}"#, "-1"),
            (r#"{"$strcasecmp": ["ABC", "abc"]}"#, "0"),
            (r#"{"$strcasecmp": ["$n", ""]}"#, "0"),
            (r#"{"$strcasecmp": ["a", "$n"]}"#, "1"),
        ],
    );
}

#[test]
fn texts_are_changed() {
    check(
        DOCUMENT,
        &[
            (r#"{"$toUpper": "$s"}"#, r#""HÉLLO""#),
            (r#"{"$toLower": "ABC"}"#, r#""abc""#),
            (r#"{"$toUpper": "$n"}"#, r#""""#),
            (r#"{"$toUpper": "$i"}"#, r#""12""#),
            (r#"{"$toLower": "$l"}"#, "error"),
            (r#"{"$trim": {"input": "$t"}}"#, r#""a b""#),
            (r#"{"$ltrim": {"input": "$t"}}"#, r#""a b  ""#),
            (r#"{"$rtrim": {"input": "$t"}}"#, r#"" a b""#),
            (r#"{"$trim": {"input": "xyaxy", "chars": "yx"}}"#, r#""a""#),
            (r#"{"$trim": {"input": "$n"}}"#, "null"),
            (r#"{"$trim": {"input": "a", "chars": "$n"}}"#, "null"),
            (r#"{"$trim": {"input": "$i"}}"#, "error"),
            (
                r#"{"$replaceOne": {"input": "aXbX", "find": "X", "replacement": "--"}}"#,
                r#""a--bX""#,
            ),
            (
                r#"{"$replaceAll": {"input": "aXbX", "find": "X", "replacement": ""}}"#,
                r#""ab""#,
            ),
            (
                r#"{"$replaceAll": {"input": "$n", "find": "X", "replacement": ""}}"#,
                "null",
            ),
            (
                r#"{"$replaceAll": {"input": "$i", "find": "X", "replacement": ""}}"#,
                "error",
            ),
        ],
    );
}

#[test]
fn texts_that_grow_too_long_are_refused() {
    let long = format!(r#"{{"s": "{}"}}"#, "x".repeat(1 << 20));
    let replacement = "y".repeat(100);
    check(
        &long,
        &[
            (
                &format!(
                    r#"{{"$replaceAll": {{"input": "$s", "find": "x", "replacement": "{replacement}"}}}}"#
                ),
                "limit",
            ),
            (
                &format!(r#"{{"$concat": [{}]}}"#, vec![r#""$s""#; 17].join(", ")),
                "limit",
            ),
        ],
    );
}
