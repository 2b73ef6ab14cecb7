//! For tests: filters and updates on decoded trees, as plainly as the rules can be written.
//!
//! The property tests compare the byte-level code with this one.

use std::cmp::Ordering;

use crate::format::tree::Tree;

/// Whether `document` matches `filter`; both are maps, and the filter is a valid one.
pub(crate) fn matches(filter: &Tree, document: &Tree) -> bool {
    fields(filter).iter().all(|(key, operand)| match key.as_str() {
        "$and" => elements(operand).iter().all(|filter| matches(filter, document)),
        "$or" => elements(operand).iter().any(|filter| matches(filter, document)),
        "$nor" => !elements(operand).iter().any(|filter| matches(filter, document)),
        path => holds_at(operand, &reach(document, path)),
    })
}

/// Whether the operand of one path holds for the values that the path leads to.
fn holds_at(operand: &Tree, found: &[Option<Tree>]) -> bool {
    match operand {
        Tree::Map(operators) if operators.first().is_some_and(|(key, _)| key.starts_with('$')) => {
            operators.iter().all(|(operator, operand)| {
                let any = |test: &dyn Fn(&Option<Tree>) -> bool| found.iter().any(test);
                let equal = |operand: &Tree| any(&|value| equals(value, operand));
                let ordered = |wanted: &[Ordering]| any(&|value| is_ordered(value, operand, wanted));
                match operator.as_str() {
                    "$eq" => equal(operand),
                    "$ne" => !equal(operand),
                    "$in" => elements(operand).iter().any(equal),
                    "$nin" => !elements(operand).iter().any(equal),
                    "$gt" => ordered(&[Ordering::Greater]),
                    "$gte" => ordered(&[Ordering::Greater, Ordering::Equal]),
                    "$lt" => ordered(&[Ordering::Less]),
                    "$lte" => ordered(&[Ordering::Less, Ordering::Equal]),
                    "$exists" => any(&Option::is_some) == (*operand == Tree::Bool(true)),
                    "$not" => !holds_at(operand, found),
                    other => panic!("{other}"),
                }
            })
        }
        value => found.iter().any(|found| equals(found, value)),
    }
}

fn is_null(value: &Option<Tree>) -> bool {
    matches!(value, None | Some(Tree::Null | Tree::Undefined))
}

fn equals(found: &Option<Tree>, operand: &Tree) -> bool {
    if is_null(&Some(operand.clone())) {
        return is_null(found);
    }
    found
        .as_ref()
        .is_some_and(|found| order(found, operand) == Ordering::Equal)
}

fn is_ordered(found: &Option<Tree>, operand: &Tree, wanted: &[Ordering]) -> bool {
    if is_null(&Some(operand.clone())) {
        return is_null(found) && wanted.contains(&Ordering::Equal);
    }
    let Some(found) = found else { return false };
    let nans = [found, operand].map(|tree| matches!(tree, Tree::Float(number) if number.is_nan()));
    match nans {
        [false, false] => type_rank(found) == type_rank(operand) && wanted.contains(&order(found, operand)),
        nans => nans == [true, true] && wanted.contains(&Ordering::Equal),
    }
}

fn type_rank(tree: &Tree) -> usize {
    match tree {
        Tree::Null | Tree::Undefined => 0,
        Tree::Int(_) | Tree::UInt(_) | Tree::Float(_) => 1,
        Tree::Text(_) => 2,
        Tree::Map(_) => 3,
        Tree::Array(_) => 4,
        Tree::Binary(_) => 5,
        Tree::Bool(_) => 6,
        Tree::Date(..) => 7,
        Tree::Ext(..) => 8,
    }
}

