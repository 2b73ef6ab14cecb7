//! Telling how a query is done, in the shape of MongoDB's `explain`.
//!
//! `queryPlanner` has the winning plan, its stages from the last to the first, and the rejected ones with their
//! estimated costs; `executionStats` what the winning plan read. Promises: the query is run as it would be
//! without; bounds are written for people, in the words of `bounds`.
//! Leaves to others: choosing and running (planning.rs, source.rs). Source: MongoDB manual, "Explain Results".

use std::sync::Arc;
use std::time::Instant;

use crate::collection::CollectionState;
use crate::error::Result;
use crate::format::owned::Owned;
use crate::format::page::Sequence;
use crate::query::plan::{Choice, IndexScan, IndexShape, Part, Plan, Ranges, SCAN};
use crate::store::Store;
use crate::transaction::cursor::{Cursor, FindOptions, Purpose};
use crate::transaction::overlay::Overlay;

/// Bytes of the documents that are held at a time.
const BATCH_BYTES: usize = 1 << 20;

impl Cursor {
    /// How `options` would be answered, and what that takes; the arguments are those of `open`.
    ///
    /// Shape: `{queryPlanner: {namespace, winningPlan, rejectedPlans}, executionStats: {executionSuccess, nReturned,
    /// executionTimeMillis, totalKeysExamined, totalDocsExamined}}`.
    /// Errors: as `open` and `next_batch`.
    pub(crate) fn explain(
        store: &Arc<Store>,
        state: &Arc<CollectionState>,
        at: Option<Sequence>,
        overlay: Option<Overlay>,
        options: FindOptions,
    ) -> Result<Owned> {
        let started = Instant::now();
        let mut planner = vec![("namespace", Owned::text(&state.name()))];
        let mut told = None;
        let tell = |choice: &Choice, shapes: &[IndexShape<'_>], options: &FindOptions| {
            told = Some((winning(choice, shapes, options), rejected(choice, shapes)));
        };
        let mut cursor = Cursor::open_telling(store, state, at, overlay, options, Purpose::Read, tell)?;
        let (winning, rejected) =
            told.unwrap_or_else(|| (stage("EOF", Vec::new()), Owned::Array(Vec::new())));
        planner.extend([("winningPlan", winning), ("rejectedPlans", rejected)]);
        let (mut count, mut out) = (0, Vec::new());
        loop {
            out.clear();
            match cursor.next_batch(&mut out, usize::MAX, BATCH_BYTES)? {
                0 => break,
                batch => count += batch as u64,
            }
        }
        let statistics = vec![
            ("executionSuccess", Owned::Bool(true)),
            ("nReturned", Owned::unsigned(count)),
            (
                "executionTimeMillis",
                Owned::unsigned(started.elapsed().as_millis() as u64),
            ),
            ("totalKeysExamined", Owned::unsigned(cursor.keys_count)),
            ("totalDocsExamined", Owned::unsigned(cursor.seen_count)),
        ];
        Ok(Owned::map(vec![
            ("queryPlanner", Owned::map(planner)),
            ("executionStats", Owned::map(statistics)),
        ]))
    }
}

