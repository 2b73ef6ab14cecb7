use super::*;
use crate::format::tree::plain;

fn shown(constraints: &[Constraint<'_>]) -> Vec<String> {
    let bound = |bound: &Option<Bound<'_>>| match bound {
        Some(bound) => format!("{:?}{}", bound.literal, if bound.is_inclusive { "=" } else { "" }),
        None => "-".into(),
    };
    let mut lines: Vec<String> = constraints
        .iter()
        .map(|constraint| {
            let path = String::from_utf8(constraint.path.to_vec()).unwrap();
            match &constraint.restriction {
                Restriction::Equal(literal) => format!("{path} = {literal:?}"),
                Restriction::In(set) => format!("{path} in {}", set.count()),
                Restriction::Range { lower, upper } => format!("{path} {}..{}", bound(lower), bound(upper)),
                Restriction::Prefix(text) => format!("{path} begins {}", String::from_utf8_lossy(text)),
                Restriction::Exists(truth) => format!("{path} exists {truth}"),
            }
        })
        .collect();
    lines.sort();
    lines
}

fn compile(text: &str) -> Filter {
    Filter::compile(&plain(text)).unwrap()
}

#[track_caller]
fn check(filter: &str, is_all: bool, expected: &[&str]) {
    let filter = compile(filter);
    assert_eq!(shown(&filter.constraints()), expected);
    assert_eq!(filter.constraints_are_all(), is_all);
}

#[test]
fn conditions_that_must_hold_are_constraints() {
    check("{}", true, &[]);
    check(
        r#"{"a": 1, "b.c": {"$gt": 2, "$lte": 5}}"#,
        true,
        &["a = Int(1)", "b.c -..Int(5)=", "b.c Int(2)..-"],
    );
    check(
        r#"{"$and": [{"a": {"$in": [1, null, 2]}}, {"$and": [{"b": {"$exists": true}}]}]}"#,
        true,
        &["a in 3", "b exists true"],
    );
    check(r#"{"a": {"$not": {"$exists": true}}}"#, true, &["a exists false"]);
}

#[test]
fn opposites_and_alternatives_are_no_constraints() {
    check(r#"{"a": {"$ne": 1}, "b": 2}"#, false, &["b = Int(2)"]);
    check(r#"{"a": {"$nin": [1]}}"#, false, &[]);
    check(r#"{"$nor": [{"a": 1}]}"#, false, &[]);
    check(r#"{"a": 1, "$or": [{"b": 1}, {"c": 1}]}"#, false, &["a = Int(1)"]);
}

#[test]
fn branches_are_those_of_each_or() {
    let filter = compile(
        r#"{"x": 1, "$and": [
            {"$or": [{"a": 1, "b": {"$ne": 3}}, {"b": {"$lt": 5}}]},
            {"$or": [{"c": 1}, {}]}
        ]}"#,
    );
    let branches: Vec<Vec<_>> = filter
        .branches()
        .iter()
        .map(|branches| branches.iter().map(|branch| shown(branch)).collect())
        .collect();
    let expected: &[&[&[&str]]] = &[&[&["a = Int(1)"], &["b -..Int(5)"]], &[&["c = Int(1)"], &[]]];
    assert_eq!(branches, expected);
    assert!(compile(r#"{"$nor": [{"a": 1}, {"b": 1}]}"#).branches().is_empty());
    // One branch is no choice.
    check(r#"{"$or": [{"a": 1}]}"#, true, &["a = Int(1)"]);
}
