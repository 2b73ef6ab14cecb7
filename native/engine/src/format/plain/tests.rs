use super::*;
use crate::format::record::{Structure, StructureRegistry};
use crate::format::tree::{Tree, tree};

fn registry() -> StructureRegistry {
    let registry = StructureRegistry::new();
    registry
        .restore(0, Structure::new(&["_id", "a"]).unwrap())
        .unwrap();
    registry.restore(1, Structure::new(&["x"]).unwrap()).unwrap();
    registry
}

#[test]
fn records_become_maps_at_every_depth() {
    let structures = registry().snapshot();
    let stored = [
        0x40, 1, 0x93, 0x41, 0xcc, 100, 0x41, 0x81, 0xa1, b'k', 0x41, 5, 0x90,
    ];
    let mut out = vec![0xee];
    assert_eq!(write_plain(&stored, &structures, &mut out), Ok(stored.len()));
    let expected = tree(r#"{"_id": 1, "a": [{"x": 100}, {"x": {"k": {"x": 5}}}, []]}"#);
    assert_eq!(Tree::from_normalised(&out[1..]), expected);
    assert_eq!(out[0], 0xee);
}

#[test]
fn damage_is_reported_and_leaves_the_output_alone() {
    let structures = registry().snapshot();
    let mut out = vec![1, 2];
    assert_eq!(
        write_plain(&[0x40, 1], &structures, &mut out),
        Err(Malformed::Truncated)
    );
    assert_eq!(
        write_plain(&[0x40, 1, 0x42, 1], &structures, &mut out),
        Err(Malformed::UnknownStructure)
    );
    let deep = vec![0x41; DEPTH_MAX + 1];
    assert_eq!(write_plain(&deep, &structures, &mut out), Err(Malformed::TooDeep));
    assert_eq!(out, [1, 2]);
}
