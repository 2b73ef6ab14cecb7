//! The operations of the cases, each as the call of the crate that it is.
//!
//! Promises: test/conformance/README.md, "Operations". Leaves to others: comparing results (values.rs).

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use quiredb::{
    ChangeStream, Collection, Cursor, Database, Document, Error, ErrorKind, IdMode, Result, Transaction,
    Value, WriteModel, doc,
};

use crate::arguments::{
    delete_options, elements, find_one_and_options, id_mode, index_model, invalid, replace_options,
    transaction_options, update_options, write_model,
};
use crate::runner::{Call, durability};
use crate::told;

type Operation = fn(&mut Call<'_>) -> Result<Value>;

impl Call<'_> {
    fn database(&self) -> Result<&Database> {
        self.run
            .database
            .as_ref()
            .ok_or_else(|| invalid("the database is not open"))
    }

    fn name(&self) -> &str {
        self.step["collection"].as_str().unwrap_or("things")
    }

    /// The collection itself.
    fn collection(&self) -> Result<Collection<Value>> {
        self.database()?.collection(self.name())
    }

    /// The documents of the collection, in the step's transaction where it has one.
    fn documents(&self) -> Result<Collection<Value>> {
        match (self.within, self.step["of"].as_str()) {
            (Some(transaction), _) => transaction.collection(self.name()),
            (None, Some(name)) => self.run.transactions[name].collection(self.name()),
            (None, None) => self.collection(),
        }
    }

    fn of(&self) -> String {
        self.step["of"].as_str().unwrap_or_default().to_owned()
    }

    fn transaction(&self) -> &Transaction {
        &self.run.transactions[&self.of()]
    }

    fn cursor(&mut self) -> &mut Cursor<Document> {
        let name = self.of();
        self.run.cursors.get_mut(&name).unwrap()
    }

    fn stream(&mut self) -> &mut ChangeStream<Document> {
        let name = self.of();
        self.run.streams.get_mut(&name).unwrap()
    }

    /// An argument; null where it is not given.
    fn get(&self, name: &str) -> Value {
        self.given.get(name).cloned().unwrap_or(Value::Null)
    }

    fn text(&self, name: &str) -> String {
        self.get(name).as_str().unwrap_or_default().to_owned()
    }

    fn filter(&self) -> Value {
        self.given
            .get("filter")
            .cloned()
            .unwrap_or_else(|| doc! {}.into())
    }

    fn id(&self) -> Result<quiredb::Id> {
        match self.get("id") {
            Value::Int(number) => Ok(number.into()),
            Value::Text(text) => Ok(text.into()),
            Value::Binary(bytes) => Ok(bytes.into()),
            other => Err(Error::new(ErrorKind::InvalidId, format!("{other:?} is no id"))),
        }
    }

    fn query(&self) -> Result<quiredb::Find<Value>> {
        let mut query = self.documents()?.find(self.filter());
        for (name, value) in self.given.iter() {
            let count = || {
                let count = value.as_i64().and_then(|count| u64::try_from(count).ok());
                count.ok_or_else(|| invalid(format!("{name} is no count")))
            };
            query = match name {
                "projection" => query.projection(value),
                "sort" => query.sort(value),
                "skip" => query.skip(count()?),
                "limit" => query.limit(count()?),
                "hint" => query.hint(value),
                _ => query,
            };
        }
        Ok(query)
    }
}

