//! From the MessagePack of a filter to its terms.
//!
//! Promises: whatever the dialect does not allow is refused here, naming the operator and the path, so that a
//! match can only fail on damaged documents. The work is linear in the filter (sorting of `$in` apart).
//! Leaves to others: checking the bytes (format/survey.rs), operands (operand.rs), the words of refusals
//! (refusal.rs), evaluation (matcher.rs).

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::format::id::IdBytes;
use crate::format::intake::normalise;
use crate::format::record::NO_STRUCTURES;
use crate::format::survey::{ID_KEY, Subject};
use crate::format::value::{Cursor, Fields, Value};
use crate::limits::DEPTH_MAX;
use crate::query::TERMS_MAX;
use crate::query::expression::Expression;
use crate::query::filter::bits::Asked;
use crate::query::filter::names::Names;
use crate::query::filter::operand::{Operand, is_operator, is_operators};
use crate::query::filter::pattern::Pattern;
use crate::query::filter::refusal::{refuse, show, unknown, wrong, wrong_operand};
use crate::query::filter::schema;
use crate::query::filter::{Condition, Element, Filter, Fragment, Node, Term, Test};
use crate::query::literal::{Literal, Wanted};
use crate::query::path::{self, Segment};

/// Most positions, such as the 0 of `a.0.b`, on one path or on the paths of nested `$elemMatch`: each may go
/// two ways, so their number bounds the work on one document.
const POSITIONS_MAX: usize = 8;
/// Most regular expressions of one filter: each may take `pattern::COMPILED_BYTES_MAX`.
const PATTERNS_MAX: usize = 256;

pub(super) fn compile(bytes: &[u8], variables: &[&str]) -> Result<Filter> {
    let mut normal = Vec::with_capacity(bytes.len() + 16);
    normalise(bytes, Subject::Filter, &mut normal)?;
    let Value::Map(fields) = Cursor::new(&normal, &NO_STRUCTURES).value()? else {
        return Err(refuse("a filter is a map"));
    };
    let mut compiler = Compiler {
        variables,
        names: Names::default(),
        terms: 0,
        patterns: 0,
        positions: 0,
        elements: 0,
        has_expression: false,
    };
    let mut nodes = Vec::new();
    compiler.fields(fields, &mut nodes)?;
    Ok(compiler.finish(nodes))
}

/// A path while its operators are compiled.
struct Field<'a> {
    path: &'a [u8],
    root: usize,
    rest: Vec<Segment>,
}

struct Compiler<'n> {
    /// What `$$` in expressions may name.
    variables: &'n [&'n str],
    names: Names,
    terms: usize,
    patterns: usize,
    /// Positions on the paths of the `$elemMatch` around.
    positions: usize,
    /// How many `$elemMatch` are around.
    elements: usize,
    has_expression: bool,
}

