use super::*;
use crate::format::encode::write_record_head;
use crate::format::skip::record_head;

fn keys<'a>(list: &[&'a str]) -> Vec<&'a [u8]> {
    list.iter().map(|key| key.as_bytes()).collect()
}

#[test]
fn a_shape_becomes_a_structure_when_seen_again() {
    let registry = StructureRegistry::new();
    assert_eq!(registry.number_for(&keys(&["_id", "a"])), None);
    assert_eq!(
        registry.number_for(&keys(&["a", "_id"])),
        None,
        "order makes another shape"
    );
    assert_eq!(registry.number_for(&keys(&["_id", "a"])), Some(0));
    assert_eq!(registry.number_for(&keys(&["a", "_id"])), Some(1));
    assert_eq!(registry.snapshot().find(&keys(&["_id", "a"])), Some(0));
    assert_eq!(registry.snapshot().find(&keys(&["_id"])), None);
}

#[test]
fn snapshot_does_not_change_when_the_registry_grows() {
    let registry = StructureRegistry::new();
    let before = registry.snapshot();
    registry.number_for(&keys(&["a"]));
    registry.number_for(&keys(&["a"]));
    assert_eq!((before.count(), registry.count()), (0, 1));
}

#[test]
fn shapes_beyond_the_limits_stay_maps() {
    let registry = StructureRegistry::new();
    let many: Vec<String> = (0..=STRUCTURE_KEYS_MAX)
        .map(|number| number.to_string())
        .collect();
    let many: Vec<&[u8]> = many.iter().map(|key| key.as_bytes()).collect();
    let long = "k".repeat(STRUCTURE_KEY_BYTES_MAX + 1);
    for _ in 0..3 {
        assert_eq!(registry.number_for(&many), None);
        assert_eq!(registry.number_for(&[long.as_bytes()]), None);
        assert_eq!(registry.number_for(&[]), None);
    }
    assert!(registry.number_for(&many[1..]).is_none());
    assert_eq!(registry.number_for(&many[1..]), Some(0));
}

#[test]
fn the_table_stops_at_its_limit_and_asks_more_of_later_shapes() {
    let registry = StructureRegistry::new();
    let mut sightings = Vec::new();
    for number in 0..STRUCTURES_MAX + 2 {
        let key = format!("key{number}");
        let seen = (1..=40).find(|_| registry.number_for(&[key.as_bytes()]).is_some());
        sightings.push(seen);
    }
    assert_eq!(registry.count(), STRUCTURES_MAX);
    assert_eq!(sightings.first(), Some(&Some(2)));
    assert_eq!(sightings.get(STRUCTURES_MAX - 1), Some(&Some(32)));
    assert_eq!(sightings.last(), Some(&None));
}

#[test]
fn keys_that_are_data_do_not_grow_the_candidates_without_bound() {
    let registry = StructureRegistry::new();
    for number in 0..3 * CANDIDATES_MAX {
        registry.number_for(&[number.to_string().as_bytes()]);
    }
    assert_eq!(registry.count(), 0);
    assert!(registry.candidates.lock().len() <= CANDIDATES_MAX);
}

#[test]
fn structure_comes_back_from_its_bytes() {
    let structure = Structure::new(&["_id", "größe", ""]).unwrap();
    let mut bytes = Vec::new();
    structure.encode(&mut bytes);
    bytes.push(7);
    let (again, rest) = Structure::decode(&bytes).unwrap();
    assert_eq!(rest, [7]);
    assert_eq!(
        (again.key(1), again.key(2), again.key(3)),
        (Some("größe"), Some(""), None)
    );
    for end in 0..bytes.len() - 1 {
        assert_eq!(
            Structure::decode(&bytes[..end]).unwrap_err().kind(),
            ErrorKind::Corrupted
        );
    }
    assert!(Structure::decode(&[0, 1, 0, 0xff]).is_err(), "not UTF-8");
    assert!(
        Structure::decode(&[1, 1, 0, b'a', 1, 0, b'a']).is_err(),
        "the same key twice"
    );
}

#[test]
fn restore_repeats_but_never_changes_or_skips() {
    let registry = StructureRegistry::new();
    let make = |key: &str| Structure::new(&[key]).unwrap();
    registry.restore(0, make("a")).unwrap();
    registry.restore(0, make("a")).unwrap();
    assert_eq!(
        registry.restore(0, make("b")).unwrap_err().kind(),
        ErrorKind::Corrupted
    );
    assert_eq!(
        registry.restore(2, make("c")).unwrap_err().kind(),
        ErrorKind::Corrupted
    );
    assert_eq!(registry.count(), 1);
}

#[test]
fn every_record_head_reads_back_its_number() {
    for number in 0..STRUCTURES_MAX as u16 {
        let mut head = Vec::new();
        write_record_head(number, &mut head);
        assert_eq!(record_head(&head, 0), Ok((usize::from(number), head.len())));
        assert_eq!(head.len(), if number < 32 { 1 } else { 2 });
    }
}

#[test]
fn readers_and_growth_in_parallel_agree_on_every_number() {
    let registry = StructureRegistry::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..200 {
                    let key = format!("key{}", number % 50);
                    if let Some(found) = registry.number_for(&[key.as_bytes()]) {
                        let snapshot = registry.snapshot();
                        assert_eq!(snapshot.get(usize::from(found)).unwrap().key(0), Some(&*key));
                    }
                }
            });
        }
    });
    assert_eq!(registry.count(), 50);
}
