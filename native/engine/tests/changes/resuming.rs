//! Where a stream can go on that another one left, and where not.

use super::*;

fn resume(database: &Database, token: &str) -> quire_engine::Result<Stream> {
    database.watch(WatchOptions {
        resume: Some(Resume::After(token.parse::<ResumeToken>()?)),
        ..WatchOptions::default()
    })
}

/// The database as a process that is killed now would leave it.
fn killed(folder: &Folder) -> (Folder, Database) {
    let copy = Folder::new();
    for entry in std::fs::read_dir(&folder.0).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.0.join(path.file_name().unwrap())).unwrap();
    }
    let database = open(&copy);
    (copy, database)
}

#[test]
fn slow_stream_overflows_and_goes_on_from_the_log() {
    let folder = Folder::new();
    let options = OpenOptions {
        watch_bytes: 20_000,
        ..quiet()
    };
    let database = Database::open(&folder.file("a.quire"), &options).unwrap();
    let people = database.collection("people").unwrap();
    let mut stream = watch(&database);
    insert(&people, 0);
    let first = drain(&mut stream);
    let change = update(&json!({ "$set": { "name": "other" } }));
    people.update(&id(&json!(0)), &change, &WRITE).unwrap();
    (1..500).for_each(|number| insert(&people, number));
    let mut lost = Vec::new();
    let error = read(&mut stream, &mut lost, Duration::ZERO).unwrap_err();
    assert_eq!((error.kind(), lost.len()), (ErrorKind::Overflow, 0));
    assert_eq!(stream.token().to_string(), token_of(&first[0]));
    let mut again = resume(&database, token_of(&first[0])).unwrap();
    let events = drain(&mut again);
    // The log does not have what an update changed.
    assert_eq!(events[0]["operationType"], "replace");
    assert_eq!(
        events[0]["fullDocument"],
        json!({ "_id": 0, "name": "other", "tags": ["a", "b"] })
    );
    assert_eq!(events.len(), 500);
    assert_eq!(commits(&events).len(), 500);
    insert(&people, 1000);
    assert_eq!(kinds(&drain(&mut again)), ["insert"]);
}

#[test]
fn stream_resumes_in_the_middle_of_a_commit_from_memory_and_log_alike() {
    let folder = Folder::new();
    let database = open(&folder);
    let mut stream = watch(&database);
    let mut transaction = database.begin_as(Owner(0)).unwrap();
    for name in ["a", "b", "c"] {
        transaction
            .insert(name, &pack(&json!({ "_id": 1, "in": name })))
            .unwrap();
        transaction
            .insert(name, &pack(&json!({ "_id": 2, "in": name })))
            .unwrap();
    }
    transaction.commit(Durability::Process).unwrap();
    database.drop_collection("b", &WRITE).unwrap();
    database.rename_collection("c", "d", &WRITE).unwrap();
    let events = drain(&mut stream);
    assert_eq!(events.len(), 8);
    let from_memory: Vec<_> = (0..8)
        .map(|at| drain(&mut resume(&database, token_of(&events[at])).unwrap()))
        .collect();
    drop(stream);
    for at in 0..8 {
        let from_log = drain(&mut resume(&database, token_of(&events[at])).unwrap());
        assert_eq!(from_memory[at], events[at + 1..], "from change {at}, memory");
        assert_eq!(from_log, events[at + 1..], "from change {at}, log");
    }
}

#[test]
fn changes_of_every_kind_are_told_from_the_log_as_from_memory() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    insert(&people, 1);
    let mut stream = watch(&database);
    insert(&people, 2);
    people
        .put(&pack(&json!({ "_id": 2, "other": [1, { "b": 2 }] })), &WRITE)
        .unwrap();
    people.delete(&id(&json!(2)), &WRITE).unwrap();
    let key = quire_engine::IndexDefinition::parse(&pack(&json!({ "key": { "name": 1 } }))).unwrap();
    people.create_index(&key, &WRITE).unwrap();
    people.clear(&WRITE).unwrap();
    people.drop_index("name_1", &WRITE).unwrap();
    insert(&people, 3);
    database.rename_collection("people", "persons", &WRITE).unwrap();
    database.drop_collection("persons", &WRITE).unwrap();
    let events = drain(&mut stream);
    assert_eq!(
        kinds(&events),
        ["insert", "replace", "delete", "clear", "insert", "rename", "drop"]
    );
    drop(stream);
    let mut from_log = resume(&database, token_of(&events[0])).unwrap();
    assert_eq!(drain(&mut from_log), events[1..]);
}

#[test]
fn long_log_is_read_by_many_calls() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    let mut stream = watch(&database);
    insert(&people, 0);
    let first = drain(&mut stream);
    drop(stream);
    let text = "x".repeat(1 << 20);
    for number in 1..24 {
        people
            .insert(&pack(&json!({ "_id": number, "text": text })), &WRITE)
            .unwrap();
    }
    let mut stream = resume(&database, token_of(&first[0])).unwrap();
    assert_eq!(drain(&mut stream).len(), 23);
}

#[test]
fn stream_resumes_from_the_log_after_a_kill_and_loses_it_to_a_checkpoint() {
    let folder = Folder::new();
    let database = open(&folder);
    let people = database.collection("people").unwrap();
    insert(&people, 1);
    database.checkpoint().unwrap();
    let mut stream = watch(&database);
    (2..10).for_each(|number| insert(&people, number));
    let events = drain(&mut stream);
    let (_copy, database) = killed(&folder);
    let people = database.collection("people").unwrap();
    let expected = &events[1..];
    assert_eq!(
        drain(&mut resume(&database, token_of(&events[0])).unwrap()),
        strip_run(&database, expected)
    );
    // Commits that follow the recovery come behind those that it found.
    insert(&people, 20);
    insert(&people, 21);
    let mut stream = resume(&database, token_of(&events[0])).unwrap();
    insert(&people, 22);
    let all = drain(&mut stream);
    assert_eq!(all.len(), expected.len() + 3);
    let last = token_of(&all[all.len() - 1]).to_owned();
    drop(stream);
    database.checkpoint().unwrap();
    insert(&people, 23);
    database.checkpoint().unwrap();
    insert(&people, 24);
    database.checkpoint().unwrap();
    let error = resume(&database, token_of(&events[0])).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::HistoryLost);
    let error = resume(&database, &last).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::HistoryLost);
    let newest = watch(&database).token().to_string();
    database.close().unwrap();
    let database = open(&_copy);
    assert_eq!(drain(&mut resume(&database, &newest).unwrap()), [] as [Value; 0]);
}

/// The events with the tokens that a later opening gives them.
fn strip_run(database: &Database, events: &[Value]) -> Vec<Value> {
    let token = watch(database).token().to_string();
    let run = &token[token.len() - 8..];
    let mut events = events.to_vec();
    for event in &mut events {
        let old = token_of(event);
        let new = format!("{}{run}", &old[..old.len() - 8]);
        event["_id"] = json!(new);
    }
    events
}

#[test]
fn token_of_another_database_is_refused() {
    let database = Database::open(":memory:", &quiet()).unwrap();
    let other = Database::open(":memory:", &quiet()).unwrap();
    let token = watch(&database).token().to_string();
    assert!(resume(&database, &token).is_ok());
    let error = resume(&other, &token).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}
