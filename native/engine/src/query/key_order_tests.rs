//! The promise of format/key.rs: keys sort as compare.rs sorts values, alone and one behind the other.

use std::cmp::Ordering;

use proptest::prelude::*;
use proptest::sample::select;

use crate::format::intake::normalise;
use crate::format::key::{encode, encode_descending};
use crate::format::key_decode::decode;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::Subject;
use crate::format::tree::Tree;
use crate::format::value::Cursor;
use crate::query::compare::compare_cursors;
use crate::query::property_tests::unique;

fn edge_integers() -> Vec<i64> {
    let mut edges = vec![0, i64::MAX, i64::MIN];
    for bits in 0..63 {
        let power = 1i64 << bits;
        edges.extend([power - 1, power, power + 1, -power, 1 - power, -power - 1]);
    }
    edges
}

fn edge_floats() -> Vec<f64> {
    let mut edges = vec![
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        -0.0,
        0.5,
        -0.5,
        1.5,
        -1.5,
        1e19,
        -1e19,
        1e20,
        -1e20,
    ];
    for exponent in 50..67 {
        let power = 2f64.powi(exponent);
        edges.extend([power, power.next_up(), power.next_down()]);
        edges.extend([-power, (-power).next_up(), (-power).next_down()]);
    }
    edges
}

fn scalar() -> impl Strategy<Value = Tree> {
    prop_oneof![
        1 => Just(Tree::Null),
        1 => Just(Tree::Undefined),
        1 => any::<bool>().prop_map(Tree::Bool),
        4 => select(edge_integers()).prop_map(Tree::Int),
        1 => any::<i64>().prop_map(Tree::Int),
        1 => (i64::MAX as u64 + 1..=u64::MAX).prop_map(Tree::UInt),
        4 => select(edge_floats()).prop_map(Tree::Float),
        1 => any::<f64>().prop_map(Tree::Float),
        2 => select(vec!["", "\0", "\u{1}", "\u{2}", "a", "a\0", "a\0\0", "a\u{1}", "ab", "ä"])
            .prop_map(|text| Tree::Text(text.into())),
        1 => any::<String>().prop_map(Tree::Text),
        1 => select(vec![vec![], vec![0], vec![0xff], vec![0, 0], vec![1; 200]]).prop_map(Tree::Binary),
        1 => (select(vec![-1, 0, 1, i64::MAX, i64::MIN]), select(vec![0, 1, 999_999_999]))
            .prop_map(|(seconds, nanoseconds)| Tree::Date(seconds, nanoseconds)),
        1 => (select(vec![-7i8, 5, 6]), select(vec![vec![], vec![0], vec![0xff], vec![0, 0]]))
            .prop_map(|(kind, bytes)| Tree::Ext(kind, bytes)),
    ]
}

fn value() -> impl Strategy<Value = Tree> {
    scalar().prop_recursive(3, 16, 3, |inner| {
        let name = select(vec!["", "a", "ab", "a\0", "b"]).prop_map(str::to_owned);
        let map = proptest::collection::vec((name, inner.clone()), 0..3).prop_map(unique);
        prop_oneof![map, proptest::collection::vec(inner, 0..3).prop_map(Tree::Array)]
    })
}

fn stored(value: &Tree) -> Vec<u8> {
    let mut bytes = Vec::new();
    let map = Tree::Map(vec![("v".into(), value.clone())]).to_plain();
    normalise(&map, Subject::Filter, &mut bytes).unwrap();
    bytes.split_off(3)
}

fn order(left: &[u8], right: &[u8]) -> Ordering {
    compare_cursors(
        Cursor::new(left, &NO_STRUCTURES),
        Cursor::new(right, &NO_STRUCTURES),
    )
    .unwrap()
}

fn ascending(stored: &[u8], key: &mut Vec<u8>) {
    encode(Some(&Cursor::new(stored, &NO_STRUCTURES).value().unwrap()), key).unwrap();
}

fn descending(stored: &[u8], key: &mut Vec<u8>) {
    encode_descending(Some(&Cursor::new(stored, &NO_STRUCTURES).value().unwrap()), key).unwrap();
}

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    let is_set = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if is_set { default.cases } else { 5_000 },
        failure_persistence: None,
        ..default
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn keys_sort_as_values_do(left in value(), right in value()) {
        let (left, right) = (stored(&left), stored(&right));
        let (mut left_key, mut right_key) = (Vec::new(), Vec::new());
        ascending(&left, &mut left_key);
        ascending(&right, &mut right_key);
        prop_assert_eq!(left_key.cmp(&right_key), order(&left, &right));
        prop_assert!(left_key == right_key || !left_key.starts_with(&right_key));
    }

    #[test]
    fn a_key_gives_back_a_value_that_is_equal(value in value(), rest in any::<[u8; 3]>()) {
        let stored = stored(&value);
        let mut key = Vec::new();
        ascending(&stored, &mut key);
        let length = key.len();
        key.extend_from_slice(&rest);
        let (decoded, behind) = decode(&key).unwrap();
        prop_assert_eq!(behind, rest);
        let mut written = Vec::new();
        decoded.write(&mut written);
        prop_assert_eq!(order(&stored, &written), Ordering::Equal);
        let mut again = Vec::new();
        ascending(&written, &mut again);
        prop_assert_eq!(&again[..], &key[..length]);
    }

    #[test]
    fn compound_keys_sort_by_one_field_after_the_other(
        left in (value(), value(), value()),
        right in (value(), value(), value()),
    ) {
        let left = [stored(&left.0), stored(&left.1), stored(&left.2)];
        let right = [stored(&right.0), stored(&right.1), stored(&right.2)];
        let key = |values: &[Vec<u8>; 3]| {
            let mut key = Vec::new();
            ascending(&values[0], &mut key);
            descending(&values[1], &mut key);
            ascending(&values[2], &mut key);
            key
        };
        let expected = order(&left[0], &right[0])
            .then(order(&right[1], &left[1]))
            .then(order(&left[2], &right[2]));
        prop_assert_eq!(key(&left).cmp(&key(&right)), expected);
    }
}

#[test]
fn every_pair_of_edge_numbers_is_in_order() {
    let numbers: Vec<Vec<u8>> = edge_integers()
        .into_iter()
        .map(Tree::Int)
        .chain(edge_floats().into_iter().map(Tree::Float))
        .chain([
            Tree::UInt(u64::MAX),
            Tree::UInt(1 << 63),
            Tree::UInt((1 << 63) + 1),
        ])
        .map(|number| stored(&number))
        .collect();
    let keys: Vec<Vec<u8>> = numbers
        .iter()
        .map(|number| {
            let mut key = Vec::new();
            ascending(number, &mut key);
            key
        })
        .collect();
    for (left, left_key) in numbers.iter().zip(&keys) {
        for (right, right_key) in numbers.iter().zip(&keys) {
            assert_eq!(
                left_key.cmp(right_key),
                order(left, right),
                "{left:x?} {right:x?}"
            );
        }
    }
}
