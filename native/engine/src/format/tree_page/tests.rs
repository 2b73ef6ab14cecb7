use super::rows::{Division, Rows, common_bytes, separator};
use super::*;

const OWNER: CollectionId = CollectionId(2);

fn page_of(level: u8, entries: &[&[u8]]) -> Box<PageBytes> {
    let mut bytes = Box::new([0; PAGE_BYTES]);
    page::initialize(&mut bytes, PageKind::OrderedNode, OWNER, 0);
    let mut rows = Rows::default();
    let child = |at: usize| (level > 0).then(|| PageNumber::new(10 + at as u32));
    rows.clear(level, child(0));
    for (at, entry) in entries.iter().enumerate() {
        rows.push(entry, child(at + 1)).unwrap();
    }
    rows.lay_out(0..entries.len(), child(0), &mut bytes);
    bytes
}

fn node(bytes: &PageBytes) -> Node<'_> {
    let node = Node::read(bytes, OWNER, None).unwrap();
    node.check().unwrap();
    node
}

fn entries(bytes: &PageBytes) -> Vec<Vec<u8>> {
    let node = node(bytes);
    let mut out = Vec::new();
    (0..node.count())
        .map(|at| {
            node.copy_entry(at, &mut out).unwrap();
            out.clone()
        })
        .collect()
}

#[test]
fn a_page_is_the_bytes_that_the_format_names() {
    let bytes = page_of(0, &[b"same: a", b"same: bcdefg", b"same: bcdefx"]);
    assert_eq!(bytes[24..28], [0, 0, 3, 0]);
    // Two records of two bytes below a prefix of six.
    assert_eq!(bytes[28..40], [0xf6, 0x0f, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0]);
    assert_eq!(bytes[42..48], [1, 0, 0, 0, 0, b'a']);
    assert_eq!(bytes[48..56], [0xf8, 0x0f, 6, 0, b'e', b'd', b'c', b'b']);
    assert_eq!(bytes[56..64], [0xf6, 0x0f, 6, 0, b'e', b'd', b'c', b'b']);
    assert_eq!(bytes[PAGE_BYTES - 10..], *b"fxfgsame: ");
    let inner = page_of(3, &[b"m"]);
    assert_eq!((inner[24], inner[32]), (3, 10));
    assert_eq!(node(&inner).child(1).unwrap(), PageNumber::new(11));
}

#[test]
fn entries_are_found_at_their_place_with_and_without_the_prefix() {
    let bytes = page_of(
        0,
        &[b"pre", b"pre1", b"prefix", b"prefix\0", b"prefixed", b"prez"],
    );
    let node = node(&bytes);
    assert_eq!(node.prefix(), b"pre");
    for (at, entry) in entries(&bytes).iter().enumerate() {
        assert_eq!(node.find(entry).unwrap(), Ok(at));
    }
    for (entry, place) in [
        (&b""[..], 0),
        (b"a", 0),
        (b"pr", 0),
        (b"pre\0", 1),
        (b"prefiw", 2),
        (b"prefix\x01", 4),
        (b"prf", 6),
        (b"z", 6),
    ] {
        assert_eq!(node.find(entry).unwrap(), Err(place), "{entry:?}");
    }
}

#[test]
fn an_insertion_without_room_or_prefix_leaves_the_page_as_it_was() {
    let mut bytes = page_of(0, &[b"shared 1 long", b"shared 2 long"]);
    let before = *bytes;
    assert!(!insert(&mut bytes, 2, b"tail", None).unwrap());
    let mut large = b"shared 2 ".to_vec();
    large.resize(ENTRY_BYTES_MAX, b'z');
    let mut inserted = 0;
    while insert(&mut bytes, 2 + inserted, &large, None).unwrap() {
        inserted += 1;
        large.pop();
    }
    assert_eq!(inserted, 3);
    let full = *bytes;
    assert!(!insert(&mut bytes, 0, &large, None).unwrap());
    assert_eq!(*bytes, full);
    assert_ne!(full, before);
}

#[test]
fn removing_entries_counts_their_bytes_as_holes() {
    let mut bytes = page_of(0, &[b"aaaaaaaa", b"bbbbbbbb", b"cccccccc"]);
    let used = node(&bytes).used_bytes();
    remove(&mut bytes, 1).unwrap();
    assert_eq!(node(&bytes).used_bytes(), used - SLOT_BYTES - 4);
    assert_eq!(entries(&bytes), [b"aaaaaaaa", b"cccccccc"]);
    remove(&mut bytes, 1).unwrap();
    remove(&mut bytes, 0).unwrap();
    assert_eq!(node(&bytes).used_bytes(), 0);
    assert!(remove(&mut bytes, 0).is_err());
}

#[test]
fn taking_a_child_out_leaves_the_others_in_order() {
    let children = |bytes: &PageBytes| -> Vec<u32> {
        let node = node(bytes);
        (0..=node.count())
            .map(|at| node.child(at).unwrap().get())
            .collect()
    };
    for (at, left) in [(0, [11, 12]), (1, [10, 12]), (2, [10, 11])] {
        let mut bytes = page_of(1, &[b"b", b"c"]);
        assert!(remove_child(&mut bytes, OWNER, at).unwrap());
        assert_eq!(children(&bytes), left);
    }
    let mut single = page_of(1, &[]);
    assert!(!remove_child(&mut single, OWNER, 0).unwrap());
}

#[test]
fn separators_are_as_short_as_they_can_be() {
    assert_eq!(separator(b"abcdef", b"abxyz"), b"abx");
    assert_eq!(separator(b"ab", b"abc"), b"abc");
    assert_eq!(separator(b"", b"q"), b"q");
    assert_eq!(common_bytes(b"abc", b"abd"), 2);
    let mut rows = Rows::default();
    rows.clear(0, None);
    // In the middle all are alike for long; a little beside it there is a short separator.
    for at in 0..64u8 {
        let entry = [&[b'a' + u8::from(at >= 30)][..], &[b'x'; 20], &[at]].concat();
        rows.push(&entry, None).unwrap();
    }
    let left = rows.division(Division::Even);
    assert_eq!((left, rows.separator(left)), (30, &b"b"[..]));
}

#[test]
fn a_list_out_of_order_is_refused() {
    let mut rows = Rows::default();
    rows.clear(0, None);
    rows.push(b"b", None).unwrap();
    assert!(rows.push(b"b", None).is_err());
    assert!(rows.insert(0, b"c", None).is_err());
    rows.insert(0, b"a", None).unwrap();
    let bytes = page_of(0, &[b"aa"]);
    assert!(rows.append(&node(&bytes)).is_err());
}
