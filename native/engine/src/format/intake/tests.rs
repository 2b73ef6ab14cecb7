use super::*;
use crate::format::tree::{Tree, plain, tree};
use crate::limits::{DOCUMENT_BYTES_DEFAULT, STRUCTURES_MAX};

fn no_id() -> Result<IdBytes> {
    panic!("no id was to be made")
}

fn take(registry: &StructureRegistry, input: &[u8]) -> Result<(IdBytes, Vec<u8>)> {
    let mut out = vec![0xee];
    let id = intake(
        input,
        registry,
        DOCUMENT_BYTES_DEFAULT,
        &mut || IdBytes::from_text("made"),
        &mut out,
    );
    if id.is_err() {
        assert_eq!(out, [0xee], "a refused document leaves the output alone");
    }
    id.map(|id| (id, out.split_off(1)))
}

fn stored(registry: &StructureRegistry, text: &str) -> Vec<u8> {
    take(registry, &plain(text)).unwrap().1
}

fn refusal(input: &[u8]) -> Error {
    take(&StructureRegistry::new(), input).unwrap_err()
}

#[test]
fn the_second_document_of_a_shape_is_a_record() {
    let registry = StructureRegistry::new();
    let text = r#"{"_id": 7, "age": 100, "tags": ["a"], "at": date(5)}"#;
    let first = stored(&registry, text);
    assert_eq!(first.first(), Some(&0x84));
    for _ in 0..3 {
        let next = stored(&registry, text);
        assert_eq!(next.get(..5), Some(&[0x40, 7, 0xcc, 100, 0x91][..]));
        assert_eq!(Tree::from_stored(&next, &registry.snapshot()), tree(text));
        assert!(next.len() < first.len());
    }
    assert_eq!(registry.count(), 1);
}

#[test]
fn nested_maps_are_records_on_their_own() {
    let registry = StructureRegistry::new();
    let text = r#"{"_id": 1, "home": {"x": 1, "y": 2}, "visits": [{"x": 3, "y": 4}, {"z": {}}]}"#;
    for _ in 0..4 {
        let bytes = stored(&registry, text);
        assert_eq!(Tree::from_stored(&bytes, &registry.snapshot()), tree(text));
    }
    let bytes = stored(&registry, text);
    assert_eq!(registry.count(), 3);
    assert!(!bytes.windows(2).any(|pair| pair == b"\xa1x"), "no key is left");
}

#[test]
fn shapes_in_turn_keep_their_values() {
    let registry = StructureRegistry::new();
    let texts = [
        r#"{"_id": 1, "a": {"b": 1}}"#,
        r#"{"_id": 2, "a": {"c": 127}}"#,
        r#"{"_id": 3, "a": {"b": {"b": 64}}, "d": null}"#,
        r#"{"_id": 4, "a": [[], {"b": []}, {"c": {}}]}"#,
        r#"{"_id": 5, "a": {}}"#,
        r#"{"_id": 6}"#,
    ];
    for round in 0..12 {
        let text = texts[(round * 5 + round / 6) % texts.len()];
        let bytes = stored(&registry, text);
        assert_eq!(
            Tree::from_stored(&bytes, &registry.snapshot()),
            tree(text),
            "round {round}"
        );
    }
}

