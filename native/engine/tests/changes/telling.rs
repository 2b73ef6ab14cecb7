//! What is told, of which commits, in which order.

use super::*;

#[test]
fn every_kind_of_change_is_told_with_its_fields() {
    let database = Database::open(":memory:", &quiet()).unwrap();
    let people = database.collection("people").unwrap();
    insert(&people, 1);
    let mut stream = watch(&database);
    insert(&people, 2);
    let change = update(&json!({ "$set": { "name": "x", "address.city": "Kochi" }, "$pop": { "tags": 1 } }));
    people.update(&id(&json!(1)), &change, &WRITE).unwrap();
    people.put(&pack(&json!({ "_id": 2, "a": 1 })), &WRITE).unwrap();
    people.delete(&id(&json!(2)), &WRITE).unwrap();
    people.clear(&WRITE).unwrap();
    database.rename_collection("people", "persons", &WRITE).unwrap();
    database.drop_collection("persons", &WRITE).unwrap();
    let mut events = drain(&mut stream);
    assert_eq!(
        kinds(&events),
        ["insert", "update", "replace", "delete", "clear", "rename", "drop"]
    );
    for event in &mut events {
        let event = event.as_object_mut().unwrap();
        assert!(event.remove("_id").unwrap().as_str().unwrap().len() == 68);
        let commit = event.remove("commit").unwrap();
        assert_eq!((&commit["index"], &commit["isLast"]), (&json!(0), &json!(true)));
    }
    let ns = json!({ "coll": "people" });
    assert_eq!(
        events[0],
        json!({ "operationType": "insert", "ns": ns, "documentKey": { "_id": 2 },
            "fullDocument": { "_id": 2, "name": "name 2", "tags": ["a", "b"] } })
    );
    assert_eq!(
        events[1],
        json!({ "operationType": "update", "ns": ns, "documentKey": { "_id": 1 },
            "updateDescription": { "updatedFields": { "name": "x", "address": { "city": "Kochi" } },
                "removedFields": [], "truncatedArrays": [{ "field": "tags", "newSize": 1 }] } })
    );
    assert_eq!(events[2]["fullDocument"], json!({ "_id": 2, "a": 1 }));
    assert_eq!(
        events[3],
        json!({ "operationType": "delete", "ns": ns, "documentKey": { "_id": 2 } })
    );
    assert_eq!(events[4], json!({ "operationType": "clear", "ns": ns }));
    assert_eq!(
        events[5],
        json!({ "operationType": "rename", "ns": ns, "to": { "coll": "persons" } })
    );
    assert_eq!(
        events[6],
        json!({ "operationType": "drop", "ns": { "coll": "persons" } })
    );
}

#[test]
fn only_what_was_committed_and_changed_is_told() {
    let database = Database::open(":memory:", &quiet()).unwrap();
    let people = database.collection("people").unwrap();
    insert(&people, 1);
    let mut stream = watch(&database);
    let mut transaction = database.begin_as(Owner(0)).unwrap();
    transaction.insert("people", &pack(&json!({ "_id": 9 }))).unwrap();
    assert_eq!(drain(&mut stream), [] as [Value; 0]);
    transaction.rollback().unwrap();
    let same = update(&json!({ "$set": { "name": "name 1" } }));
    people.update(&id(&json!(1)), &same, &WRITE).unwrap();
    people.delete(&id(&json!(77)), &WRITE).unwrap();
    let mut transaction = database.begin_as(Owner(0)).unwrap();
    for name in ["other", "name 1"] {
        let change = update(&json!({ "$set": { "name": name } }));
        transaction.update("people", &id(&json!(1)), &change).unwrap();
    }
    transaction.insert("people", &pack(&json!({ "_id": 3 }))).unwrap();
    transaction.commit(Durability::Process).unwrap();
    let events = drain(&mut stream);
    assert_eq!(kinds(&events), ["insert"]);
    assert_eq!(events[0]["commit"]["isLast"], json!(true));
}

