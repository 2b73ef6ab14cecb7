use super::*;
use crate::format::record::{NO_STRUCTURES, StructureRegistry};
use crate::format::tree::{Tree, plain, tree};

#[test]
fn every_scalar_width_reads_as_its_value() {
    let cases: [(&[u8], Tree); 22] = [
        (&[0x3f], Tree::Int(63)),
        (&[0xcc, 0x7f], Tree::Int(127)),
        (&[0xe0], Tree::Int(-32)),
        (&[0xd0, 0x80], Tree::Int(-128)),
        (&[0xcd, 0xff, 0xff], Tree::Int(65535)),
        (&[0xd1, 0x80, 0], Tree::Int(-32768)),
        (&[0xce, 0xff, 0xff, 0xff, 0xff], Tree::Int(4_294_967_295)),
        (&[0xd2, 0x80, 0, 0, 0], Tree::Int(-2_147_483_648)),
        (
            &[0xcf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            Tree::Int(i64::MAX),
        ),
        (&[0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0], Tree::UInt(1 << 63)),
        (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], Tree::Int(i64::MIN)),
        (&[0xca, 0x3f, 0x80, 0, 0], Tree::Float(1.0)),
        (&[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], Tree::Float(1.5)),
        (&[0xc0], Tree::Null),
        (&[0xd4, 0, 0], Tree::Undefined),
        (&[0xc3], Tree::Bool(true)),
        (&[0xd9, 1, b'a'], Tree::Text("a".into())),
        (&[0xc5, 0, 1, 9], Tree::Binary(vec![9])),
        (&[0xd6, 0xff, 0, 0, 0, 7], Tree::Date(7, 0)),
        (&[0xd7, 0xff, 0, 0, 0, 4, 0, 0, 0, 7], Tree::Date(7, 1)),
        (
            &[0xc7, 12, 0xff, 0, 0, 0, 5, 255, 255, 255, 255, 255, 255, 255, 255],
            Tree::Date(-1, 5),
        ),
        (&[0xd4, 0xff, 0xff], Tree::Ext(-1, vec![0xff])),
    ];
    for (bytes, expected) in cases {
        assert_eq!(Tree::from_normalised(bytes), expected);
    }
}

#[test]
fn every_prefix_of_a_value_is_truncated() {
    let bytes = plain(r#"{"a": [1, 300, -5.0, "text", bin(0102), date(9)], "b": {"c": null, "d": [[]]}}"#);
    for end in 0..bytes.len() {
        assert_eq!(
            skip(&bytes[..end], 0, &NO_STRUCTURES),
            Err(Malformed::Truncated),
            "prefix of {end}"
        );
    }
    assert_eq!(skip(&bytes, 0, &NO_STRUCTURES), Ok(bytes.len()));
}

#[test]
fn declared_sizes_beyond_the_bytes_are_refused() {
    for bomb in [
        &[0xdd, 0xff, 0xff, 0xff, 0xff, 1][..],
        &[0xdf, 0xff, 0xff, 0xff, 0xff, 1],
        &[0xdb, 0xff, 0xff, 0xff, 0xff, 1],
        &[0xc6, 0xff, 0xff, 0xff, 0xff, 1],
        &[0xc9, 0xff, 0xff, 0xff, 0xff, 1],
    ] {
        assert_eq!(skip(bomb, 0, &NO_STRUCTURES), Err(Malformed::Truncated));
    }
}

#[test]
fn a_record_of_an_unknown_structure_is_refused() {
    assert_eq!(
        skip(&[0x40, 1], 0, &NO_STRUCTURES),
        Err(Malformed::UnknownStructure)
    );
    assert!(Cursor::new(&[0x7f, 0xff, 1], &NO_STRUCTURES).value().is_err());
    assert_eq!(skip(&[0xc1], 0, &NO_STRUCTURES), Err(Malformed::ReservedByte));
}

#[test]
fn a_record_has_the_keys_of_its_structure() {
    let registry = StructureRegistry::new();
    registry.restore(0, Structure::new(&["a", "b"]).unwrap()).unwrap();
    let structures = registry.snapshot();
    let stored = [0x40, 1, 0x91, 2];
    assert_eq!(
        Tree::from_stored(&stored, &structures),
        tree(r#"{"a": 1, "b": [2]}"#)
    );
    let Value::Map(fields) = Cursor::new(&stored, &structures).value().unwrap() else {
        panic!()
    };
    assert_eq!(fields.find(b"b").unwrap().unwrap().position(), 2);
    assert!(fields.find(b"c").unwrap().is_none());
}
