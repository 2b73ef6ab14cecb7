use super::*;
use crate::format::record::NO_STRUCTURES;
use crate::format::tree::{Tree, plain, tree};

fn order(left: &str, right: &str) -> Ordering {
    let normal = |text: &str| {
        let mut bytes = Vec::new();
        let map = Tree::Map(vec![("v".into(), tree(text))]).to_plain();
        crate::format::intake::normalise(&map, crate::format::survey::Subject::Filter, &mut bytes).unwrap();
        bytes.split_off(3)
    };
    let (left, right) = (normal(left), normal(right));
    compare_cursors(
        Cursor::new(&left, &NO_STRUCTURES),
        Cursor::new(&right, &NO_STRUCTURES),
    )
    .unwrap()
}

/// In rising order; those of one line are equal.
const LADDER: &[&[&str]] = &[
    &["null", "undefined"],
    &["NaN"],
    &["-inf"],
    &["-9223372036854775808", "-9223372036854775808.0"],
    &["-9223372036854775807"],
    &["-1.5"],
    &["-1", "-1.0"],
    &["0", "0.0", "-0.0"],
    &["0.5"],
    &["1"],
    &["100", "100.0"],
    &["9007199254740992", "9007199254740992.0"],
    &["9007199254740993"],
    &["9223372036854775807"],
    &["9223372036854775808", "9223372036854775808.0"],
    &["9223372036854775809"],
    &["18446744073709551615"],
    &["18446744073709551616.0"],
    &["1e300.0"],
    &["inf"],
    &[r#""""#],
    &[r#""a""#],
    &[r#""aa""#],
    &[r#""b""#],
    &[r#""ä""#],
    &["{}"],
    &[r#"{"b": 1}"#, r#"{"b": 1.0}"#],
    &[r#"{"b": 1, "a": 1}"#],
    &[r#"{"c": 0}"#],
    &[r#"{"a": "x"}"#],
    &["[]"],
    &["[1]"],
    &["[1, 2]"],
    &["[2]"],
    &[r#"["a"]"#],
    &["bin()"],
    &["bin(ff)"],
    &["bin(0000)"],
    &["false"],
    &["true"],
    &["date(-5)"],
    &["date(5)"],
];

#[test]
fn every_pair_of_the_ladder_is_in_order() {
    for (low, lefts) in LADDER.iter().enumerate() {
        for (high, rights) in LADDER.iter().enumerate() {
            for left in *lefts {
                for right in *rights {
                    let right = right.replace("1e300.0", &format!("1{}.0", "0".repeat(300)));
                    let left = left.replace("1e300.0", &format!("1{}.0", "0".repeat(300)));
                    assert_eq!(order(&left, &right), low.cmp(&high), "{left} and {right}");
                }
            }
        }
    }
}

#[test]
fn damage_is_no_order() {
    let good = plain("[1, 2]");
    let good = Cursor::new(&good, &NO_STRUCTURES);
    assert!(compare_cursors(good, Cursor::new(&[0x92, 1], &NO_STRUCTURES)).is_err());
    let deep = [0x91; DEPTH_MAX + 10];
    let deep = Cursor::new(&deep, &NO_STRUCTURES).value();
    assert!(deep.is_ok_and(|deep| compare(&deep, &deep).is_err()));
}
