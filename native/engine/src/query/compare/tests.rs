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

/// The ladder's values, owned.
fn ladder() -> Vec<(usize, String, Owned)> {
    let mut values = Vec::new();
    for (step, texts) in LADDER.iter().enumerate() {
        for text in *texts {
            let text = text.replace("1e300.0", &format!("1{}.0", "0".repeat(300)));
            let mut bytes = Vec::new();
            let map = Tree::Map(vec![("v".into(), tree(&text))]).to_plain();
            crate::format::intake::normalise(&map, crate::format::survey::Subject::Filter, &mut bytes)
                .unwrap();
            let value = Owned::read(Cursor::at(&bytes, 3, &NO_STRUCTURES)).unwrap();
            values.push((step, text, value));
        }
    }
    values
}

#[test]
fn owned_values_have_the_order_of_stored_ones() {
    for (low, left_text, left) in &ladder() {
        for (high, right_text, right) in &ladder() {
            assert_eq!(
                compare_owned(left, right),
                low.cmp(high),
                "{left_text} and {right_text}"
            );
            let mut bytes = Vec::new();
            right.write(&mut bytes);
            let stored = View::from(Cursor::new(&bytes, &NO_STRUCTURES).value().unwrap());
            assert_eq!(compare_views(&left.into(), &stored), Ok(low.cmp(high)));
        }
    }
}

#[test]
fn group_keys_are_equal_exactly_for_equal_values() {
    use crate::query::group_key::{append_group_key, group_key};
    for (low, left_text, left) in &ladder() {
        for (high, right_text, right) in &ladder() {
            let equal = group_key(left) == group_key(right);
            assert_eq!(equal, low == high, "{left_text} and {right_text}");
        }
        let mut bytes = Vec::new();
        left.write(&mut bytes);
        let mut key = Vec::new();
        let stored = Cursor::new(&bytes, &NO_STRUCTURES).value().unwrap();
        append_group_key(&stored.into(), &mut key).unwrap();
        assert_eq!(key, group_key(left), "{left_text}");
    }
}