/// Every operation by its name.
pub const OPERATIONS: &[(&str, Operation)] = &[
    ("insertOne", |call| {
        let mut documents = call.documents()?;
        if let Some(level) = call.given.get("durability") {
            documents = documents.with_durability(durability(level)?);
        }
        Ok(documents.insert_one(&call.get("document"))?.inserted_id.into())
    }),
    ("insertMany", insert_many),
    ("get", |call| Ok(call.documents()?.get(call.id()?)?.into())),
    ("has", |call| Ok(call.documents()?.has(call.id()?)?.into())),
    ("put", |call| {
        Ok(call.documents()?.put(&call.get("document"))?.into())
    }),
    ("replace", |call| {
        Ok(call
            .documents()?
            .replace(call.id()?, &call.get("document"))?
            .into())
    }),
    ("update", |call| {
        let done = call.documents()?.update(call.id()?, call.get("update"))?;
        Ok(doc! { "found": done.matched_count == 1, "modified": done.modified_count == 1 }.into())
    }),
    ("delete", |call| Ok(call.documents()?.delete(call.id()?)?.into())),
    ("clear", |call| Ok(call.documents()?.clear()?.into())),
    ("find", |call| Ok(call.query()?.all()?.into())),
    ("findOne", |call| Ok(call.query()?.first()?.into())),
    ("countDocuments", |call| Ok(call.query()?.count()?.into())),
    ("estimatedDocumentCount", |call| {
        Ok(call.documents()?.estimated_document_count()?.into())
    }),
    ("distinct", |call| {
        Ok(call
            .documents()?
            .distinct(&call.text("field"), call.filter())?
            .into())
    }),
    ("aggregate", |call| {
        let results = match call.step.get("collection") {
            Some(serde_json::Value::Null) => call.database()?.aggregate(call.get("pipeline"))?,
            _ => call.documents()?.aggregate(call.get("pipeline"))?,
        };
        Ok(results.all()?.into())
    }),
    ("updateOne", |call| {
        let documents = call.documents()?;
        Ok(told::updated(documents.update_one_with(
            call.filter(),
            call.get("update"),
            update_options(&call.given),
        )?))
    }),
    ("updateMany", |call| {
        let documents = call.documents()?;
        Ok(told::updated(documents.update_many_with(
            call.filter(),
            call.get("update"),
            update_options(&call.given),
        )?))
    }),
    ("replaceOne", |call| {
        let (documents, replacement) = (call.documents()?, call.get("replacement"));
        Ok(told::updated(documents.replace_one_with(
            call.filter(),
            &replacement,
            replace_options(&call.given),
        )?))
    }),
    ("deleteOne", |call| {
        let options = delete_options(&call.given)?;
        let done = call.documents()?.delete_one_with(call.filter(), options)?;
        Ok(doc! { "deletedCount": done.deleted_count }.into())
    }),
    ("deleteMany", |call| {
        let options = delete_options(&call.given)?;
        let done = call.documents()?.delete_many_with(call.filter(), options)?;
        Ok(doc! { "deletedCount": done.deleted_count }.into())
    }),
    ("findOneAndUpdate", |call| {
        let (documents, options) = (call.documents()?, find_one_and_options(&call.given)?);
        Ok(documents
            .find_one_and_update_with(call.filter(), call.get("update"), options)?
            .into())
    }),
    ("findOneAndReplace", |call| {
        let (documents, options) = (call.documents()?, find_one_and_options(&call.given)?);
        Ok(documents
            .find_one_and_replace_with(call.filter(), &call.get("replacement"), options)?
            .into())
    }),
    ("findOneAndDelete", |call| {
        let (documents, options) = (call.documents()?, find_one_and_options(&call.given)?);
        Ok(documents.find_one_and_delete_with(call.filter(), options)?.into())
    }),
    ("bulkWrite", bulk_write),
    ("openCursor", |call| {
        let cursor = call.query()?.with_type::<Document>().run()?;
        call.run
            .cursors
            .insert(call.step["as"].as_str().unwrap().to_owned(), cursor);
        Ok(Value::Null)
    }),
    ("next", |call| Ok(call.cursor().try_next()?.into())),
    ("rest", |call| {
        let rest: Result<Vec<Document>> = call.cursor().collect();
        Ok(rest?.into())
    }),
    ("closeCursor", |call| {
        call.cursor().close();
        Ok(Value::Null)
    }),
    ("explain", |call| Ok(told::explained(&call.query()?.explain()?))),
    ("explainAggregate", |call| {
        Ok(call.documents()?.explain_aggregate(call.get("pipeline"))?.into())
    }),
    ("createIndex", |call| {
        let mut asked = Document::from_iter([("key", call.get("keys"))]);
        if let Value::Map(options) = call.get("options") {
            options
                .into_iter()
                .for_each(|(name, value)| drop(asked.insert(name, value)));
        }
        Ok(call
            .collection()?
            .create_index(index_model(&asked.into()))?
            .into())
    }),
    ("createIndexes", |call| {
        let indexes = elements(call.get("indexes"));
        Ok(call
            .collection()?
            .create_indexes(indexes.iter().map(index_model))?
            .into())
    }),
    ("dropIndex", |call| {
        call.collection()?.drop_index(call.get("index"))?;
        Ok(Value::Null)
    }),
    ("dropIndexes", |call| {
        call.collection()?.drop_indexes()?;
        Ok(Value::Null)
    }),
    ("listIndexes", |call| {
        let indexes: Vec<Document> = call
            .collection()?
            .list_indexes()?
            .iter()
            .map(told::index_document)
            .collect();
        Ok(indexes.into())
    }),
    ("drop", |call| Ok(call.collection()?.drop_collection()?.into())),
    ("rename", |call| {
        call.collection()?.rename(&call.text("to"))?;
        Ok(Value::Null)
    }),
    ("createCollection", |call| {
        let ids = call.given.get_str("ids").map_or(Ok(IdMode::default()), id_mode)?;
        call.database()?.create_collection(&call.text("name"), ids)?;
        Ok(Value::Null)
    }),
    ("dropCollection", |call| {
        Ok(call.database()?.drop_collection(&call.text("name"))?.into())
    }),
    ("renameCollection", |call| {
        call.database()?
            .rename_collection(&call.text("from"), &call.text("to"))?;
        Ok(Value::Null)
    }),
    ("listCollections", |call| {
        Ok(told::collections(&call.database()?.list_collections()?))
    }),
    ("expireDocuments", |call| {
        Ok(call.database()?.expire_documents()?.into())
    }),
    ("stats", |call| Ok(told::stats(&call.database()?.stats()?))),
    ("check", |call| {
        let report = call.database()?.check()?;
        let mut told = told::problems(report.documents_count, report.problems_count, &report.problems);
        told.insert("isClean", report.is_clean());
        Ok(told.into())
    }),
    ("sync", |call| {
        call.database()?.sync()?;
        Ok(Value::Null)
    }),
    ("checkpoint", |call| {
        call.database()?.checkpoint()?;
        Ok(Value::Null)
    }),
    ("compact", |call| {
        Ok(told::compacted(&call.database()?.compact()?))
    }),
    ("backup", |call| {
        let to = call.run.file(&call.text("to"));
        Ok(told::backed_up(&call.database()?.backup(to)?))
    }),
    ("salvage", |call| {
        let to = call.run.file(&call.text("to"));
        let report = quiredb::salvage(&call.run.path, to)?;
        Ok(told::problems(report.documents_count, report.problems_count, &report.problems).into())
    }),
    ("useFile", |call| {
        call.database()?.close()?;
        call.run.path = call.run.file(&call.text("name"));
        Ok(Value::Null)
    }),
    ("close", |call| {
        call.database()?.close()?;
        Ok(Value::Null)
    }),
    ("reopen", |call| {
        call.database()?.close()?;
        call.run.open()?;
        Ok(Value::Null)
    }),
    ("open", |call| {
        call.run.options = std::mem::take(&mut call.given);
        call.run.open()?;
        Ok(Value::Null)
    }),
    ("transaction", transaction),
    ("begin", |call| {
        let transaction = call.database()?.begin_with(transaction_options(&call.given)?)?;
        call.run.transactions.insert(
            call.step["as"].as_str().unwrap_or_default().to_owned(),
            transaction,
        );
        Ok(Value::Null)
    }),
    ("commit", |call| {
        call.transaction().commit()?;
        Ok(Value::Null)
    }),
    ("rollback", |call| {
        call.transaction().rollback()?;
        Ok(Value::Null)
    }),
    ("watch", watch),
    ("events", |call| {
        let stream = call.stream();
        let mut events = Vec::new();
        while let Some(event) = stream.next_within(Duration::ZERO)? {
            events.push(told::event_document(event));
        }
        Ok(events.into())
    }),
    ("token", |call| Ok(call.stream().resume_token().into())),
    ("closeStream", |call| {
        let name = call.of();
        call.run.streams.remove(&name);
        Ok(Value::Null)
    }),
    ("writeFile", |call| {
        let Value::Binary(bytes) = call.get("bytes") else {
            return Err(invalid("no bytes"));
        };
        match call.given.get_i64("offset") {
            Some(offset) => write_at(call, offset as u64, &bytes),
            None => fs::write(&call.run.path, bytes).unwrap(),
        }
        Ok(Value::Null)
    }),
    ("damageFile", |call| {
        let from = call.given.get_i64("from").unwrap_or(0) as usize;
        let rest: Vec<u8> = fs::read(&call.run.path)
            .unwrap()
            .iter()
            .skip(from)
            .map(|byte| !byte)
            .collect();
        write_at(call, from as u64, &rest);
        Ok(Value::Null)
    }),
];

