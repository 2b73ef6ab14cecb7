//! The commands of indexes: `createIndexes`, `dropIndexes`, `listIndexes`, `expireDocuments`.
//!
//! Requests: `createIndexes` {indexes: [definition, …]} → {names}; `dropIndexes` {index}, a name, or the fields of
//! an index as in a definition, or nothing for all but the one on `_id`; `listIndexes` → {indexes: [definition with
//! entriesCount and bytes, …]}. They are asked of a collection, not of a transaction: making an index is a commit.
//! `expireDocuments` → {count} is asked of a database.
//! Leaves to others: definitions (format/index_definition.rs), making and dropping (store/indexes.rs).

use crate::command::arguments::{Arguments, refuse};
use crate::command::reply::Reply;
use crate::command::{Command, Target};
use crate::database::{Collection, WriteOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::format::encode::{write_array_head, write_integer, write_map_head, write_text};
use crate::format::index_definition::{IndexDefinition, IndexKey};
use crate::limits::INDEXES_MAX;
use crate::stats::IndexInfo;
use quire_frames::PAGE_BYTES;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        op: "createIndexes",
        fields: &["indexes"],
        run: create_indexes,
    },
    Command {
        op: "dropIndexes",
        fields: &["index"],
        run: drop_indexes,
    },
    Command {
        op: "listIndexes",
        fields: &[],
        run: list_indexes,
    },
    Command {
        op: "expireDocuments",
        fields: &[],
        run: expire_documents,
    },
];

/// Fields of a listed index besides those of its definition.
const FIGURES_COUNT: usize = 2;

fn create_indexes(target: &mut Target<'_>, arguments: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    let (collection, options) = alone(target)?;
    let definitions = definitions(arguments)?;
    let before = collection.indexes()?;
    let mut made: Vec<&str> = Vec::new();
    for definition in &definitions {
        if let Err(error) = collection.create_index(definition, options) {
            // All or none: what this command made goes again.
            for name in made {
                collection.drop_index(name, options)?;
            }
            return Err(error);
        }
        let is_new = before
            .iter()
            .all(|index| index.definition.name != definition.name);
        if is_new && !made.contains(&&*definition.name) {
            made.push(&definition.name);
        }
    }
    let out = reply.field("names");
    write_array_head(definitions.len(), out);
    for definition in &definitions {
        write_text(definition.name.as_bytes(), out);
    }
    Ok(())
}

/// The definitions in the field `indexes`. Errors: INVALID_ARGUMENT, INVALID_INDEX.
fn definitions(arguments: &Arguments<'_>) -> Result<Vec<IndexDefinition>> {
    arguments.needed("indexes")?;
    let elements = arguments.list("indexes")?;
    if elements.len() > INDEXES_MAX {
        return Err(refuse(format!(
            "{} indexes were asked for; a collection has at most {INDEXES_MAX}",
            elements.len()
        )));
    }
    elements.into_iter().map(IndexDefinition::parse).collect()
}

fn drop_indexes(target: &mut Target<'_>, arguments: &Arguments<'_>, _: &mut Reply<'_>) -> Result<()> {
    let (collection, options) = alone(target)?;
    let Some(bytes) = arguments.bytes("index") else {
        return collection.drop_indexes(options);
    };
    if let Ok(Some(name)) = arguments.text("index") {
        return collection.drop_index(name, options);
    }
    let mut definition = Vec::with_capacity(bytes.len() + 8);
    write_map_head(1, &mut definition);
    write_text(b"key", &mut definition);
    definition.extend_from_slice(bytes);
    let keys = IndexDefinition::parse(&definition)?.keys;
    match collection
        .indexes()?
        .iter()
        .find(|index| index.definition.keys == keys)
    {
        Some(index) => collection.drop_index(&index.definition.name, options),
        None => Err(not_found(collection, &keys)),
    }
}

fn list_indexes(target: &mut Target<'_>, _: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    let (collection, _) = alone(target)?;
    let indexes = collection.indexes()?;
    let out = reply.field("indexes");
    write_array_head(indexes.len(), out);
    indexes.iter().for_each(|index| write_index(index, out));
    Ok(())
}

fn expire_documents(target: &mut Target<'_>, _: &Arguments<'_>, reply: &mut Reply<'_>) -> Result<()> {
    let Target::Database(database, _) = target else {
        return Err(refuse(
            "documents of all collections expire together: ask the database",
        ));
    };
    reply.count("count", database.expire_documents()?);
    Ok(())
}

/// Writes the definition's map with the figures behind its own fields.
fn write_index(index: &IndexInfo, out: &mut Vec<u8>) {
    index.definition.encode_with(FIGURES_COUNT, out);
    let bytes = index.pages_count.saturating_mul(PAGE_BYTES as u64);
    for (name, figure) in [("entriesCount", index.entries_count), ("bytes", bytes)] {
        write_text(name.as_bytes(), out);
        write_integer(i64::try_from(figure).unwrap_or(i64::MAX), out);
    }
}

/// The collection by itself. Errors: INVALID_ARGUMENT.
fn alone<'a>(target: &'a mut Target<'_>) -> Result<(&'a Collection, &'a WriteOptions)> {
    match target {
        Target::Collection(collection, options) => Ok((collection, options)),
        Target::Transaction(..) | Target::Database(..) => Err(refuse(
            "indexes are made, dropped and listed by a collection itself, outside of transactions",
        )),
    }
}

fn not_found(collection: &Collection, keys: &[IndexKey]) -> Error {
    let fields: Vec<&str> = keys.iter().map(|key| &*key.path).collect();
    Error::new(
        ErrorKind::IndexNotFound,
        format!(
            "collection {} has no index on {}",
            collection.name(),
            fields.join(", ")
        ),
    )
}
