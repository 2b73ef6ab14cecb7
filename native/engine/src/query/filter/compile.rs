//! From the MessagePack of a filter to its terms.
//!
//! Promises: whatever the dialect does not allow is refused here, naming the operator and the path, so that a
//! match can only fail on damaged documents. The work is linear in the filter (sorting of `$in` apart).
//! Leaves to others: checking the bytes (format/survey.rs), evaluation (matcher.rs).

use std::collections::{BTreeSet, HashMap};

use crate::error::{Error, ErrorKind, Result};
use crate::format::id::IdBytes;
use crate::format::intake::normalise;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::{ID_KEY, Subject};
use crate::format::value::{Cursor, Elements, Fields, Value};
use crate::limits::DEPTH_MAX;
use crate::query::TERMS_MAX;
use crate::query::filter::{Condition, Filter, Node, Term, Test};
use crate::query::literal::{Literal, LiteralSet, Wanted};
use crate::query::path::{self, Segment};

/// What the messages about an unknown operator offer.
const SUPPORTED: &str =
    "$eq $ne $gt $gte $lt $lte $in $nin $exists $not, and $and $or $nor outside of fields";

pub(super) fn compile(bytes: &[u8]) -> Result<Filter> {
    let mut normal = Vec::with_capacity(bytes.len() + 16);
    normalise(bytes, Subject::Filter, &mut normal)?;
    let Value::Map(fields) = Cursor::new(&normal, &NO_STRUCTURES).value()? else {
        return Err(refuse("a filter is a map"));
    };
    let mut compiler = Compiler {
        roots: Vec::new(),
        numbers: HashMap::new(),
        terms: 0,
    };
    let mut nodes = Vec::new();
    compiler.fields(fields, &mut nodes)?;
    Ok(compiler.finish(nodes))
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidFilter, message)
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_operator(key: &[u8]) -> bool {
    key.first() == Some(&b'$')
}

/// A path while its operators are compiled.
struct Field<'a> {
    path: &'a [u8],
    root: usize,
    rest: Vec<Segment>,
}

struct Compiler {
    roots: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, usize>,
    terms: usize,
}

impl Compiler {
    /// The conditions of a map of paths and logical operators, all of which must hold.
    fn fields(&mut self, mut fields: Fields<'_>, nodes: &mut Vec<Node>) -> Result<()> {
        while let Some((key, operand)) = fields.take_next()? {
            if is_operator(key) {
                self.logical(key, operand, nodes)?;
            } else {
                self.field(key, operand, nodes)?;
            }
        }
        Ok(())
    }

    fn logical(&mut self, operator: &[u8], operand: Cursor<'_>, nodes: &mut Vec<Node>) -> Result<()> {
        let known: &[&[u8]] = &[b"$and", b"$or", b"$nor"];
        if !known.contains(&operator) {
            let name = show(operator);
            return Err(refuse(format!(
                "the operator {name} is not known here; supported are {SUPPORTED}"
            )));
        }
        let Value::Array(mut branches) = operand.value()? else {
            return Err(wrong_operand(operator, None, operand, "an array of filters"));
        };
        if branches.remaining() == 0 {
            return Err(refuse(format!(
                "{} was given no filters; it takes at least one",
                show(operator)
            )));
        }
        let mut alternatives = Vec::new();
        while let Some(branch) = branches.take_next()? {
            self.count()?;
            let Value::Map(fields) = branch.value()? else {
                return Err(wrong_operand(operator, None, branch, "a filter in each place"));
            };
            if operator == b"$and" {
                self.fields(fields, nodes)?;
                continue;
            }
            let mut all = Vec::new();
            self.fields(fields, &mut all)?;
            alternatives.push(one_node(all));
        }
        match operator {
            b"$or" if alternatives.len() == 1 => nodes.extend(alternatives),
            b"$or" => nodes.push(Node::Any(alternatives)),
            b"$nor" => nodes.push(Node::Not(Box::new(Node::Any(alternatives)))),
            _ => {}
        }
        Ok(())
    }