/// The stages of the plan that was chosen, the last one outside.
fn winning(choice: &Choice, shapes: &[IndexShape<'_>], options: &FindOptions) -> Owned {
    let plan = &choice.plan;
    let mut tree = read_stages(plan, shapes, options.filter.is_some());
    let mut around = |name: &str, mut fields: Vec<(&str, Owned)>| {
        fields.push(("inputStage", std::mem::replace(&mut tree, Owned::Null)));
        tree = stage(name, fields);
    };
    if let Some(sort) = options.sort.as_ref().filter(|_| !plan.is_ordered) {
        let fields = sort.fields().iter();
        let pattern = fields.map(|field| (field.path.clone(), direction(field.is_descending)));
        let mut about = vec![("sortPattern", Owned::Map(pattern.collect()))];
        if let Some(wanted) = options.wanted() {
            about.push(("limitAmount", Owned::unsigned(wanted)));
        }
        around("SORT", about);
    }
    if options.skip > 0 {
        around("SKIP", vec![("skipAmount", Owned::unsigned(options.skip))]);
    }
    if let Some(limit) = options.limit {
        around("LIMIT", vec![("limitAmount", Owned::unsigned(limit))]);
    }
    if options.projection.is_some() {
        let name = if plan.is_covered {
            "PROJECTION_COVERED"
        } else {
            "PROJECTION"
        };
        around(name, Vec::new());
    }
    tree
}

/// The stages that read documents.
fn read_stages(plan: &Plan, shapes: &[IndexShape<'_>], has_filter: bool) -> Owned {
    let asks = has_filter && !plan.is_exact;
    let source = match plan.parts.as_slice() {
        [] => return stage("EOF", Vec::new()),
        [Part::Scan] => return stage(SCAN, filtered(asks)),
        [part] => part_stage(part, shapes),
        parts => {
            let inputs = parts.iter().map(|part| part_stage(part, shapes)).collect();
            stage("OR", vec![("inputStages", Owned::Array(inputs))])
        }
    };
    let mut fields = filtered(asks);
    if plan.is_covered {
        return source;
    }
    fields.push(("inputStage", source));
    stage("FETCH", fields)
}

/// Whether the stage asks the filter of each document.
fn filtered(asks: bool) -> Vec<(&'static str, Owned)> {
    vec![("isFiltered", Owned::Bool(asks))]
}

fn part_stage(part: &Part, shapes: &[IndexShape<'_>]) -> Owned {
    match part {
        Part::Scan => stage(SCAN, Vec::new()),
        Part::Ids(ids) => stage("IDHACK", vec![("idsCount", Owned::unsigned(ids.len() as u64))]),
        Part::Index(scan) => match shapes.get(scan.index) {
            Some(shape) => index_stage(scan, shape),
            None => stage("IXSCAN", Vec::new()),
        },
    }
}

fn index_stage(scan: &IndexScan, shape: &IndexShape<'_>) -> Owned {
    let path = |path: &[u8]| Box::<str>::from(String::from_utf8_lossy(path));
    let keys = shape.keys.iter();
    let pattern = keys.map(|key| (path(key.path), direction(key.is_descending)));
    let everything = Ranges::everything();
    let bounds = shape.keys.iter().enumerate().map(|(place, key)| {
        let ranges = scan.fields.get(place).unwrap_or(&everything);
        let shown = ranges.as_slice().iter().take(BOUNDS_MAX);
        let mut shown: Vec<Owned> = shown.map(|range| Owned::text(&range.to_string())).collect();
        if ranges.as_slice().len() > BOUNDS_MAX {
            let more = ranges.as_slice().len() - BOUNDS_MAX;
            shown.push(Owned::text(&format!("and {more} more")));
        }
        (path(key.path), Owned::Array(shown))
    });
    stage(
        "IXSCAN",
        vec![
            ("indexName", Owned::text(shape.name)),
            ("keyPattern", Owned::Map(pattern.collect())),
            (
                "isMultiKey",
                Owned::Bool(shape.keys.iter().any(|key| key.has_arrays)),
            ),
            ("isSparse", Owned::Bool(shape.is_sparse)),
            ("isPartial", Owned::Bool(shape.partial.is_some())),
            (
                "direction",
                Owned::text(if scan.is_reverse { "backward" } else { "forward" }),
            ),
            ("indexBounds", Owned::Map(bounds.collect())),
        ],
    )
}

/// Bounds of one field that are written out.
const BOUNDS_MAX: usize = 20;

fn rejected(choice: &Choice, shapes: &[IndexShape<'_>]) -> Owned {
    let shown = |plan: &Plan| {
        let name = Owned::text(&plan.name(shapes));
        Owned::map(vec![("plan", name), ("cost", Owned::Float(plan.cost))])
    };
    let plans = choice.rejected.iter().map(shown);
    Owned::Array(plans.collect())
}

fn direction(is_descending: bool) -> Owned {
    Owned::Int(if is_descending { -1 } else { 1 })
}

fn stage(name: &str, fields: Vec<(&str, Owned)>) -> Owned {
    let mut all = vec![("stage", Owned::text(name))];
    all.extend(fields);
    Owned::map(all)
}