#[test]
fn the_id_comes_first_wherever_it_stood() {
    let registry = StructureRegistry::new();
    for _ in 0..3 {
        let (id, bytes) = take(
            &registry,
            &plain(r#"{"a": {"b": 2}, "_id": 100.0, "c": {"b": 3}}"#),
        )
        .unwrap();
        assert_eq!(id, IdBytes::from_integer(100));
        let expected = tree(r#"{"_id": 100, "a": {"b": 2}, "c": {"b": 3}}"#);
        assert_eq!(Tree::from_stored(&bytes, &registry.snapshot()), expected);
        assert_eq!(document_id(&bytes).unwrap(), &*id);
        assert!(starts_with_id(&bytes, &id));
        assert!(!starts_with_id(&bytes, &IdBytes::from_integer(101)));
    }
}

#[test]
fn an_absent_id_is_made_once_for_each_document() {
    let registry = StructureRegistry::new();
    let mut made = 0;
    for round in 0..5 {
        let mut out = Vec::new();
        let mut next_id = || {
            made += 1;
            Ok(IdBytes::from_integer(made))
        };
        let input = plain(if round == 3 { r#"{"b": 1}"# } else { r#"{"a": 1}"# });
        let id = intake(&input, &registry, 1000, &mut next_id, &mut out).unwrap();
        assert_eq!(id, IdBytes::from_integer(round + 1));
        assert!(starts_with_id(&out, &id));
    }
    let (id, bytes) = take(&registry, &plain("{}")).unwrap();
    assert_eq!(document_id(&bytes).unwrap(), &*id);
}

#[test]
fn structures_made_by_plain_tables_serve_later_documents() {
    let registry = StructureRegistry::new();
    for number in 0..STRUCTURES_MAX + 50 {
        let text = format!(r#"{{"_id": 1, "key{number}": {number}}}"#);
        for _ in 0..2 {
            let bytes = stored(&registry, &text);
            assert_eq!(Tree::from_stored(&bytes, &registry.snapshot()), tree(&text));
        }
    }
}

#[test]
fn what_is_no_document_is_refused() {
    for input in [
        &[][..],
        &[0x90],
        &[0xa0],
        &[0x40],
        &[0x81],
        &[0x81, 0xa1, b'a'],
        &[0x81, 1, 1],
        &[0x81, 0xa1, 0xff, 1],
        &[0x81, 0xa1, b'a', 0xa1, 0xff],
        &[0x81, 0xa1, b'a', 0xc1],
        &[0x82, 0xa1, b'a', 1, 0xa1, b'a', 1],
        &[0x80, 0xc0],
        &[0x81, 0xa1, b'a', 0xd4, b'r', 0x40],
        &[0x81, 0xa1, b'a', 0xc7, 1, b's', 0],
        &[0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1],
        &[0x81, 0xa1, b'a', 0xdd, 0xff, 0xff, 0xff, 0xff, 1],
        &[0x81, 0xa1, b'a', 0xc6, 0xff, 0xff, 0xff, 0xff, 1],
    ] {
        let error = refusal(input);
        assert_eq!(error.kind(), ErrorKind::InvalidDocument, "{input:x?}");
        let is_map = matches!(input.first(), Some(0x80..=0x8f | 0xde | 0xdf | 0xc1));
        let start = if is_map {
            "byte "
        } else {
            "the document must be an object, and "
        };
        assert!(error.message().starts_with(start), "{input:x?}: {error}");
    }
    assert_eq!(refusal(&plain(r#"{"_id": [1]}"#)).kind(), ErrorKind::InvalidId);
    assert_eq!(refusal(&plain(r#"{"_id": null}"#)).kind(), ErrorKind::InvalidId);
}

#[test]
fn the_one_pass_way_refuses_what_two_passes_refuse() {
    let good = plain(r#"{"_id": 1, "a": "x", "b": [{"c": 1}], "d": date(1)}"#);
    for place in 0..good.len() {
        for byte in 0..=255 {
            let registry = StructureRegistry::new();
            (0..3).for_each(|_| drop(take(&registry, &good).unwrap()));
            let mut input = good.clone();
            input[place] = byte;
            let warm = take(&registry, &input);
            let cold = take(&StructureRegistry::new(), &input);
            match (warm, cold) {
                (Ok((warm_id, warm)), Ok((cold_id, cold))) => {
                    assert_eq!(warm_id, cold_id);
                    let structures = registry.snapshot();
                    let pair = (
                        Tree::from_stored(&warm, &structures),
                        Tree::from_normalised(&cold),
                    );
                    assert_eq!(format!("{:?}", pair.0), format!("{:?}", pair.1));
                }
                (Err(warm), Err(cold)) => assert_eq!(warm.message(), cold.message()),
                (warm, cold) => panic!("place {place}, byte {byte:x}: {warm:?} but {cold:?}"),
            }
        }
    }
}

#[test]
fn nesting_stops_at_the_limit() {
    let nested = |depth: usize| {
        let mut bytes = vec![0x81, 0xa1, b'a'];
        bytes.extend(vec![0x91; depth - 2]);
        bytes.extend([0x90]);
        bytes
    };
    let registry = StructureRegistry::new();
    for _ in 0..3 {
        take(&registry, &nested(DEPTH_MAX)).unwrap();
    }
    for depth in [DEPTH_MAX + 1, 100_000] {
        assert_eq!(
            take(&registry, &nested(depth)).unwrap_err().kind(),
            ErrorKind::InvalidDocument
        );
    }
    let mut maps = vec![];
    for _ in 0..70_000 {
        maps.extend([0x81, 0xa1, b'a']);
    }
    maps.push(1);
    assert_eq!(refusal(&maps).kind(), ErrorKind::InvalidDocument);
}

#[test]
fn a_document_may_be_as_large_as_the_limit_and_not_larger() {
    let registry = StructureRegistry::new();
    let input = plain(r#"{"_id": 1, "a": "0123456789"}"#);
    let take = |limit| {
        let mut out = Vec::new();
        intake(&input, &registry, limit, &mut no_id, &mut out).map(|_| out.len())
    };
    let size = take(100).unwrap() as u32;
    assert!(take(size).unwrap() as u32 <= size);
    assert_eq!(take(10).unwrap_err().kind(), ErrorKind::DocumentTooLarge);
}

#[test]
fn many_keys_are_searched_for_equals_too() {
    let keys: Vec<String> = (0..1000).map(|number| format!(r#""k{number}": 1"#)).collect();
    let unique = format!("{{{}}}", keys.join(","));
    take(&StructureRegistry::new(), &plain(&unique)).unwrap();
    let twice = format!(r#"{{{}, "k500": 2}}"#, keys.join(","));
    assert!(refusal(&plain(&twice)).message().contains("\"k500\""));
}

#[test]
fn documents_back_to_back_are_taken_one_by_one() {
    let registry = StructureRegistry::new();
    let mut input = Vec::new();
    for number in 0..100 {
        input.extend(plain(&format!(r#"{{"_id": {number}, "a": "x"}}"#)));
    }
    let mut ids = Vec::new();
    let mut visit = |id: IdBytes, stored: &[u8]| {
        assert!(starts_with_id(stored, &id));
        ids.push(id);
        Ok(())
    };
    assert_eq!(
        intake_many(&input, &registry, 1000, &mut no_id, &mut visit).unwrap(),
        100
    );
    assert_eq!(ids, (0..100).map(IdBytes::from_integer).collect::<Vec<_>>());
    input.push(0xc1);
    let error = intake_many(&input, &registry, 1000, &mut no_id, &mut |_, _| Ok(())).unwrap_err();
    assert!(error.message().starts_with("document 100: "), "{error}");
}

#[test]
fn damaged_documents_have_no_id() {
    for bytes in [
        &[][..],
        &[0x80],
        &[0x81, 0xa1, b'a', 1],
        &[0x40],
        &[0x40, 0xc0],
        &[0x60],
        &[0x40, 0xa5, 1],
        &[1],
    ] {
        assert_eq!(
            document_id(bytes).unwrap_err().kind(),
            ErrorKind::Corrupted,
            "{bytes:x?}"
        );
        assert!(!starts_with_id(bytes, &[5]));
    }
}
