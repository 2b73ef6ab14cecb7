//! Reading without copies: `get_with` and types that borrow their texts.
#![allow(clippy::unwrap_used, clippy::panic)]

use quiredb::{Database, Document, Error, ErrorKind, doc};
use serde::Deserialize;

#[derive(Debug, PartialEq, Deserialize)]
struct Person<'a> {
    name: &'a str,
    #[serde(borrow)]
    tags: Vec<&'a str>,
    picture: &'a [u8],
}

fn person(id: i32) -> Document {
    doc! { "_id": id, "name": format!("Ada {id}"), "tags": ["x", "y".repeat(300)], "picture": &[1u8, 2, 3][..] }
}

#[test]
fn texts_and_bytes_are_parts_of_the_document() {
    let people = Database::in_memory()
        .unwrap()
        .collection::<Document>("people")
        .unwrap();
    people
        .insert_many(&(0..10).map(person).collect::<Vec<_>>())
        .unwrap();
    for id in 0..10 {
        let seen = people.get_with(id, |stored| {
            let Person { name, tags, picture } = stored.read()?;
            assert_eq!((tags[0], tags[1].len(), picture), ("x", 300, &[1u8, 2, 3][..]));
            Ok(name.to_owned())
        });
        assert_eq!(seen.unwrap(), Some(format!("Ada {id}")));
    }
    assert_eq!(
        people.get_with(10, |stored| stored.read::<Document>()).unwrap(),
        None
    );
}

#[test]
fn what_the_visitor_gives_comes_out_also_its_errors() {
    let people = Database::in_memory()
        .unwrap()
        .collection::<Document>("people")
        .unwrap();
    people.insert_one(&person(1)).unwrap();
    let error = people.get_with(1, |_| Err::<(), Error>(Error::new(ErrorKind::Conflict, "mine")));
    assert_eq!(error.unwrap_err().message(), "mine");
    #[derive(Deserialize)]
    struct Other<'a> {
        #[serde(rename = "tags")]
        _tags: &'a str,
    }
    let error = people.get_with(1, |stored| stored.read::<Other<'_>>().map(|_| ()));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidDocument);
}

#[test]
fn a_document_of_a_shape_that_is_new_to_the_thread_is_read() {
    let db = Database::in_memory().unwrap();
    let things = db.collection::<Document>("things").unwrap();
    for shape in 0..40 {
        for twin in 0..3 {
            let id = shape * 10 + twin;
            let field = format!("field {shape}");
            things
                .insert_one(&Document::from_iter([("_id", id), (field.as_str(), twin)]))
                .unwrap();
            assert_eq!(
                things.get(id).unwrap().unwrap().get_i64(&field),
                Some(i64::from(twin))
            );
        }
    }
    // Collections more than a thread keeps key lists of.
    for number in 0..40 {
        let other = db.collection::<Document>(&format!("other {number}")).unwrap();
        other
            .insert_many(&(0..3).map(person).collect::<Vec<_>>())
            .unwrap();
        assert_eq!(other.get(2).unwrap(), Some(person(2)));
        assert_eq!(things.get(391).unwrap().unwrap().get_i64("field 39"), Some(1));
    }
}

#[test]
fn documents_of_all_sizes_are_read_in_any_order() {
    let things = Database::in_memory()
        .unwrap()
        .collection::<Document>("things")
        .unwrap();
    let sizes = [10, 5_000, 100, 3_000_000, 4_096, 1_000_000, 0];
    for (id, size) in sizes.iter().enumerate() {
        things
            .insert_one(&doc! { "_id": id, "text": "x".repeat(*size) })
            .unwrap();
    }
    for id in [3, 0, 5, 1, 6, 2, 4, 3, 4] {
        let read = things.get_with(id as i64, |stored| {
            #[derive(Deserialize)]
            struct Text<'a> {
                text: &'a str,
            }
            Ok(stored.read::<Text<'_>>()?.text.len())
        });
        assert_eq!(read.unwrap(), Some(sizes[id]));
    }
}

#[test]
fn a_transaction_reads_its_own_documents_the_same_way() {
    let db = Database::in_memory().unwrap();
    db.transaction(|tx| {
        let people = tx.collection::<Document>("people")?;
        people.insert_many(&(0..3).map(person).collect::<Vec<_>>())?;
        let name = people.get_with(2, |stored| Ok(stored.read::<Person<'_>>()?.name.len()))?;
        assert_eq!(name, Some(5));
        assert_eq!(people.get(1)?, Some(person(1)));
        Ok::<(), Error>(())
    })
    .unwrap();
}

#[test]
fn many_documents_come_in_the_order_of_their_ids() {
    let db = Database::in_memory().unwrap();
    let people = db.collection::<Document>("people").unwrap();
    people
        .insert_many(&(0..1000).map(person).collect::<Vec<_>>())
        .unwrap();
    people
        .insert_one(&doc! { "_id": 5000, "text": "x".repeat(100_000) })
        .unwrap();
    // Beyond one batch of any kind, with ids that are not there, twice the same, and a document of its own pages.
    let ids: Vec<i32> = (0..1200)
        .map(|number| (number * 7) % 1100)
        .chain([5000, 3, 3])
        .collect();
    let read = people.get_many(&ids).unwrap();
    assert_eq!(read.len(), ids.len());
    for (id, document) in ids.iter().zip(&read) {
        assert_eq!(*document, people.get(id).unwrap(), "{id}");
    }
    let names = people.get_many_with([7, -1], |stored| Ok(stored.read::<Person<'_>>()?.name.to_owned()));
    assert_eq!(names.unwrap(), [Some("Ada 7".to_owned()), None]);
    let inside = db.transaction(|tx| {
        let people = tx.collection::<Document>("people")?;
        people.delete(1)?;
        people.get_many([0, 1, 2])
    });
    assert_eq!(inside.unwrap(), [Some(person(0)), None, Some(person(2))]);
    assert_eq!(people.get_many([0; 0]).unwrap(), []);
    assert_eq!(
        people.get_many(["x".repeat(2000)]).unwrap_err().kind(),
        ErrorKind::InvalidId
    );
    let nothing = db.collection::<Document>("nothing").unwrap();
    assert_eq!(nothing.get_many([1, 2]).unwrap(), [None, None]);
}