    /// The conditions on one path: a map of operators, or a value to equal.
    fn field(&mut self, path: &[u8], operand: Cursor<'_>, nodes: &mut Vec<Node>) -> Result<()> {
        let segments = path::parse(path).ok_or_else(|| {
            refuse(format!(
                "a path of more than {DEPTH_MAX} names was given: {}",
                show(path)
            ))
        })?;
        let mut segments = segments.into_iter();
        let root = self.root(segments.next().map(|segment| segment.name).unwrap_or_default());
        let field = Field {
            path,
            root,
            rest: segments.collect(),
        };
        match operand.value()? {
            Value::Map(operators) if begins_with_operator(operators)? => {
                self.operators(&field, operators, nodes)
            }
            _ => self.push(&field, Test::Equal(Literal::new(operand)?), true, nodes),
        }
    }

    fn operators(
        &mut self,
        field: &Field<'_>,
        mut operators: Fields<'_>,
        nodes: &mut Vec<Node>,
    ) -> Result<()> {
        while let Some((operator, operand)) = operators.take_next()? {
            let ordered = |wanted| Ok::<_, Error>(Test::Ordered(Literal::new(operand)?, wanted));
            let (test, wanted) = match operator {
                b"$eq" => (Test::Equal(Literal::new(operand)?), true),
                b"$ne" => (Test::Equal(Literal::new(operand)?), false),
                b"$gt" => (ordered(Wanted::ABOVE)?, true),
                b"$gte" => (ordered(Wanted::AT_LEAST)?, true),
                b"$lt" => (ordered(Wanted::BELOW)?, true),
                b"$lte" => (ordered(Wanted::AT_MOST)?, true),
                b"$in" => (Test::In(set(operator, field, operand)?), true),
                b"$nin" => (Test::In(set(operator, field, operand)?), false),
                b"$exists" => (Test::Exists, truth(operator, field, operand)?),
                b"$not" => {
                    self.not(field, operand, nodes)?;
                    continue;
                }
                _ => return Err(unknown(operator, field)),
            };
            self.push(field, test, wanted, nodes)?;
        }
        Ok(())
    }

    fn not(&mut self, field: &Field<'_>, operand: Cursor<'_>, nodes: &mut Vec<Node>) -> Result<()> {
        let mut all = Vec::new();
        match operand.value()? {
            Value::Map(operators) if begins_with_operator(operators)? => {
                self.operators(field, operators, &mut all)?
            }
            _ => return Err(wrong_operand(b"$not", Some(field), operand, "a map of operators")),
        }
        nodes.push(opposite(one_node(all)));
        Ok(())
    }

    fn push(&mut self, field: &Field<'_>, test: Test, wanted: bool, nodes: &mut Vec<Node>) -> Result<()> {
        self.count()?;
        let term = Term {
            root: field.root,
            rest: field.rest.clone(),
            test,
        };
        nodes.push(Node::Condition(Condition { term, wanted }));
        Ok(())
    }

    fn count(&mut self) -> Result<()> {
        self.terms += 1;
        if self.terms > TERMS_MAX {
            return Err(refuse(format!(
                "the filter has more than {TERMS_MAX} conditions; use $in for many values"
            )));
        }
        Ok(())
    }

    fn root(&mut self, name: Box<[u8]>) -> usize {
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        let number = self.roots.len();
        self.roots.push(name.clone());
        self.numbers.insert(name, number);
        number
    }

    /// Splits the conditions that must all hold into those on one root each and the others.
    fn finish(self, nodes: Vec<Node>) -> Filter {
        let mut direct: Vec<Vec<Condition>> = self.roots.iter().map(|_| Vec::new()).collect();
        let mut rest = Vec::new();
        for node in nodes {
            match node {
                Node::Condition(condition) => {
                    if let Some(conditions) = direct.get_mut(condition.term.root) {
                        conditions.push(condition);
                    }
                }
                Node::All(nodes) if nodes.is_empty() => {}
                node => rest.push(node),
            }
        }
        for conditions in &mut direct {
            conditions.sort_by_key(Condition::cost);
        }
        let id_root = self.numbers.get(ID_KEY).copied();
        let on_id = id_root
            .and_then(|root| direct.get(root))
            .map_or(&[][..], Vec::as_slice);
        let ids = on_id.iter().find_map(Condition::ids);
        let conditions: usize = direct.iter().map(Vec::len).sum();
        let is_only_ids = ids.is_some() && rest.is_empty() && conditions == 1;
        let mut roots_by_name: Vec<usize> = (0..self.roots.len()).collect();
        roots_by_name.sort_by_key(|root| self.roots.get(*root));
        Filter {
            roots: self.roots,
            roots_by_name,
            direct,
            rest,
            ids,
            is_only_ids,
        }
    }
}