fn write_at(call: &Call<'_>, offset: u64, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(&call.run.path).unwrap();
    file.seek(SeekFrom::Start(offset)).unwrap();
    file.write_all(bytes).unwrap();
}

fn insert_many(call: &mut Call<'_>) -> Result<Value> {
    let (documents, given) = (call.documents()?, elements(call.get("documents")));
    if call.given.get_bool("ordered") == Some(false) {
        let done = told::bulk_document(&documents.insert_many_unordered(&given)?);
        let kept = ["insertedCount", "insertedIds"];
        return Ok(done
            .into_iter()
            .filter(|(name, _)| kept.contains(&name.as_str()))
            .collect::<Document>()
            .into());
    }
    let done = documents.insert_many(&given)?;
    let ids = done.inserted_ids()?.into_iter().enumerate();
    let ids: Document = ids.map(|(at, id)| (at.to_string(), id)).collect();
    Ok(doc! { "insertedCount": done.inserted_count, "insertedIds": ids }.into())
}

fn bulk_write(call: &mut Call<'_>) -> Result<Value> {
    let operations = elements(call.get("operations"));
    let models = operations
        .iter()
        .map(write_model)
        .collect::<Result<Vec<WriteModel>>>()?;
    let documents = call.documents()?;
    let done = match call.given.get_bool("ordered") {
        Some(false) => documents.bulk_write_unordered(models)?,
        _ => documents.bulk_write(models)?,
    };
    Ok(told::bulk_document(&done).into())
}