impl Compiler<'_> {
    /// The conditions of a map of paths and logical operators, all of which must hold.
    fn fields(&mut self, mut fields: Fields<'_>, nodes: &mut Vec<Node>) -> Result<()> {
        while let Some((key, operand)) = fields.take_next()? {
            match key {
                // The names by which a document refers to another one.
                b"$ref" | b"$id" | b"$db" => self.field(key, operand, nodes)?,
                b"$and" | b"$or" | b"$nor" => self.logical(key, operand, nodes)?,
                b"$comment" => {}
                b"$expr" => nodes.push(self.expression(operand)?),
                b"$jsonSchema" => nodes.push(self.schema(key, operand)?),
                b"$alwaysTrue" => check_one(key, operand)?,
                b"$alwaysFalse" => {
                    check_one(key, operand)?;
                    nodes.push(Node::Any(Vec::new()));
                }
                key if is_operator(key) => return Err(unknown(key, None)),
                key => self.field(key, operand, nodes)?,
            }
        }
        Ok(())
    }

    fn logical(&mut self, operator: &[u8], operand: Cursor<'_>, nodes: &mut Vec<Node>) -> Result<()> {
        let Value::Array(mut branches) = operand.value()? else {
            return Err(wrong_operand(operator, None, operand, "an array of filters"));
        };
        if branches.remaining() == 0 {
            return Err(wrong(
                operator,
                None,
                "was given no filters; it takes at least one",
            ));
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
        let here = segments
            .iter()
            .filter(|segment| segment.position.is_some())
            .count();
        if self.positions + here > POSITIONS_MAX {
            let path = show(path);
            return Err(refuse(format!(
                "the path {path:?} has more than {POSITIONS_MAX} positions of arrays"
            )));
        }
        let mut segments = segments.into_iter();
        let root = self
            .names
            .number(segments.next().map(|segment| segment.name).unwrap_or_default());
        let field = Field {
            path,
            root,
            rest: segments.collect(),
        };
        if is_operators(operand)?
            && let Value::Map(operators) = operand.value()?
        {
            self.positions += here;
            self.operators(&field, operators, nodes)?;
            self.positions -= here;
            return Ok(());
        }
        self.push(&field, Test::Equal(Literal::new(operand)?), true, nodes)
    }

    fn operators(&mut self, field: &Field<'_>, operators: Fields<'_>, nodes: &mut Vec<Node>) -> Result<()> {
        let mut rest = operators;
        while let Some((operator, cursor)) = rest.take_next()? {
            let operand = Operand {
                operator,
                path: field.path,
                cursor,
            };
            let ordered = |wanted| Ok::<_, Error>(Test::Ordered(Literal::new(cursor)?, wanted));
            let (test, wanted) = match operator {
                b"$eq" => (Test::Equal(Literal::new(cursor)?), true),
                b"$ne" => (Test::Equal(Literal::new(cursor)?), false),
                b"$gt" => (ordered(Wanted::ABOVE)?, true),
                b"$gte" => (ordered(Wanted::AT_LEAST)?, true),
                b"$lt" => (ordered(Wanted::BELOW)?, true),
                b"$lte" => (ordered(Wanted::AT_MOST)?, true),
                b"$in" => (Test::In(operand.set()?), true),
                b"$nin" => (Test::In(operand.set()?), false),
                b"$exists" => (Test::Exists, operand.truth()?),
                b"$type" => (Test::Type(operand.types()?), true),
                b"$mod" => (operand.modulo()?, true),
                b"$size" => (operand.size()?, true),
                b"$bitsAllSet" => (operand.bits(Asked::AllSet)?, true),
                b"$bitsAllClear" => (operand.bits(Asked::AllClear)?, true),
                b"$bitsAnySet" => (operand.bits(Asked::AnySet)?, true),
                b"$bitsAnyClear" => (operand.bits(Asked::AnyClear)?, true),
                b"$regex" => (self.pattern(operand, operators.find(b"$options")?)?, true),
                b"$options" if operators.find(b"$regex")?.is_some() => continue,
                b"$options" => return Err(operand.wrong("stands without a $regex")),
                b"$elemMatch" => (Test::Element(Box::new(self.element(operand)?)), true),
                b"$all" => {
                    self.all(field, operand, nodes)?;
                    continue;
                }
                b"$not" => {
                    self.not(field, operand, nodes)?;
                    continue;
                }
                _ => return Err(unknown(operator, Some(field.path))),
            };
            self.push(field, test, wanted, nodes)?;
        }
        Ok(())
    }

    fn not(&mut self, field: &Field<'_>, operand: Operand<'_>, nodes: &mut Vec<Node>) -> Result<()> {
        let mut all = Vec::new();
        let operators = operand.map("a map of operators")?;
        if !is_operators(operand.cursor)? {
            return Err(operand.wrong("takes a map of operators, and was given another map"));
        }
        self.operators(field, operators, &mut all)?;
        nodes.push(opposite(one_node(all)));
        Ok(())
    }

    fn pattern(&mut self, operand: Operand<'_>, options: Option<Cursor<'_>>) -> Result<Test> {
        self.count_pattern()?;
        let Some(pattern) = operand.cursor.text() else {
            return Err(operand.wrong_type("a string, and $options a string of flags"));
        };
        let options = match options {
            Some(cursor) => cursor
                .text()
                .ok_or_else(|| wrong_operand(b"$options", Some(operand.path), cursor, "a string of flags"))?,
            None => b"",
        };
        match Pattern::compile(pattern, options) {
            Ok(pattern) => Ok(Test::Pattern(Box::new(pattern))),
            Err(reason) => Err(operand.wrong(&format!("cannot be used: {reason}"))),
        }
    }

    /// `$all`: every value equal to an element or the whole, or every `$elemMatch`.
    fn all(&mut self, field: &Field<'_>, operand: Operand<'_>, nodes: &mut Vec<Node>) -> Result<()> {
        let mut elements = operand.array("an array of values, or of $elemMatch")?;
        if elements.remaining() == 0 {
            // No value is asked for, and MongoDB lets that match nothing.
            nodes.push(Node::Any(Vec::new()));
        }
        let mut by_element = None;
        while let Some(cursor) = elements.take_next()? {
            let inner = match cursor.value()? {
                Value::Map(mut fields) => fields.take_next()?.filter(|(key, _)| *key == b"$elemMatch"),
                _ => None,
            };
            if *by_element.get_or_insert(inner.is_some()) != inner.is_some() {
                return Err(operand.wrong("mixes $elemMatch with values; use one kind only"));
            }
            let test = match inner {
                Some((operator, cursor)) => Test::Element(Box::new(self.element(Operand {
                    operator,
                    path: field.path,
                    cursor,
                })?)),
                None if is_operators(cursor)? => {
                    return Err(
                        operand.wrong("holds an operator; it takes values, or $elemMatch in each place")
                    );
                }
                None => Test::Equal(Literal::new(cursor)?),
            };
            self.push(field, test, true, nodes)?;
        }
        Ok(())
    }

    fn element(&mut self, operand: Operand<'_>) -> Result<Element> {
        let fields = operand.map("a map of operators, or a filter for documents")?;
        let mut nodes = Vec::new();
        if is_on_element_itself(fields)? {
            let itself = Field {
                path: operand.path,
                root: 0,
                rest: Vec::new(),
            };
            self.operators(&itself, fields, &mut nodes)?;
            return Ok(Element::Itself(nodes));
        }
        let outer = std::mem::take(&mut self.names);
        self.elements += 1;
        let compiled = self.fields(fields, &mut nodes);
        self.elements -= 1;
        let names = std::mem::replace(&mut self.names, outer);
        compiled?;
        Ok(Element::Fields(Fragment {
            roots: names.roots,
            nodes,
        }))
    }

    fn expression(&mut self, operand: Cursor<'_>) -> Result<Node> {
        if self.elements > 0 {
            let reason = "stands within $elemMatch; it is asked of whole documents only";
            return Err(wrong(b"$expr", None, reason));
        }
        self.count()?;
        self.has_expression = true;
        let expression = Expression::compile_with(operand, self.variables)?;
        Ok(Node::Expression(Box::new(expression)))
    }

    fn schema(&mut self, operator: &[u8], operand: Cursor<'_>) -> Result<Node> {
        let Value::Map(fields) = operand.value()? else {
            return Err(wrong_operand(operator, None, operand, "a map of keywords"));
        };
        let schema = schema::compile(fields, &mut |part| match part {
            schema::Part::Rule => self.count(),
            schema::Part::Pattern => self.count_pattern(),
        })?;
        Ok(Node::Schema(Box::new(schema)))
    }

    fn count_pattern(&mut self) -> Result<()> {
        self.patterns += 1;
        if self.patterns > PATTERNS_MAX {
            return Err(refuse(format!(
                "the filter has more than {PATTERNS_MAX} regular expressions; join them by |"
            )));
        }
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

    /// Splits the conditions that must all hold into those on one root each and the others.
    fn finish(self, nodes: Vec<Node>) -> Filter {
        let mut direct: Vec<Vec<Condition>> = self.names.roots.iter().map(|_| Vec::new()).collect();
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
        let id_root = self.names.find(ID_KEY);
        let on_id = id_root
            .and_then(|root| direct.get(root))
            .map_or(&[][..], Vec::as_slice);
        let ids = on_id.iter().find_map(Condition::ids);
        let conditions: usize = direct.iter().map(Vec::len).sum();
        let is_only_ids = ids.is_some() && rest.is_empty() && conditions == 1;
        let mut roots_by_name: Vec<usize> = (0..self.names.roots.len()).collect();
        roots_by_name.sort_by_key(|root| self.names.roots.get(*root));
        Filter {
            roots: self.names.roots,
            roots_by_name,
            direct,
            rest,
            ids,
            is_only_ids,
            has_expression: self.has_expression,
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
            Test::Type(_) | Test::Modulo(_) | Test::Bits(_) | Test::Size(_) => 1,
            Test::Pattern(_) => 5,
            Test::Element(_) => 6,
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
            _ => return None,
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

/// Checks the operand of `$alwaysTrue`, `$alwaysFalse`.
fn check_one(operator: &[u8], operand: Cursor<'_>) -> Result<()> {
    match operand.value()? {
        Value::Int(1) | Value::Float(1.0) => Ok(()),
        _ => Err(wrong_operand(operator, None, operand, "the number 1")),
    }
}

/// True when the operand of `$elemMatch` is operators on the elements themselves: by its first key.
fn is_on_element_itself(mut fields: Fields<'_>) -> Result<bool> {
    const ON_FIELDS: &[&[u8]] = &[
        b"$and",
        b"$or",
        b"$nor",
        b"$expr",
        b"$jsonSchema",
        b"$comment",
        b"$where",
        b"$text",
        b"$alwaysTrue",
        b"$alwaysFalse",
        b"$ref",
        b"$id",
        b"$db",
    ];
    let first = fields.take_next()?;
    Ok(first.is_some_and(|(key, _)| is_operator(key) && !ON_FIELDS.contains(&key)))
}