/// A number as its floor and what is above it; the infinities and NaN by their class.
fn parts(tree: &Tree) -> (i8, i128, f64) {
    match tree {
        Tree::Int(number) => (0, i128::from(*number), 0.0),
        Tree::UInt(number) => (0, i128::from(*number), 0.0),
        Tree::Float(number) if number.is_nan() => (-2, 0, 0.0),
        Tree::Float(number) if number.is_infinite() => (number.signum() as i8, 0, 0.0),
        Tree::Float(number) => (0, number.floor() as i128, number - number.floor()),
        other => panic!("{other:?}"),
    }
}

/// The order of two values, across all types.
pub(crate) fn order(left: &Tree, right: &Tree) -> Ordering {
    let by_type = type_rank(left).cmp(&type_rank(right));
    by_type.then_with(|| match (left, right) {
        (Tree::Text(left), Tree::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Tree::Bool(left), Tree::Bool(right)) => left.cmp(right),
        (Tree::Binary(left), Tree::Binary(right)) => (left.len(), left).cmp(&(right.len(), right)),
        (Tree::Date(left, left_nanos), Tree::Date(right, right_nanos)) => {
            (left, left_nanos).cmp(&(right, right_nanos))
        }
        (Tree::Ext(kind, left), Tree::Ext(right_kind, right)) => {
            (kind, left.len(), left).cmp(&(right_kind, right.len(), right))
        }
        (Tree::Array(left), Tree::Array(right)) => {
            let pairs = left.iter().zip(right).map(|(left, right)| order(left, right));
            pairs
                .fold(Ordering::Equal, Ordering::then)
                .then(left.len().cmp(&right.len()))
        }
        (Tree::Map(left), Tree::Map(right)) => {
            let pairs = left
                .iter()
                .zip(right)
                .map(|((left_key, left), (right_key, right))| {
                    let by_type = type_rank(left).cmp(&type_rank(right));
                    by_type
                        .then(left_key.cmp(right_key))
                        .then_with(|| order(left, right))
                });
            pairs
                .fold(Ordering::Equal, Ordering::then)
                .then(left.len().cmp(&right.len()))
        }
        (Tree::Null | Tree::Undefined, _) => Ordering::Equal,
        (left, right) => parts(left).partial_cmp(&parts(right)).unwrap(),
    })
}

fn fields(tree: &Tree) -> &[(String, Tree)] {
    match tree {
        Tree::Map(fields) => fields,
        other => panic!("{other:?}"),
    }
}

fn elements(tree: &Tree) -> &[Tree] {
    match tree {
        Tree::Array(elements) => elements,
        other => panic!("{other:?}"),
    }
}

fn field<'a>(map: &'a Tree, name: &str) -> Option<&'a Tree> {
    fields(map)
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}

/// The values that `path` leads to; None for a missing one.
fn reach(document: &Tree, path: &str) -> Vec<Option<Tree>> {
    let names: Vec<&str> = path.split('.').collect();
    let mut found = Vec::new();
    reach_below(document, &names, &mut found);
    found
}

fn reach_below(value: &Tree, names: &[&str], found: &mut Vec<Option<Tree>>) {
    match (value, names) {
        (Tree::Array(elements), []) => {
            found.extend(elements.iter().cloned().map(Some));
            found.push(Some(value.clone()));
        }
        (_, []) => found.push(Some(value.clone())),
        (Tree::Map(_), [name, rest @ ..]) => match field(value, name) {
            Some(below) => reach_below(below, rest, found),
            None => found.push(None),
        },
        (Tree::Array(elements), [name, rest @ ..]) => {
            for (index, element) in elements.iter().enumerate() {
                if matches!(element, Tree::Map(_)) {
                    reach_below(element, names, found);
                }
                if index.to_string() == *name {
                    match element {
                        _ if rest.is_empty() => found.push(Some(element.clone())),
                        Tree::Map(_) | Tree::Array(_) => reach_below(element, rest, found),
                        _ => {}
                    }
                }
            }
        }
        _ => found.push(None),
    }
}