#[test]
fn a_stream_has_a_scope_a_filter_and_whole_documents_where_asked() {
    let database = Database::open(":memory:", &quiet()).unwrap();
    let (people, pets) = (
        database.collection("people").unwrap(),
        database.collection("pets").unwrap(),
    );
    let mut of_pets = database.watch(of("pets")).unwrap();
    let mut filtered = database
        .watch(WatchOptions {
            filter: Some(filter(
                &json!({ "operationType": "update", "fullDocument.age": { "$gte": 2 } }),
            )),
            full_document: true,
            ..WatchOptions::default()
        })
        .unwrap();
    insert(&people, 1);
    pets.insert(&pack(&json!({ "_id": "cat", "age": 1 })), &WRITE)
        .unwrap();
    let older = update(&json!({ "$inc": { "age": 1 } }));
    people.update(&id(&json!(1)), &older, &WRITE).unwrap();
    pets.update(&id(&json!("cat")), &older, &WRITE).unwrap();
    assert_eq!(kinds(&drain(&mut of_pets)), ["insert", "update"]);
    let events = drain(&mut filtered);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["fullDocument"], json!({ "_id": "cat", "age": 2 }));
    assert_eq!(
        events[0]["updateDescription"]["updatedFields"],
        json!({ "age": 2 })
    );
}

#[test]
fn membership_is_told_where_a_stream_asks_for_it() {
    let database = Database::open(":memory:", &quiet()).unwrap();
    let people = database.collection("people").unwrap();
    let mut stream = database
        .watch(WatchOptions {
            matching: Some(filter(&json!({ "age": { "$gt": 5 } }))),
            outlives_collection: true,
            ..of("people")
        })
        .unwrap();
    for (key, age) in [(1, 3), (2, 7)] {
        people
            .insert(&pack(&json!({ "_id": key, "age": age })), &WRITE)
            .unwrap();
    }
    for (key, age) in [(1, 9), (2, 1)] {
        let change = update(&json!({ "$set": { "age": age } }));
        people.update(&id(&json!(key)), &change, &WRITE).unwrap();
    }
    database.drop_collection("people", &WRITE).unwrap();
    insert(&people, 5);
    people.put(&pack(&json!({ "_id": 5, "age": 6 })), &WRITE).unwrap();
    let told: Vec<_> = drain(&mut stream)
        .iter()
        .map(|event| {
            (
                event["documentKey"]["_id"].clone(),
                event["fullDocument"]["age"].clone(),
            )
        })
        .collect();
    let (none, key) = (Value::Null, |key: u64| json!(key));
    assert_eq!(
        told,
        [
            (key(2), json!(7)),
            (key(1), json!(9)),
            (key(2), none.clone()),
            (none.clone(), none),
            (key(5), json!(6))
        ]
    );
}

#[test]
fn a_collections_stream_ends_with_it_and_starts_again_behind_that() {
    let database = Database::open(":memory:", &quiet()).unwrap();
    let people = database.collection("people").unwrap();
    let _keeps_history = watch(&database);
    for drop_it in [true, false] {
        let mut stream = database.watch(of("people")).unwrap();
        insert(&people, 1);
        if drop_it {
            database.drop_collection("people", &WRITE).unwrap();
        } else {
            database.rename_collection("people", "persons", &WRITE).unwrap();
        }
        insert(&people, 2);
        let events = drain(&mut stream);
        let end = if drop_it { "drop" } else { "rename" };
        assert_eq!(kinds(&events), ["insert", end, "invalidate"]);
        let token = stream.token();
        assert_eq!(token.to_string(), token_of(&events[2]));
        assert!(token.is_end());
        let after = WatchOptions {
            resume: Some(Resume::After(token)),
            ..of("people")
        };
        let Err(error) = database.watch(after) else {
            panic!("resumed")
        };
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let start = WatchOptions {
            resume: Some(Resume::Start(token)),
            ..of("people")
        };
        assert_eq!(kinds(&drain(&mut database.watch(start).unwrap())), ["insert"]);
        database.drop_collection("people", &WRITE).unwrap();
    }
}

