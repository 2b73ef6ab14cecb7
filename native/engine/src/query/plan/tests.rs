use super::*;
use crate::format::tree::plain;

fn index<'a>(name: &'a str, keys: &[(&'a str, bool)]) -> IndexShape<'a> {
    IndexShape {
        name,
        keys: keys
            .iter()
            .map(|(path, is_descending)| KeyShape {
                path: path.as_bytes(),
                is_descending: *is_descending,
                has_arrays: false,
                has_position: false,
            })
            .collect(),
        is_sparse: false,
        partial: None,
        entries_count: 10_000,
    }
}

fn order<'a>(keys: &[(&'a str, bool)]) -> Vec<OrderKey<'a>> {
    let key = |(path, is_descending): &(&'a str, bool)| OrderKey {
        path: path.as_bytes(),
        is_descending: *is_descending,
    };
    keys.iter().map(key).collect()
}

/// The plan for a filter, in an order, where each interval has `entries`; and whether it gives the order.
fn planned(filter: &str, keys: &[(&str, bool)], indexes: &[IndexShape<'_>], entries: u64) -> (String, bool) {
    let filter = Filter::compile(&plain(filter)).unwrap();
    let order = order(keys);
    let question = Question {
        filter: Some(&filter),
        order: &order,
        documents_count: 10_000,
        ..Question::default()
    };
    let choice = choose(&question, indexes, &mut |_, _| Ok(entries)).unwrap();
    (choice.plan.name(indexes), choice.plan.is_ordered)
}

#[test]
fn plan_without_indexes_reads_documents() {
    assert_eq!(planned(r#"{"a":1}"#, &[], &[], 0), (SCAN.into(), true));
    assert_eq!(
        planned(r#"{"a":1}"#, &[("a", false)], &[], 0),
        (SCAN.into(), false)
    );
    assert_eq!(
        planned(r#"{"_id":1}"#, &[("a", false)], &[], 0),
        (ID_INDEX.into(), true)
    );
    assert_eq!(
        planned(r#"{"_id":{"$in":[]}}"#, &[], &[], 0),
        (String::new(), true)
    );
}

#[test]
fn rare_keys_are_looked_up_and_frequent_ones_are_not() {
    let indexes = [index("a_1", &[("a", false)])];
    assert_eq!(planned(r#"{"a":1}"#, &[], &indexes, 10).0, "a_1");
    assert_eq!(planned(r#"{"a":1}"#, &[], &indexes, 9_000).0, SCAN);
    assert_eq!(planned(r#"{"b":1}"#, &[], &indexes, 10).0, SCAN);
    assert_eq!(planned(r#"{"a":{"$in":[]}}"#, &[], &indexes, 10).0, "");
}

#[test]
fn order_comes_from_an_index_in_either_direction() {
    let indexes = [index("a_1_b_-1_c_1", &[("a", false), ("b", true), ("c", false)])];
    let name = || "a_1_b_-1_c_1".to_owned();
    for (filter, keys, is_ordered) in [
        (r#"{"a":1}"#, &[("b", true)][..], true),
        (r#"{"a":1}"#, &[("b", false)], true),
        (r#"{"a":1}"#, &[("b", false), ("c", true)], true),
        (r#"{"a":1}"#, &[("b", false), ("a", true), ("c", true)], true),
        (r#"{"a":1}"#, &[("b", false), ("c", false)], false),
        (r#"{"a":1}"#, &[("c", false)], false),
        (r#"{"a":{"$gt":1}}"#, &[("a", false), ("b", true)], true),
        (r#"{"a":{"$gt":1}}"#, &[("b", true)], false),
        (r#"{"a":{"$in":[1,2]}}"#, &[("a", true)], true),
        (r#"{"a":{"$in":[1,2]}}"#, &[("b", true)], false),
    ] {
        assert_eq!(
            planned(filter, keys, &indexes, 10),
            (name(), is_ordered),
            "{filter} {keys:?}"
        );
    }
}

#[test]
fn order_by_index_is_worth_it_when_few_are_taken() {
    let indexes = [index("a_1", &[("a", false)])];
    let order = order(&[("a", false)]);
    let mut question = Question {
        order: &order,
        documents_count: 10_000,
        ..Question::default()
    };
    let mut name = |wanted| {
        question.wanted = wanted;
        let choice = choose(&question, &indexes, &mut |_, _| Ok(0)).unwrap();
        choice.plan.name(&indexes)
    };
    assert_eq!(name(Some(10)), "a_1");
}

#[test]
fn branches_of_or_are_read_from_indexes_when_each_has_one() {
    let indexes = [index("a_1", &[("a", false)]), index("b_1", &[("b", false)])];
    assert_eq!(
        planned(r#"{"$or":[{"a":1},{"b":{"$gt":2}}]}"#, &[], &indexes, 10).0,
        "a_1 or b_1"
    );
    assert_eq!(
        planned(r#"{"$or":[{"a":1},{"_id":2}]}"#, &[], &indexes, 10).0,
        "a_1 or _id_"
    );
    assert_eq!(planned(r#"{"$or":[{"a":1},{"c":2}]}"#, &[], &indexes, 10).0, SCAN);
}

#[test]
fn partial_and_sparse_indexes_need_a_filter_that_implies_them() {
    let partial = Filter::compile(&plain(r#"{"b":{"$gt":5}}"#)).unwrap();
    let mut some = index("a_1", &[("a", false)]);
    some.partial = Some(&partial);
    for (filter, wanted) in [
        (r#"{"a":1}"#, SCAN),
        (r#"{"a":1,"b":6}"#, "a_1"),
        (r#"{"a":1,"b":{"$gte":6}}"#, "a_1"),
        (r#"{"a":1,"b":{"$gte":5}}"#, SCAN),
        (r#"{"a":1,"b":{"$in":[6,7]}}"#, "a_1"),
        (r#"{"b":{"$gt":5}}"#, "a_1"),
    ] {
        let mut indexes = [some.clone()];
        indexes[0].entries_count = 10;
        assert_eq!(planned(filter, &[], &indexes, 10).0, wanted, "{filter}");
    }
    let mut sparse = [index("a_1", &[("a", false)])];
    sparse[0].is_sparse = true;
    assert_eq!(planned(r#"{"a":1}"#, &[], &sparse, 10).0, "a_1");
    assert_eq!(planned(r#"{"a":null}"#, &[], &sparse, 10).0, SCAN);
    assert_eq!(planned(r#"{"a":{"$in":[1,null]}}"#, &[], &sparse, 10).0, SCAN);
}

#[test]
fn forced_index_that_may_lack_documents_is_an_error() {
    let mut indexes = [index("a_1", &[("a", false)])];
    let mut question = Question {
        forced: Some(Forced::Index(0)),
        documents_count: 10,
        ..Question::default()
    };
    let choose = |indexes: &[IndexShape<'_>]| choose(&question, indexes, &mut |_, _| Ok(1));
    assert_eq!(choose(&indexes).unwrap().plan.name(&indexes), "a_1");
    indexes[0].is_sparse = true;
    assert_eq!(choose(&indexes).unwrap_err().kind(), ErrorKind::InvalidArgument);
    question.forced = Some(Forced::Scan);
    assert_eq!(
        super::choose(&question, &indexes, &mut |_, _| Ok(1))
            .unwrap()
            .plan
            .name(&indexes),
        SCAN
    );
}

#[test]
fn index_alone_answers_what_its_keys_tell() {
    let mut indexes = [index("a_1", &[("a", false), ("b", false)])];
    let filter = Filter::compile(&plain(r#"{"a":1}"#)).unwrap();
    let covered = |indexes: &[IndexShape<'_>], needed: &[&[u8]]| {
        let question = Question {
            filter: Some(&filter),
            needed: Some(needed),
            documents_count: 10_000,
            ..Question::default()
        };
        choose(&question, indexes, &mut |_, _| Ok(10))
            .unwrap()
            .plan
            .is_covered
    };
    assert!(covered(&indexes, &[]));
    assert!(covered(&indexes, &[b"_id", b"b"]));
    assert!(!covered(&indexes, &[b"c"]));
    indexes[0].keys[1].has_arrays = true;
    assert!(covered(&indexes, &[]));
    assert!(!covered(&indexes, &[b"a"]));
}
