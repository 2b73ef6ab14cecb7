//! One index for one conjunction of constraints: which of its entries have to be read, and what they tell.
//!
//! Promises: the entries of every document that meets the constraints are among those read, or there is no
//! candidate. On a path with arrays each constraint may be met by another element, so one of them is used there
//! at most, and of an index with several such paths one path: elements of one array stand in entries together.
//! Leaves to others: what reading costs (cost.rs), the order of entries (order.rs).

use super::bounds::{Bounds, implies, key_of};
use super::intervals::Intervals;
use super::ranges::{Range, Ranges};
use super::shape::{IndexShape, KeyShape};
use crate::format::key::{encode, encode_empty_array};
use crate::format::value::{Parse, Value};
use crate::query::filter::{Constraint, Filter, Restriction};

/// A constraint with its keys.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// What is asked.
    pub constraint: Constraint<'a>,
    /// The keys that meet it.
    pub bounds: Bounds,
}

/// How an index answers constraints.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The ranges of its first fields, ascending ones; the others are not bounded.
    pub fields: Vec<Ranges>,
    /// What is read.
    pub intervals: Intervals,
    /// How many constraints the fields' ranges stand for.
    pub used_count: usize,
    /// Every entry read belongs to a document that meets the used constraints.
    pub is_exact: bool,
}

impl<'a> Asked<'a> {
    /// The keys of each of `constraints`. Errors: `Malformed` when an operand is damaged.
    pub fn all(constraints: Vec<Constraint<'a>>) -> Parse<Vec<Asked<'a>>> {
        let asked = |constraint: Constraint<'a>| {
            Ok(Asked {
                bounds: Bounds::of(&constraint.restriction)?,
                constraint,
            })
        };
        constraints.into_iter().map(asked).collect()
    }
}

/// What the ranges of one field stand for.
struct Field {
    ranges: Ranges,
    used_count: usize,
    is_exact: bool,
}

impl Candidate {
    /// The use of `index` for documents that meet all of `asked`; None when it may lack some of them.
    ///
    /// Errors: `Malformed` when an operand is damaged.
    pub fn of(index: &IndexShape<'_>, asked: &[&Asked<'_>]) -> Parse<Option<Candidate>> {
        if !holds_all(index, asked)? {
            return Ok(None);
        }
        let mut candidate = Candidate {
            fields: Vec::new(),
            intervals: Intervals {
                list: Vec::new(),
                fields_count: 0,
                is_exact: true,
            },
            used_count: 0,
            is_exact: true,
        };
        let mut has_bound_array = false;
        for key in &index.keys {
            if key.has_arrays && has_bound_array {
                break;
            }
            let Some(field) = field(key, asked)? else { break };
            has_bound_array |= key.has_arrays;
            candidate.used_count += field.used_count;
            candidate.is_exact &= field.is_exact;
            let is_last = !field.ranges.are_points();
            candidate.fields.push(field.ranges);
            if is_last {
                break;
            }
        }
        candidate.intervals = intervals(index, &candidate.fields);
        candidate.is_exact &= candidate.intervals.is_exact;
        Ok(Some(candidate))
    }

    /// Whether the field at `place` of the index is bounded to one key, in every entry that is read.
    pub fn is_one_point(&self, place: usize) -> bool {
        place < self.intervals.fields_count && self.fields.get(place).is_some_and(Ranges::is_one_point)
    }
}

/// What is read of `index` for the ascending ranges of its first fields.
fn intervals(index: &IndexShape<'_>, fields: &[Ranges]) -> Intervals {
    if !index.keys.iter().take(fields.len()).any(|key| key.is_descending) {
        return Intervals::of(fields);
    }
    let turned = |(ranges, key): (&Ranges, &KeyShape<'_>)| match key.is_descending {
        true => ranges.turned(),
        false => ranges.clone(),
    };
    let turned: Vec<Ranges> = fields.iter().zip(&index.keys).map(turned).collect();
    Intervals::of(&turned)
}

/// True when every document that meets `asked` has an entry in `index`.
fn holds_all(index: &IndexShape<'_>, asked: &[&Asked<'_>]) -> Parse<bool> {
    if index.is_sparse {
        let has_field = |key: &KeyShape<'_>| on_path(asked, key.path).any(|asked| asked.bounds.implies_field);
        if !index.keys.iter().any(has_field) {
            return Ok(false);
        }
    }
    match index.partial {
        Some(partial) => matches_all(partial, asked),
        None => Ok(true),
    }
}