#[test]
fn commits_of_eight_threads_are_told_whole_and_in_order() {
    const THREADS: u64 = 8;
    const COMMITS: u64 = 100;
    let folder = Folder::new();
    let database = open(&folder);
    let mut stream = watch(&database);
    let names = ["a", "b", "c", "d"];
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let database = database.clone();
            scope.spawn(move || {
                let own = names[thread as usize % 4];
                for number in 0..COMMITS {
                    if number % 2 == 0 {
                        insert(&database.collection(own).unwrap(), thread * 1000 + number);
                        continue;
                    }
                    let other = names[(thread as usize + 1) % 4];
                    let collections = vec![own.to_owned(), other.to_owned()];
                    let options = TransactionOptions {
                        collections,
                        owner: Owner(0),
                    };
                    let mut transaction = database.begin(&options).unwrap();
                    for name in [own, other] {
                        let document = json!({ "_id": thread * 1000 + number, "pair": number });
                        transaction.insert(name, &pack(&document)).unwrap();
                    }
                    transaction.commit(Durability::Process).unwrap();
                }
            });
        }
        let wanted = (THREADS * COMMITS / 2 * 3) as usize;
        let mut events = Vec::new();
        while events.len() < wanted {
            assert!(read(&mut stream, &mut events, LONG).unwrap() > 0);
        }
        let commits = commits(&events);
        assert_eq!(commits.len() as u64, THREADS * COMMITS);
        for group in commits.values() {
            let is_pair = group[0]["fullDocument"].get("pair").is_some();
            assert_eq!(group.len(), if is_pair { 2 } else { 1 });
        }
        // A change that is told is in the collection.
        let last = &events[events.len() - 1];
        let collection = database.collection(last["ns"]["coll"].as_str().unwrap()).unwrap();
        assert!(collection.has(&id(&last["documentKey"]["_id"])).unwrap());
    });
}

#[test]
fn durable_stream_tells_only_what_is_on_disk() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    let mut stream = database
        .watch(WatchOptions {
            durable_only: true,
            ..WatchOptions::default()
        })
        .unwrap();
    insert(&people, 1);
    assert_eq!(drain(&mut stream), [] as [Value; 0]);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut events = Vec::new();
            read(&mut stream, &mut events, LONG).unwrap();
            events
        });
        database.sync().unwrap();
        assert_eq!(kinds(&reader.join().unwrap()), ["insert"]);
    });
    let disk = WriteOptions {
        durability: Some(Durability::Disk),
        ..WRITE
    };
    people.insert(&pack(&json!({ "_id": 2 })), &disk).unwrap();
    assert_eq!(kinds(&drain(&mut stream)), ["insert"]);
}

#[test]
fn whoever_waits_is_woken_by_a_commit_and_by_the_close() {
    let database = Database::open(":memory:", &quiet()).unwrap();
    let people = database.collection("people").unwrap();
    let mut stream = watch(&database);
    std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut events = Vec::new();
            while read(&mut stream, &mut events, LONG).is_ok() {}
            let error = read(&mut stream, &mut events, LONG).unwrap_err();
            (events.len(), error.kind())
        });
        let mut ids = Vec::new();
        let documents: Vec<Value> = (0..300).map(|number| json!({ "_id": number })).collect();
        people
            .insert_many(&pack_all(&documents), &mut ids, &WRITE)
            .unwrap();
        database.close().unwrap();
        let (count, kind) = reader.join().unwrap();
        assert!(count == 0 || count % 100 == 0 && count <= 300);
        assert_eq!(kind, ErrorKind::Closed);
    });
}

#[test]
fn waker_is_called_once_when_there_is_more_to_read() {
    let database = Database::open(":memory:", &quiet()).unwrap();
    let people = database.collection("people").unwrap();
    let mut stream = watch(&database);
    let (wake, woken) = std::sync::mpsc::channel();
    let waker: quire_engine::store::feed::Waker = std::sync::Arc::new(move || wake.send(()).unwrap());
    assert!(stream.arm(&waker) && stream.arm(&waker));
    assert!(woken.try_recv().is_err());
    insert(&people, 1);
    insert(&people, 2);
    woken.recv_timeout(LONG).unwrap();
    assert!(woken.try_recv().is_err(), "it was asked for once");
    assert!(!stream.arm(&waker), "there is something to read already");
    assert_eq!(drain(&mut stream).len(), 2);
    assert!(stream.arm(&waker));
}

#[test]
fn changes_that_were_seen_otherwise_are_passed_over() {
    let database = Database::open(":memory:", &quiet()).unwrap();
    let people = database.collection("people").unwrap();
    let mut stream = watch(&database);
    insert(&people, 1);
    let seen = database.begin(&TransactionOptions::default()).unwrap();
    insert(&people, 2);
    let sequence = seen.sequence().unwrap();
    stream.skip_to(sequence);
    stream.skip_to(quire_engine::format::page::Sequence(0));
    let events = drain(&mut stream);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["documentKey"], json!({ "_id": 2 }));
}