impl Condition {
    /// Rank of what a test costs: of the conditions on one field the cheap ones come first.
    fn cost(&self) -> usize {
        let test = match &self.term.test {
            Test::Exists => 0,
            Test::Equal(Literal::Encoded(_)) => 4,
            Test::Equal(_) => 1,
            Test::Ordered(..) => 2,
            Test::In(_) => 3,
        };
        test + 8 * self.term.rest.len()
    }

    /// The ids that documents with this condition on `_id` can have. What is no id is the id of no document.
    fn ids(&self) -> Option<Vec<IdBytes>> {
        if !self.wanted || !self.term.rest.is_empty() {
            return None;
        }
        let id = |value: Value<'_>| IdBytes::from_value(&value).ok();
        let distinct: BTreeSet<IdBytes> = match &self.term.test {
            Test::Equal(literal) => literal.value().ok().and_then(id).into_iter().collect(),
            Test::In(set) => set.values().filter_map(id).collect(),
            Test::Ordered(..) | Test::Exists => return None,
        };
        Some(distinct.into_iter().collect())
    }
}

/// A node that holds when all of `nodes` do.
fn one_node(mut nodes: Vec<Node>) -> Node {
    match nodes.len() {
        1 => nodes.pop().unwrap_or(Node::All(Vec::new())),
        _ => Node::All(nodes),
    }
}

fn opposite(node: Node) -> Node {
    match node {
        Node::Condition(condition) => Node::Condition(Condition {
            wanted: !condition.wanted,
            ..condition
        }),
        Node::Not(node) => *node,
        node => Node::Not(Box::new(node)),
    }
}

/// True when a map is one of operators. Errors: INVALID_FILTER when it mixes operators and fields.
fn begins_with_operator(mut fields: Fields<'_>) -> Result<bool> {
    let mut first = None;
    while let Some((key, _)) = fields.take_next()? {
        if *first.get_or_insert(is_operator(key)) != is_operator(key) {
            let key = show(key);
            return Err(refuse(format!(
                "operators and fields stand in one map, at {key:?}; use one kind only"
            )));
        }
    }
    Ok(first == Some(true))
}

fn unknown(operator: &[u8], field: &Field<'_>) -> Error {
    let (name, path) = (show(operator), show(field.path));
    refuse(format!(
        "the operator {name} at path {path:?} is not known; supported are {SUPPORTED}"
    ))
}

fn wrong_operand(operator: &[u8], field: Option<&Field<'_>>, operand: Cursor<'_>, wanted: &str) -> Error {
    let given = operand.value().map_or("damaged value", |value| value.type_name());
    let place = field
        .map(|field| format!(" at path {:?}", show(field.path)))
        .unwrap_or_default();
    refuse(format!(
        "{}{place} takes {wanted}, and was given a value of type {given}",
        show(operator)
    ))
}

fn set(operator: &[u8], field: &Field<'_>, operand: Cursor<'_>) -> Result<LiteralSet> {
    let Value::Array(mut elements) = operand.value()? else {
        return Err(wrong_operand(
            operator,
            Some(field),
            operand,
            "an array of values",
        ));
    };
    let mut literals = Vec::with_capacity(Elements::remaining(&elements));
    while let Some(element) = elements.take_next()? {
        if let Value::Map(fields) = element.value()?
            && begins_with_operator(fields)?
        {
            let (name, path) = (show(operator), show(field.path));
            return Err(refuse(format!(
                "{name} at path {path:?} holds an operator; it takes values only"
            )));
        }
        literals.push(Literal::new(element)?);
    }
    Ok(LiteralSet::new(literals))
}

fn truth(operator: &[u8], field: &Field<'_>, operand: Cursor<'_>) -> Result<bool> {
    match operand.value()? {
        Value::Bool(truth) => Ok(truth),
        Value::Int(number) => Ok(number != 0),
        Value::Float(number) => Ok(number != 0.0),
        _ => Err(wrong_operand(operator, Some(field), operand, "true or false")),
    }
}
