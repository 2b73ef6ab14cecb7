use super::*;
use crate::format::tree::plain;

fn parse(text: &str) -> Result<IndexDefinition> {
    IndexDefinition::parse(&plain(text))
}

#[test]
fn what_is_asked_for_is_kept_and_read_again() {
    let definition = parse(
        "{\"key\": {\"city\": 1, \"age\": -1.0}, \"unique\": true, \"background\": true, \
          \"partialFilterExpression\": {\"age\": {\"$gt\": 64}}}",
    )
    .unwrap();
    assert_eq!(&*definition.name, "city_1_age_-1");
    assert_eq!(definition.keys.len(), 2);
    assert!(definition.is_unique && !definition.is_sparse);
    assert!(definition.keys[1].is_descending && !definition.keys[0].is_descending);
    let expiring = parse(
        "{\"key\": [[\"at\", -1]], \"name\": \"old\", \"sparse\": true, \"expireAfterSeconds\": 3600.0}",
    );
    let expiring = expiring.unwrap();
    assert_eq!(expiring.expire_after_seconds, Some(3600));
    for definition in [definition, expiring, IndexDefinition::of_id()] {
        let mut bytes = Vec::new();
        definition.encode(&mut bytes);
        assert_eq!(IndexDefinition::decode(&bytes).unwrap(), definition);
    }
    assert_eq!(
        IndexDefinition::on(&[("a.b", true)]).unwrap(),
        parse("{\"key\": {\"a.b\": -1}}").unwrap()
    );
    assert_eq!(
        parse("{\"key\": {\"_id\": 1}}").unwrap().name,
        ID_INDEX_NAME.into()
    );
}

#[test]
fn what_an_index_cannot_be_is_refused_with_a_reason() {
    for (text, reason) in [
        ("{}", "0 fields"),
        ("{\"key\": {}}", "0 fields"),
        ("{\"key\": 5}", "map of paths"),
        ("{\"key\": [5]}", "pair"),
        ("{\"key\": {\"a\": 2}}", "neither 1 nor -1"),
        ("{\"key\": {\"a\": \"text\"}}", "no text indexes"),
        ("{\"key\": {\"a\": \"2dsphere\"}}", "places"),
        ("{\"key\": {\"a\": \"hashed\"}}", "hashed"),
        ("{\"key\": {\"$**\": 1}}", "wildcard"),
        ("{\"key\": {\"a.$**\": 1}}", "wildcard"),
        ("{\"key\": {\"\": 1}}", "empty name"),
        ("{\"key\": {\"a..b\": 1}}", "empty name"),
        ("{\"key\": {\"a.$b\": 1}}", "begins with $"),
        ("{\"key\": [[\"a\", 1], [\"a\", -1]]}", "twice"),
        ("{\"key\": {\"a\": 1}, \"name\": \"\"}", "is empty"),
        ("{\"key\": {\"a\": 1}, \"name\": \"*\"}", "all indexes"),
        ("{\"key\": {\"a\": 1}, \"name\": \"_id_\"}", "does not fit"),
        ("{\"key\": {\"_id\": 1}, \"name\": \"other\"}", "does not fit"),
        ("{\"key\": {\"_id\": 1}, \"sparse\": true}", "no options"),
        ("{\"key\": {\"a\": 1}, \"name\": 5}", "takes a string"),
        ("{\"key\": {\"a\": 1}, \"unique\": 1}", "true or false"),
        (
            "{\"key\": {\"a\": 1}, \"partialFilterExpression\": 1}",
            "takes a filter",
        ),
        (
            "{\"key\": {\"a\": 1}, \"sparse\": true, \"partialFilterExpression\": {}}",
            "exclude",
        ),
        (
            "{\"key\": {\"a\": 1}, \"expireAfterSeconds\": -1}",
            "whole seconds",
        ),
        (
            "{\"key\": {\"a\": 1}, \"expireAfterSeconds\": 2147483648}",
            "whole seconds",
        ),
        (
            "{\"key\": {\"a\": 1}, \"expireAfterSeconds\": 1.5}",
            "whole seconds",
        ),
        (
            "{\"key\": {\"a\": 1, \"b\": 1}, \"expireAfterSeconds\": 1}",
            "one field",
        ),
        ("{\"key\": {\"_id\": -1}, \"expireAfterSeconds\": 1}", "one field"),
        ("{\"key\": {\"a\": 1}, \"collation\": {}}", "collations"),
        ("{\"key\": {\"a\": 1}, \"uniq\": true}", "known are"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidIndex, "{text}");
        assert!(error.message().contains(reason), "{text}: {}", error.message());
    }
    let many: Vec<(String, bool)> = (0..=INDEX_KEYS_MAX).map(|at| (format!("f{at}"), false)).collect();
    assert!(IndexDefinition::on(&many[1..]).is_ok());
    assert_eq!(
        IndexDefinition::on(&many).unwrap_err().kind(),
        ErrorKind::InvalidIndex
    );
    let deep = vec!["a"; DEPTH_MAX + 1].join(".");
    assert_eq!(
        IndexDefinition::on(&[(deep, false)]).unwrap_err().kind(),
        ErrorKind::InvalidIndex
    );
    assert_eq!(
        IndexDefinition::parse(&[0xc1]).unwrap_err().kind(),
        ErrorKind::InvalidIndex
    );
}

#[test]
fn no_cut_or_changed_definition_panics() {
    let mut bytes = Vec::new();
    parse("{\"key\": {\"a\": 1}, \"partialFilterExpression\": {\"a\": 5}, \"expireAfterSeconds\": 5}")
        .unwrap()
        .encode(&mut bytes);
    for at in 0..bytes.len() {
        assert_eq!(
            IndexDefinition::decode(&bytes[..at]).unwrap_err().kind(),
            ErrorKind::Corrupted
        );
        for byte in [0, 0x7f, 0xff] {
            let mut changed = bytes.clone();
            changed[at] = byte;
            if let Err(error) = IndexDefinition::decode(&changed) {
                assert_eq!(error.kind(), ErrorKind::Corrupted);
            }
        }
    }
}
