//! What NanoDB's calls ask, put as commands of the engine and calls of collections.
//!
//! Promises: a collection that was not made is an error, as in NanoDB. Leaves to others: texts and the door (nanodb.rs).

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use quire_engine::command::{self, AnyCursor, Target};
use quire_engine::format::owned::Owned;
use quire_engine::format::record::NO_STRUCTURES;
use quire_engine::format::value::Cursor;
use quire_engine::{Collection, Database, Error, ErrorKind, IdBytes, IdMode, Result, TransactionOptions};

use crate::cursors::Reader;
use crate::documents::get_inside;
use crate::door::{owner, refuse, write_options};
use crate::json::parse;

/// Bits of an id: what every language's numbers hold.
const ID_BITS: u32 = 48;
/// Attempts to find an id that is free; each fails once in millions of times even in a full collection.
const ID_ATTEMPTS_MAX: usize = 8;

/// The database that is open.
pub struct Store {
    database: Database,
}

fn packed(value: &Owned) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.write(&mut bytes);
    bytes
}

fn unpacked(bytes: &[u8]) -> Result<Owned> {
    Ok(Owned::read(Cursor::new(bytes, &NO_STRUCTURES))?)
}

/// The document without its `_id`. Errors: INVALID_DOCUMENT.
fn fields_of(document: Owned) -> Result<Owned> {
    match document {
        Owned::Map(mut fields) => {
            fields.retain(|(name, _)| &**name != "_id");
            Ok(Owned::Map(fields))
        }
        other => Err(Error::new(
            ErrorKind::InvalidDocument,
            format!("a document must be a JSON object, not {}", other.type_name()),
        )),
    }
}

/// A number below 2^48, by the keys that the standard library draws for its hash maps.
fn random_id() -> i64 {
    (RandomState::new().build_hasher().finish() >> (64 - ID_BITS)) as i64
}

/// The document with a new id in front.
fn with_new_id(document: Owned) -> Result<(i64, Owned)> {
    let id = random_id();
    let mut fields = vec![("_id".into(), Owned::Int(id))];
    if let Owned::Map(mut own) = fields_of(document)? {
        fields.append(&mut own);
    }
    Ok((id, Owned::Map(fields)))
}

/// The update that takes fields over as they are, whatever their names: `$mergeObjects`.
fn merge(fields: Owned) -> Result<Owned> {
    let literal = Owned::map(vec![("$literal", fields_of(fields)?)]);
    let merged = Owned::map(vec![(
        "$mergeObjects",
        Owned::Array(vec![Owned::text("$$ROOT"), literal]),
    )]);
    Ok(Owned::Array(vec![Owned::map(vec![("$replaceWith", merged)])]))
}

impl Store {
    /// The calls of `database`.
    pub fn of(database: Database) -> Store {
        Store { database }
    }

    /// The collection. Errors: COLLECTION_NOT_FOUND.
    fn collection(&self, name: &str) -> Result<Collection> {
        let collection = self.database.collection(name)?;
        // A collection that exists has the index on `_id` at least.
        if collection.indexes()?.is_empty() {
            return Err(Error::new(
                ErrorKind::CollectionNotFound,
                format!("there is no collection {name}; NanoCreateCollection makes one"),
            ));
        }
        Ok(collection)
    }

    fn command(&self, collection: &Collection, request: Vec<(&str, Owned)>) -> Result<Owned> {
        let mut reply = Vec::new();
        let mut target = Target::Collection(collection, write_options(0)?);
        command::run(&mut target, &packed(&Owned::map(request)), &mut reply)?;
        unpacked(&reply)
    }

