use super::*;

#[test]
fn ids_rise_within_a_millisecond_and_when_the_clock_goes_back() {
    let source = UlidSource::with_seed(42);
    let mut last = source.next_at(1_000_000);
    for milliseconds in [1_000_000, 1_000_000, 999_999, 0, 1_000_001, 1_000_001, 5] {
        let next = source.next_at(milliseconds);
        assert!(*next > *last, "{next} after {last}");
        last = next;
    }
}

#[test]
fn the_random_part_overflows_into_the_next_millisecond() {
    let source = UlidSource::with_seed(1);
    source.next_at(7);
    source.state.lock().random = (1 << ULID_RANDOM_BITS) - 1;
    let last = source.next_at(6);
    assert_eq!(source.state.lock().milliseconds, 8);
    assert!(*source.next_at(8) > *last);
}

#[test]
fn an_id_has_26_characters_and_its_time_in_front() {
    let id = UlidSource::with_seed(3).next_at(1_469_918_176_385);
    assert_eq!(id.len(), 27);
    assert_eq!(id.first(), Some(&0xba));
    assert_eq!(id.get(1..11), Some(&b"01ARYZ6S41"[..]));
    assert_eq!(IdBytes::from_canonical(&id).unwrap(), id);
}

#[test]
fn sources_of_different_seeds_differ_and_of_one_seed_agree() {
    let first = UlidSource::with_seed(1).next_at(5);
    assert_eq!(first, UlidSource::with_seed(1).next_at(5));
    assert_ne!(first, UlidSource::with_seed(2).next_at(5));
    assert_ne!(
        UlidSource::new().unwrap().next_id(),
        UlidSource::new().unwrap().next_id()
    );
}