/// What `update`, a valid one of operators, makes of `document`; None when it is refused.
pub(crate) fn update(update: &Tree, document: &Tree) -> Option<Tree> {
    let mut changes = Vec::new();
    for (operator, operand) in fields(update) {
        for (path, operand) in fields(operand) {
            let names: Vec<String> = path.split('.').map(str::to_owned).collect();
            changes.push((names, operator.as_str(), operand));
        }
    }
    let by_name = |name: &String| (name.parse::<u32>().unwrap_or(u32::MAX), name.clone());
    changes.sort_by_key(|(names, _, _)| names.iter().map(by_name).collect::<Vec<_>>());
    let mut result = document.clone();
    for (names, operator, operand) in changes {
        change(&mut result, &names, operator, operand)?;
    }
    Some(result)
}

/// Whether one path of `update` is another one or leads through it.
pub(crate) fn conflicts(update: &Tree) -> bool {
    let paths: Vec<&String> = fields(update)
        .iter()
        .flat_map(|(_, operand)| fields(operand))
        .map(|(path, _)| path)
        .collect();
    paths.iter().enumerate().any(|(index, path)| {
        let others = paths.iter().enumerate().filter(|(other, _)| *other != index);
        others
            .into_iter()
            .any(|(_, other)| path == other || path.starts_with(&format!("{other}.")))
    })
}

fn change(value: &mut Tree, names: &[String], operator: &str, operand: &Tree) -> Option<()> {
    let Some((name, rest)) = names.split_first() else {
        *value = changed(Some(value), operator, operand)?;
        return Some(());
    };
    match value {
        Tree::Map(fields) => match fields.iter().position(|(key, _)| key == name) {
            Some(place) if rest.is_empty() && operator == "$unset" => drop(fields.remove(place)),
            Some(place) => change(&mut fields[place].1, rest, operator, operand)?,
            None if operator == "$unset" => {}
            None => fields.push((name.clone(), made(rest, operator, operand)?)),
        },
        Tree::Array(elements) => match name.parse::<usize>() {
            Ok(place) if place < elements.len() => change(&mut elements[place], rest, operator, operand)?,
            _ if operator == "$unset" => {}
            Ok(place) => {
                elements.resize(place, Tree::Null);
                elements.push(made(rest, operator, operand)?);
            }
            Err(_) => return None,
        },
        _ if operator == "$unset" => {}
        _ => return None,
    }
    Some(())
}

fn made(names: &[String], operator: &str, operand: &Tree) -> Option<Tree> {
    match names.split_first() {
        Some((name, rest)) => Some(Tree::Map(vec![(name.clone(), made(rest, operator, operand)?)])),
        None => changed(None, operator, operand),
    }
}

fn changed(old: Option<&Tree>, operator: &str, operand: &Tree) -> Option<Tree> {
    match (operator, old) {
        ("$unset", _) => Some(Tree::Null),
        ("$set", _) | ("$inc", None) => Some(operand.clone()),
        ("$inc", Some(old)) => sum(old, operand),
        other => panic!("{other:?}"),
    }
}

fn sum(old: &Tree, amount: &Tree) -> Option<Tree> {
    let whole = |tree: &Tree| match tree {
        Tree::Int(number) => Some(i128::from(*number)),
        Tree::UInt(number) => Some(i128::from(*number)),
        _ => None,
    };
    let float = |tree: &Tree| match tree {
        Tree::Float(number) => Some(*number),
        other => whole(other).map(|number| number as f64),
    };
    let (Some(left), Some(right)) = (whole(old), whole(amount)) else {
        return Some(Tree::Float(float(old)? + float(amount)?));
    };
    let is_unsigned = matches!(old, Tree::UInt(_)) || matches!(amount, Tree::UInt(_));
    match i64::try_from(left + right) {
        Ok(sum) => Some(Tree::Int(sum)),
        Err(_) if is_unsigned => u64::try_from(left + right).ok().map(Tree::UInt),
        Err(_) => None,
    }
}
