//! Updates in the form of a pipeline: stages that compute the new document of the old one.
//!
//! Promises: the `_id` stays, also where a stage dropped it; another one is refused; a document that comes out
//! as it went in is not changed. Memory is bounded by the largest document.
//! Leaves to others: the stages (query/expression_stages), writing the result like a replacement (apply.rs).
//! Source: MongoDB manual, "Updates with Aggregation Pipeline".

use crate::error::Result;
use crate::format::id::IdBytes;
use crate::format::intake::{document_id, normalise_value};
use crate::format::owned::Owned;
use crate::format::record::{NO_STRUCTURES, StructureRegistry, Structures};
use crate::format::survey::Subject;
use crate::format::value::{Cursor, Value};
use crate::query::TERMS_MAX;
use crate::query::expression::{Root, Scope};
use crate::query::expression_stages::ExpressionStage;
use crate::query::update::apply::replace;
use crate::query::update::{Action, Circumstances, Update, refuse, show};

/// Memory that the stages of one update may make, in bytes for each byte that a document may have: a number of
/// one byte takes as much as that once it is computed.
const ROOM_PER_BYTE: usize = 32;
/// The name of the `_id`, as computed documents have it.
const ID_NAME: &str = "_id";

/// Compiles the stages in `bytes`, an array of plain MessagePack.
///
/// Errors: INVALID_UPDATE for what is no list of stages, and for other stages than those that reshape one
/// document; those of `ExpressionStage::compile`.
pub(super) fn compile(bytes: &[u8]) -> Result<Update> {
    let mut normal = Vec::with_capacity(bytes.len() + 16);
    normalise_value(bytes, Subject::Update, &mut normal)?;
    let Value::Array(mut elements) = Cursor::new(&normal, &NO_STRUCTURES).value()? else {
        return Err(refuse("an update is a map of operators or an array of stages"));
    };
    if elements.remaining() == 0 || elements.remaining() > TERMS_MAX {
        return Err(refuse(format!(
            "an update has 1 to {TERMS_MAX} stages, and {} were given",
            elements.remaining()
        )));
    }
    let mut stages = Vec::with_capacity(elements.remaining());
    while let Some(element) = elements.take_next()? {
        stages.push(stage(element)?);
    }
    Ok(Update {
        action: Action::Pipeline(stages),
        id: None,
        id_on_insert: None,
    })
}

fn stage(element: Cursor<'_>) -> Result<ExpressionStage> {
    let mut fields = match element.value()? {
        Value::Map(fields) if fields.remaining() == 1 => fields,
        other => {
            return Err(refuse(format!(
                "a stage is a map of one field, its name, and a value of type {} was given",
                other.type_name()
            )));
        }
    };
    let Some((name, operand)) = fields.take_next()? else {
        return Err(refuse("a stage has no name"));
    };
    ExpressionStage::compile(name, operand, &[])?.ok_or_else(|| {
        refuse(format!(
            "an update has no stage {:?}; it has $set, $addFields, $unset, $project, $replaceRoot and $replaceWith",
            show(name)
        ))
    })
}

/// Appends the new document; returns whether it is another one than `stored`.
pub(super) fn apply(
    stages: &[ExpressionStage],
    stored: &[u8],
    structures: &Structures,
    registry: &StructureRegistry,
    circumstances: &Circumstances,
    out: &mut Vec<u8>,
) -> Result<bool> {
    let before = Owned::read(Cursor::new(stored, structures))?;
    let after = run(stages, before, circumstances)?;
    let id = IdBytes::from_canonical(document_id(stored)?)?;
    if let Some(given) = id_of(&after)?
        && given != id
    {
        return Err(refuse(format!(
            "the stages of the update give the _id {given}, and the document has {id}; it never changes"
        )));
    }
    let mut plain = Vec::with_capacity(stored.len() + 64);
    after.write(&mut plain);
    replace(&plain, stored, structures, registry, out)
}

/// What the stages make of the plain map `base`, which an upsert begins with; it has the id that the filter asks
/// for, where there is one. Returns the id of the result and its bytes, in which that may stand anywhere.
pub(super) fn upserted(
    stages: &[ExpressionStage],
    base: &[u8],
    asked: Option<IdBytes>,
    circumstances: &Circumstances,
) -> Result<(Option<IdBytes>, Vec<u8>)> {
    let after = run(
        stages,
        Owned::read(Cursor::new(base, &NO_STRUCTURES))?,
        circumstances,
    )?;
    let id = match (asked, id_of(&after)?) {
        (Some(asked), Some(given)) if asked != given => {
            return Err(refuse(format!(
                "the stages of the update give the _id {given}, and the filter asks for {asked}; they must agree"
            )));
        }
        (asked, given) => asked.or(given),
    };
    let mut plain = Vec::new();
    after.write(&mut plain);
    Ok((id, plain))
}

fn run(stages: &[ExpressionStage], document: Owned, circumstances: &Circumstances) -> Result<Owned> {
    let mut room = circumstances.document_bytes_max.saturating_mul(ROOM_PER_BYTE);
    let scope = Scope::new(Root::Owned(&Owned::Null), circumstances.now);
    stages.iter().try_fold(document, |document, stage| {
        stage.apply(document, &scope, &mut room)
    })
}

/// The `_id` that a computed document has. Errors: INVALID_ID.
fn id_of(document: &Owned) -> Result<Option<IdBytes>> {
    let Some(id) = document.get(ID_NAME) else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    id.write(&mut bytes);
    IdBytes::from_value(&Cursor::new(&bytes, &NO_STRUCTURES).value()?).map(Some)
}