/// True when every document that meets `asked` is known to match `partial`.
fn matches_all(partial: &Filter, asked: &[&Asked<'_>]) -> Parse<bool> {
    if !partial.constraints_are_all() {
        return Ok(false);
    }
    for wanted in partial.constraints() {
        let mut is_implied = false;
        for own in on_path(asked, &wanted.path) {
            is_implied = is_implied || implies(&own.constraint, &wanted)?;
        }
        if !is_implied {
            return Ok(false);
        }
    }
    Ok(true)
}

fn on_path<'m, 'a>(
    asked: &'m [&'m Asked<'a>],
    path: &'m [u8],
) -> impl Iterator<Item = &'m Asked<'a>> + use<'m, 'a> {
    asked
        .iter()
        .copied()
        .filter(move |asked| *asked.constraint.path == *path)
}

/// The ranges of one field; None when nothing bounds it.
fn field(key: &KeyShape<'_>, asked: &[&Asked<'_>]) -> Parse<Option<Field>> {
    if key.has_arrays {
        return array_field(key, asked);
    }
    let mut field: Option<Field> = None;
    for asked in on_path(asked, key.path).filter(|asked| is_usable(key, asked)) {
        let (ranges, used_count, is_exact) = match field.take() {
            Some(field) => (
                field.ranges.meet(&asked.bounds.ranges),
                field.used_count + 1,
                field.is_exact,
            ),
            None => (asked.bounds.ranges.clone(), 1, true),
        };
        field = Some(Field {
            ranges,
            used_count,
            is_exact: is_exact && asked.bounds.is_exact,
        });
    }
    Ok(field)
}

/// The ranges of the one constraint that bounds a field with arrays best.
fn array_field(key: &KeyShape<'_>, asked: &[&Asked<'_>]) -> Parse<Option<Field>> {
    let usable = on_path(asked, key.path).filter(|asked| is_usable(key, asked) && !compares_arrays(asked));
    let Some(best) = usable.min_by_key(|asked| looseness(&asked.constraint.restriction)) else {
        return Ok(None);
    };
    let is_scalar = best.bounds.is_scalar;
    Ok(Some(Field {
        ranges: if is_scalar {
            best.bounds.ranges.clone()
        } else {
            with_elements(best)?
        },
        used_count: 1,
        is_exact: best.bounds.is_exact && is_scalar,
    }))
}

/// True when the keys of the constraint tell which entries of the field are wanted.
fn is_usable(key: &KeyShape<'_>, asked: &Asked<'_>) -> bool {
    asked.bounds.is_bound && !(key.has_position && asked.bounds.holds_missing)
}

/// True for a range of arrays: whether an array lies in it cannot be told by its elements.
fn compares_arrays(asked: &Asked<'_>) -> bool {
    let Restriction::Range { lower, upper } = &asked.constraint.restriction else {
        return false;
    };
    let is_array = |value: Parse<Value<'_>>| !matches!(value, Ok(value) if !matches!(value, Value::Array(_)));
    let mut bounds = lower.iter().chain(upper);
    bounds.any(|bound| is_array(bound.literal.value()))
}

/// How little a restriction says, by its kind.
fn looseness(restriction: &Restriction<'_>) -> usize {
    match restriction {
        Restriction::Equal(_) => 1,
        Restriction::In(set) => set.count(),
        Restriction::Prefix(_) => 1_000,
        Restriction::Range { .. } => 2_000,
        Restriction::Exists(_) => 3_000,
    }
}

/// The points of equality, each array among the operands joined by the keys that its elements have: of a
/// document's array the index holds the elements only, and of an empty one its own key.
fn with_elements(asked: &Asked<'_>) -> Parse<Ranges> {
    let mut points = Vec::new();
    let mut add = |value: &Value<'_>| -> Parse<()> {
        points.push(Range::point(&key_of(value)?));
        if let Value::Array(mut elements) = *value {
            let mut first = Vec::new();
            match elements.take_next()? {
                Some(element) => encode(Some(&element.value()?), &mut first)?,
                None => encode_empty_array(&mut first),
            }
            points.push(Range::point(&first));
        }
        Ok(())
    };
    match &asked.constraint.restriction {
        Restriction::Equal(literal) => add(&literal.value()?)?,
        Restriction::In(set) => {
            for value in set.values() {
                add(&value)?;
            }
        }
        _ => return Ok(asked.bounds.ranges.clone()),
    }
    Ok(Ranges::points(points))
}
