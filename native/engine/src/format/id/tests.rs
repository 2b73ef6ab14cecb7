use super::*;

#[test]
fn every_way_to_write_a_number_gives_one_id() {
    let five = IdBytes::from_integer(5);
    assert_eq!(*five, [5]);
    for bytes in [
        &[5][..],
        &[0xcc, 5],
        &[0xcd, 0, 5],
        &[0xd3, 0, 0, 0, 0, 0, 0, 0, 5],
        &[0xcb, 0x40, 0x14, 0, 0, 0, 0, 0, 0],
        &[0xca, 0x40, 0xa0, 0, 0],
    ] {
        assert_eq!(IdBytes::from_message_pack(bytes).unwrap(), five);
    }
    assert_ne!(IdBytes::from_text("5").unwrap(), five);
    assert_eq!(*IdBytes::from_message_pack(&[0x40]).unwrap(), [0xcc, 0x40]);
    let negative_zero = IdBytes::from_message_pack(&[0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0]).unwrap();
    assert_eq!(negative_zero, IdBytes::from_integer(0));
}

#[test]
fn canonical_integers_use_the_shortest_form() {
    for (number, bytes) in [
        (0, 1),
        (63, 1),
        (64, 2),
        (255, 2),
        (256, 3),
        (65536, 5),
        (1 << 32, 9),
        (i64::MAX, 9),
        (-1, 1),
        (-32, 1),
        (-33, 2),
        (-128, 2),
        (-129, 3),
        (-32769, 5),
        (i64::MIN, 9),
    ] {
        let id = IdBytes::from_integer(number);
        assert_eq!(id.len(), bytes, "{number}");
        assert_eq!(id.to_string(), number.to_string());
        assert_eq!(IdBytes::from_canonical(&id).unwrap(), id);
    }
}

#[test]
fn what_cannot_be_an_id_is_refused() {
    let too_long = "x".repeat(ID_BYTES_MAX + 1);
    assert_eq!(
        IdBytes::from_text(&too_long).unwrap_err().kind(),
        ErrorKind::InvalidId
    );
    assert_eq!(
        IdBytes::from_binary(too_long.as_bytes()).unwrap_err().kind(),
        ErrorKind::InvalidId
    );
    for bytes in [
        &[0xc0][..],
        &[0xc2],
        &[0x90],
        &[0x80],
        &[0xcb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0],
        &[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
        &[0xcb, 0x43, 0xe0, 0, 0, 0, 0, 0, 0],
        &[0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0],
        &[0xa2, 0xff, 0xff],
        &[0xd4, 0, 0],
        &[],
        &[5, 5],
        &[0xa5, b'a'],
    ] {
        assert_eq!(
            IdBytes::from_message_pack(bytes).unwrap_err().kind(),
            ErrorKind::InvalidId,
            "{bytes:x?}"
        );
    }
}

#[test]
fn stored_ids_that_are_not_canonical_are_damage() {
    for bytes in [&[0xcc, 5][..], &[0xd9, 1, b'a'], &[0x40], &[0xc0]] {
        assert_eq!(
            IdBytes::from_canonical(bytes).unwrap_err().kind(),
            ErrorKind::Corrupted
        );
    }
}

#[test]
fn ids_of_every_length_keep_their_bytes() {
    for count in [0, 31, 32, INLINE_BYTES - 3, INLINE_BYTES, 255, 256, ID_BYTES_MAX] {
        let text = "y".repeat(count);
        let id = IdBytes::from_text(&text).unwrap();
        assert!(id.ends_with(text.as_bytes()));
        assert_eq!(IdBytes::from_canonical(&id).unwrap(), id);
        let binary = IdBytes::from_binary(text.as_bytes()).unwrap();
        assert_eq!(IdBytes::from_canonical(&binary).unwrap(), binary);
        assert_ne!(id, binary);
    }
    assert_eq!(size_of::<IdBytes>(), 40);
}

#[test]
fn ids_show_as_people_write_them() {
    assert_eq!(IdBytes::from_text("ada").unwrap().to_string(), "\"ada\"");
    assert_eq!(IdBytes::from_integer(-7).to_string(), "-7");
    assert_eq!(
        IdBytes::from_binary(&[1, 255]).unwrap().to_string(),
        "binary 01ff"
    );
    assert!(
        IdBytes::from_text(&"a".repeat(900))
            .unwrap()
            .to_string()
            .ends_with("\"...")
    );
}

#[test]
fn the_hash_depends_on_the_key_of_the_file() {
    let id = IdBytes::from_text("ada").unwrap();
    assert_eq!(id.hash_with(&[1; 16]), id.hash_with(&[1; 16]));
    assert_ne!(id.hash_with(&[1; 16]), id.hash_with(&[2; 16]));
}

#[test]
fn what_is_seen_to_be_canonical_is() {
    let given: [&[u8]; 17] = [
        b"\x05",
        b"\x3f",
        b"\x40",
        b"\xcc\x3f",
        b"\xcc\x40",
        b"\xcd\x00\xff",
        b"\xcd\x01\x00",
        b"\xce\x00\x00\xff\xff",
        b"\xce\x00\x01\x00\x00",
        b"\xa0",
        b"\xa3ada",
        b"\xa3ad",
        b"\xa3adam",
        b"\xa2\xc3\xa4",
        b"\xff",
        b"\xc0",
        b"",
    ];
    let mut seen = 0;
    for bytes in given {
        if let Some(id) = canonical(bytes) {
            assert_eq!(id, &*IdBytes::from_message_pack(bytes).unwrap());
            seen += 1;
        }
    }
    assert_eq!(seen, 7);
}
