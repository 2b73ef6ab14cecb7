//! Arguments of operations, as the crate's options.
//!
//! Promises: what the crate's types cannot say is refused as the engine would. Leaves to others: calls (operations.rs).

use quiredb::{
    DeleteOptions, Document, Error, ErrorKind, FindOneAndOptions, IdMode, IndexModel, ReplaceOptions, Result,
    ReturnDocument, TransactionOptions, UpdateOptions, Value, WriteModel,
};

use crate::runner::durability;

pub fn write_model(operation: &Value) -> Result<WriteModel> {
    let Value::Map(operation) = operation else {
        return Err(invalid("an operation is a map"));
    };
    let (Some((name, Value::Map(given))), 1) = (operation.iter().next(), operation.len()) else {
        return Err(invalid("an operation is a map of one field"));
    };
    let get = |name: &str| given.get(name).cloned().unwrap_or(Value::Null);
    let options = || update_options(given);
    Ok(match name {
        "insertOne" => WriteModel::insert_one(&get("document")),
        "updateOne" => WriteModel::update_one(get("filter"), get("update"), options()),
        "updateMany" => WriteModel::update_many(get("filter"), get("update"), options()),
        "replaceOne" => WriteModel::replace_one(get("filter"), &get("replacement"), replace_options(given)),
        "deleteOne" => WriteModel::delete_one_with(get("filter"), delete_options(given)?),
        "deleteMany" => WriteModel::delete_many_with(get("filter"), delete_options(given)?),
        other => return Err(invalid(format!("no operation is called {other}"))),
    })
}

pub fn transaction_options(given: &Document) -> Result<TransactionOptions> {
    let names = elements(given.get("collections").cloned().unwrap_or_default());
    let mut options = TransactionOptions::new().collections(names.iter().filter_map(Value::as_str));
    if let Some(level) = given.get("durability") {
        options = options.durability(durability(level)?);
    }
    Ok(options)
}

pub fn update_options(given: &Document) -> UpdateOptions {
    let mut options = UpdateOptions::new();
    if let Some(upsert) = given.get_bool("upsert") {
        options = options.upsert(upsert);
    }
    if let Some(filters) = given.get("arrayFilters") {
        options = options.array_filters(filters);
    }
    if let Some(sort) = given.get("sort") {
        options = options.sort(sort);
    }
    if let Some(hint) = given.get("hint") {
        options = options.hint(hint);
    }
    options
}

pub fn replace_options(given: &Document) -> ReplaceOptions {
    let mut options = ReplaceOptions::new();
    if let Some(upsert) = given.get_bool("upsert") {
        options = options.upsert(upsert);
    }
    if let Some(sort) = given.get("sort") {
        options = options.sort(sort);
    }
    if let Some(hint) = given.get("hint") {
        options = options.hint(hint);
    }
    options
}

pub fn delete_options(given: &Document) -> Result<DeleteOptions> {
    let mut options = DeleteOptions::new();
    for (name, value) in given.iter() {
        options = match name {
            "filter" => options,
            "hint" => options.hint(value),
            other => return Err(invalid(format!("no option {other} of deletes is known"))),
        };
    }
    Ok(options)
}

pub fn find_one_and_options(given: &Document) -> Result<FindOneAndOptions> {
    let mut options = FindOneAndOptions::new();
    for (name, value) in given.iter() {
        options = match name {
            "upsert" => options.upsert(*value == Value::Bool(true)),
            "arrayFilters" => options.array_filters(value),
            "projection" => options.projection(value),
            "sort" => options.sort(value),
            "hint" => options.hint(value),
            "returnDocument" => options.return_document(match value.as_str() {
                Some("before") => ReturnDocument::Before,
                Some("after") => ReturnDocument::After,
                _ => return Err(invalid("returnDocument is before or after")),
            }),
            _ => options,
        };
    }
    Ok(options)
}

/// The index that a map asks for.
pub fn index_model(asked: &Value) -> IndexModel {
    let Value::Map(asked) = asked else {
        return IndexModel::new(asked);
    };
    let mut model = IndexModel::new(asked.get("key").unwrap_or(&Value::Null));
    for (name, value) in asked.iter().filter(|(name, _)| *name != "key") {
        // Names of options are few and live as long as the test.
        model = model.option(name.to_owned().leak(), value);
    }
    model
}

/// The kind of ids of this name.
pub fn id_mode(name: &str) -> Result<IdMode> {
    match name {
        "ulid" => Ok(IdMode::Ulid),
        "integer" => Ok(IdMode::Integer),
        other => Err(invalid(format!("no ids are called {other}"))),
    }
}

pub fn elements(value: Value) -> Vec<Value> {
    match value {
        Value::Array(elements) => elements,
        _ => Vec::new(),
    }
}

pub fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}