    /// Makes a collection; whether it was not there.
    pub fn create(&self, name: &str) -> Result<bool> {
        match self
            .database
            .create_collection(name, IdMode::Integer, &write_options(0)?)
        {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::CollectionExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The names of all collections; null for none.
    pub fn names(&self) -> Result<Owned> {
        let infos = self.database.collections()?;
        let names: Vec<Owned> = infos.iter().map(|info| Owned::text(&info.name)).collect();
        Ok(if names.is_empty() {
            Owned::Null
        } else {
            Owned::Array(names)
        })
    }

    /// Adds a document under a new id.
    pub fn insert(&self, name: &str, document: Owned) -> Result<i64> {
        let ids = self.insert_all(name, vec![document])?;
        ids.first()
            .copied()
            .ok_or_else(|| Error::new(ErrorKind::Internal, "an insert gave no id"))
    }

    /// Adds documents under new ids, all or none.
    pub fn insert_many(&self, name: &str, documents: Owned) -> Result<Owned> {
        let Owned::Array(documents) = documents else {
            return Err(refuse("the documents must be a JSON array"));
        };
        let ids = self.insert_all(name, documents)?;
        Ok(Owned::Array(ids.into_iter().map(Owned::Int).collect()))
    }

    fn insert_all(&self, name: &str, documents: Vec<Owned>) -> Result<Vec<i64>> {
        let collection = self.collection(name)?;
        for _ in 0..ID_ATTEMPTS_MAX {
            let mut ids = Vec::with_capacity(documents.len());
            let mut bytes = Vec::new();
            for document in &documents {
                let (id, document) = with_new_id(document.clone())?;
                ids.push(id);
                document.write(&mut bytes);
            }
            match collection.insert_many(&bytes, &mut Vec::new(), &write_options(0)?) {
                Ok(_) => return Ok(ids),
                Err(error) if error.kind() == ErrorKind::DuplicateId => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::new(
            ErrorKind::LimitExceeded,
            format!("collection {name} has too many documents for random ids"),
        ))
    }

    /// The documents that match.
    pub fn find(&self, name: &str, query: Owned, limit: i64, skip: i64) -> Result<Vec<Owned>> {
        let mut request = vec![("op", Owned::text("find")), ("filter", query)];
        if limit > 0 {
            request.push(("limit", Owned::Int(limit)));
        }
        if skip > 0 {
            request.push(("skip", Owned::Int(skip)));
        }
        self.read(name, request)
    }

    /// Everything that the cursor of a command gives.
    fn read(&self, name: &str, request: Vec<(&str, Owned)>) -> Result<Vec<Owned>> {
        let collection = self.collection(name)?;
        let mut target = Target::Collection(&collection, write_options(0)?);
        let cursor: AnyCursor = command::open_cursor(&mut target, &packed(&Owned::map(request)))?;
        let mut reader = Reader::new(cursor);
        let (mut found, mut batch) = (Vec::new(), Vec::new());
        while reader.next_batch(&mut batch, 0, 0)? > 0 {
            let mut rest = batch.as_slice();
            while !rest.is_empty() {
                let cursor = Cursor::new(rest, &NO_STRUCTURES);
                found.push(Owned::read(cursor)?);
                rest = rest.get(cursor.raw()?.len()..).unwrap_or_default();
            }
            batch.clear();
        }
        Ok(found)
    }

    /// The document of an id, or null.
    pub fn get(&self, name: &str, id: i64) -> Result<Owned> {
        let mut document = Vec::new();
        let is_found = self
            .collection(name)?
            .get_plain(&IdBytes::from_integer(id), &mut document)?;
        if is_found {
            unpacked(&document)
        } else {
            Ok(Owned::Null)
        }
    }

    /// Merges fields into the document of an id; gives the document. Errors: INVALID_ID when there is none.
    pub fn update(&self, name: &str, id: i64, fields: Owned) -> Result<Owned> {
        let request = vec![
            ("op", Owned::text("findOneAndUpdate")),
            ("filter", Owned::map(vec![("_id", Owned::Int(id))])),
            ("update", merge(fields)?),
            ("returnDocument", Owned::text("after")),
        ];
        let mut reply = self.command(&self.collection(name)?, request)?;
        match reply.remove("value") {
            Some(document @ Owned::Map(_)) => Ok(document),
            _ => Err(Error::new(
                ErrorKind::InvalidId,
                format!("collection {name} has no document {id}"),
            )),
        }
    }

    /// Merges fields into every document that matches; gives these documents. One transaction.
    pub fn update_many(&self, name: &str, query: Owned, fields: Owned) -> Result<Owned> {
        self.collection(name)?;
        let update = merge(fields)?;
        let mut transaction = self.database.begin(&TransactionOptions {
            collections: vec![name.to_owned()],
            owner: owner(),
        })?;
        let mut ids = Vec::new();
        let request = Owned::map(vec![
            ("op", Owned::text("distinct")),
            ("field", Owned::text("_id")),
            ("filter", query.clone()),
        ]);
        let mut reply = Vec::new();
        command::run(
            &mut Target::Transaction(&mut transaction, name),
            &packed(&request),
            &mut reply,
        )?;
        if let Some(Owned::Array(values)) = unpacked(&reply)?.remove("values") {
            ids = values;
        }
        let request = Owned::map(vec![
            ("op", Owned::text("updateMany")),
            ("filter", query),
            ("update", update),
        ]);
        reply.clear();
        command::run(
            &mut Target::Transaction(&mut transaction, name),
            &packed(&request),
            &mut reply,
        )?;
        let mut documents = Vec::with_capacity(ids.len());
        for id in ids {
            let mut document = Vec::new();
            let id = IdBytes::from_message_pack(&packed(&id))?;
            if get_inside(&mut transaction, name, &id, &mut document)? {
                documents.push(unpacked(&document)?);
            }
        }
        transaction.commit(self.database.durability())?;
        Ok(Owned::Array(documents))
    }

    /// Removes the document of an id; whether there was one.
    pub fn delete(&self, name: &str, id: i64) -> Result<bool> {
        self.collection(name)?
            .delete(&IdBytes::from_integer(id), &write_options(0)?)
    }

    /// Removes every document that matches.
    pub fn delete_many(&self, name: &str, query: Owned) -> Result<()> {
        let request = vec![("op", Owned::text("deleteMany")), ("filter", query)];
        self.command(&self.collection(name)?, request).map(|_| ())
    }

    /// The ids of the documents whose `_embeddings` are nearest to `vector` by euclidean distance.
    pub fn nearest(&self, name: &str, vector: Owned, count: i64) -> Result<Owned> {
        let dimension = match &vector {
            Owned::Array(numbers)
                if numbers
                    .iter()
                    .all(|number| matches!(number, Owned::Int(_) | Owned::Float(_))) =>
            {
                numbers.len() as i64
            }
            _ => return Err(refuse("the vector must be a JSON array of numbers")),
        };
        if count <= 0 {
            return Ok(Owned::Array(Vec::new()));
        }
        let Owned::Array(ranked) = parse(STAGES)? else {
            return Err(Error::new(ErrorKind::Internal, "the stages are no array"));
        };
        let of_dimension = Owned::map(vec![(
            "_embeddings",
            Owned::map(vec![("$size", Owned::Int(dimension))]),
        )]);
        let wanted = Owned::map(vec![("v", Owned::map(vec![("$literal", vector)]))]);
        let mut pipeline = vec![
            Owned::map(vec![("$match", of_dimension)]),
            Owned::map(vec![("$set", wanted)]),
        ];
        pipeline.extend(ranked);
        pipeline.push(Owned::map(vec![("$limit", Owned::Int(count))]));
        let request = vec![
            ("op", Owned::text("aggregate")),
            ("pipeline", Owned::Array(pipeline)),
        ];
        let mut found = self.read(name, request)?;
        let ids = found.iter_mut().filter_map(|document| document.remove("_id"));
        Ok(Owned::Array(ids.collect()))
    }
}

/// From documents with the field `v`, the wanted vector, to their ids in the order of distance; the square of it orders
/// alike.
const STAGES: &str = r#"[
    {"$project": {"distance": {"$sum": {"$map": {
        "input": {"$zip": {"inputs": ["$_embeddings", "$v"]}},
        "in": {"$pow": [{"$subtract": [{"$arrayElemAt": ["$$this", 0]}, {"$arrayElemAt": ["$$this", 1]}]}, 2]}
    }}}}},
    {"$sort": {"distance": 1, "_id": 1}}
]"#;