fn transaction(call: &mut Call<'_>) -> Result<Value> {
    let database = call.database()?.clone();
    let steps = call.step["steps"].as_array().cloned().unwrap_or_default();
    let is_rolled_back = call.step["end"] == "rollback";
    let mut failure = None;
    let done = database.transaction_with(transaction_options(&call.given)?, |transaction| {
        for step in &steps {
            if let Err(why) = call.run.step(step, Some(transaction)) {
                failure = Some(format!("{}: {why}", step["op"]));
            }
        }
        match is_rolled_back {
            true => Err(invalid("the case rolls back")),
            false => Ok(()),
        }
    });
    if let Some(failure) = failure {
        return Err(Error::new(ErrorKind::Internal, failure));
    }
    match is_rolled_back {
        true => Ok(Value::Null),
        false => done.map(|()| Value::Null),
    }
}

fn watch(call: &mut Call<'_>) -> Result<Value> {
    let mut asked = match call.step.get("collection") {
        Some(serde_json::Value::Null) => call.database()?.watch(),
        _ => call.collection()?.with_type::<Document>().watch(),
    };
    for (name, value) in call.given.iter() {
        asked = match name {
            "filter" => asked.filter(value),
            "resumeAfter" => asked.resume_after(value.as_str().unwrap_or_default()),
            "startAfter" => asked.start_after(value.as_str().unwrap_or_default()),
            "fullDocument" => asked.full_document(value.as_str() == Some("updateLookup")),
            other => return Err(invalid(format!("watch has no {other}"))),
        };
    }
    let stream = asked.run()?;
    call.run
        .streams
        .insert(call.step["as"].as_str().unwrap_or_default().to_owned(), stream);
    Ok(Value::Null)
}
