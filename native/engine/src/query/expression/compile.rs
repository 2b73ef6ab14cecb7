//! From the MessagePack of an expression to its nodes.
//!
//! Promises: unknown operators, wrong counts or names of arguments, malformed paths and undefined variables
//! are refused here; nodes are at most `TERMS_MAX` and nest at most `DEPTH_MAX` deep; a call whose operands
//! are all constant is folded, unless it fails: then it fails where it is evaluated.
//! Leaves to others: what each operator takes (operators.rs).

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Elements, Fields, Timestamp, Value};
use crate::limits::DEPTH_MAX;
use crate::query::TERMS_MAX;
use crate::query::expression::operators::{self, Form, Name, Operator};
use crate::query::expression::scope::{Frame, Root, Scope};
use crate::query::expression::{Call, Node, Prepared, Slot, refuse};
use crate::query::path::{self, Segment};

/// Largest constant that folding keeps, in bytes of memory; a larger one is computed each time.
const FOLDED_BYTES_MAX: usize = 1 << 20;

pub(super) fn compile(cursor: Cursor<'_>, names: &[&str]) -> Result<Node> {
    let mut compiler = Compiler {
        names,
        locals: Vec::new(),
        loops: 0,
        depth: 0,
        nodes: 0,
    };
    compiler.node(cursor)
}

/// A local variable while the expressions that see it are compiled.
struct Local {
    name: Box<str>,
    reads: usize,
    /// How many loops stood around its binding.
    loops: usize,
    is_read_in_loop: bool,
}

pub(super) struct Compiler<'n> {
    names: &'n [&'n str],
    locals: Vec<Local>,
    loops: usize,
    depth: usize,
    nodes: usize,
}

impl Compiler<'_> {
    /// The node of the expression at `cursor`.
    pub(super) fn node(&mut self, cursor: Cursor<'_>) -> Result<Node> {
        self.nodes += 1;
        if self.nodes > TERMS_MAX {
            return Err(refuse(format!(
                "the expression has more than {TERMS_MAX} operators and values"
            )));
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(refuse(format!(
                "the expression nests deeper than {DEPTH_MAX} levels"
            )));
        }
        let node = match cursor.value()? {
            Value::String(text) if text.first() == Some(&b'$') => self.reference(utf8(text)?)?,
            Value::Map(fields) => self.map(fields)?,
            Value::Array(elements) => fold_array(self.nodes_of(elements)?),
            _ => Node::Constant(Owned::read(cursor)?),
        };
        self.depth -= 1;
        Ok(node)
    }

    fn nodes_of(&mut self, mut elements: Elements<'_>) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        while let Some(element) = elements.take_next()? {
            nodes.push(self.node(element)?);
        }
        Ok(nodes)
    }

    /// `$path`, `$$variable` or `$$variable.path`.
    fn reference(&mut self, text: &str) -> Result<Node> {
        let Some(reference) = text.strip_prefix("$$") else {
            let path = parse_path(text, text.strip_prefix('$').unwrap_or(text))?;
            return match self.local("CURRENT") {
                Some(slot) => Ok(variable(slot, path)),
                None => Ok(Node::Field(path)),
            };
        };
        let (name, rest) = match reference.split_once('.') {
            Some((name, rest)) => (name, parse_path(text, rest)?),
            None => (reference, Vec::new()),
        };
        let slot = match self.local(name) {
            Some(slot) => slot,
            None => self.outer(text, name)?,
        };
        if matches!(slot, Slot::Root) && !rest.is_empty() {
            return Ok(Node::Field(rest));
        }
        Ok(variable(slot, rest))
    }

    /// The slot of the innermost local variable of this name.
    fn local(&mut self, name: &str) -> Option<Slot> {
        let place = self.locals.iter().rposition(|local| *local.name == *name)?;
        let local = self.locals.get_mut(place)?;
        local.reads += 1;
        local.is_read_in_loop |= self.loops > local.loops;
        Some(Slot::Local(place))
    }

    fn outer(&self, text: &str, name: &str) -> Result<Slot> {
        if let Some(place) = self.names.iter().position(|known| *known == name) {
            return Ok(Slot::Given(place));
        }
        match name {
            "ROOT" | "CURRENT" => Ok(Slot::Root),
            "NOW" => Ok(Slot::Now),
            "REMOVE" => Ok(Slot::Remove),
            _ => Err(refuse(format!(
                "the variable {text:?} is not defined here; known are $$ROOT $$CURRENT $$NOW $$REMOVE and those of $let, $map, $filter and $reduce"
            ))),
        }
    }

    /// An operator with its operand, or an object of expressions.
    fn map(&mut self, fields: Fields<'_>) -> Result<Node> {
        let mut rest = fields;
        match rest.take_next()? {
            Some((name, operand)) if name.first() == Some(&b'$') => {
                let name = utf8(name)?;
                if rest.remaining() > 0 {
                    return Err(refuse(format!(
                        "{name} stands in one object with other fields; an operator stands alone"
                    )));
                }
                self.operator(name, operand)
            }
            _ => self.object(fields),
        }
    }

    fn object(&mut self, mut fields: Fields<'_>) -> Result<Node> {
        let mut nodes: Vec<(Box<str>, Node)> = Vec::new();
        while let Some((name, value)) = fields.take_next()? {
            let name = utf8(name)?;
            if name.starts_with('$') || name.contains('.') || name.is_empty() {
                return Err(refuse(format!(
                    "an object in an expression has a field {name:?}; names are not empty, hold no dots and begin with no $ ($setField and $literal allow them)"
                )));
            }
            nodes.push((name.into(), self.node(value)?));
        }
        if !nodes.iter().all(|(_, node)| matches!(node, Node::Constant(_))) {
            return Ok(Node::Object(nodes));
        }
        let constants = nodes.into_iter().filter_map(|(name, node)| match node {
            Node::Constant(value) => Some((name, value)),
            _ => None,
        });
        Ok(Node::Constant(Owned::Map(constants.collect())))
    }

    fn operator(&mut self, name: &str, operand: Cursor<'_>) -> Result<Node> {
        let Some(operator) = operators::find(name) else {
            return Err(refuse(format!("the operator {name} is not known")));
        };
        let call = match operator.form {
            Form::List { least, most } => {
                let operands = self.list(operator, operand, least, most)?;
                self.call(operator, operands)
            }
            Form::Named(names) => {
                let operands = self.named(operator, operand, names)?;
                self.call(operator, operands)
            }
            Form::Special(compile) => return compile(self, operator, operand),
            Form::Refused(reason) => return Err(refuse(format!("{name} is refused: {reason}"))),
        };
        Ok(fold(call))
    }

    /// A call without local variables.
    pub(super) fn call(&self, operator: &'static Operator, operands: Vec<Option<Node>>) -> Call {
        Call {
            operator,
            operands,
            slot: self.locals.len(),
            prepared: Prepared::Nothing,
        }
    }

    /// The operands of an operator that takes `least` to `most` of them, in an array or one by itself.
    pub(super) fn list(
        &mut self,
        operator: &'static Operator,
        operand: Cursor<'_>,
        least: usize,
        most: usize,
    ) -> Result<Vec<Option<Node>>> {
        let nodes = match operand.value()? {
            Value::Array(elements) => self.nodes_of(elements)?,
            _ => vec![self.node(operand)?],
        };
        if nodes.len() < least || nodes.len() > most {
            let name = operator.name;
            let wanted = match (least, most) {
                (least, usize::MAX) => format!("at least {least}"),
                (least, most) if least == most => format!("{least}"),
                (least, most) => format!("{least} to {most}"),
            };
            let given = nodes.len();
            return Err(refuse(format!(
                "{name} takes {wanted} operands, and was given {given}"
            )));
        }
        Ok(nodes.into_iter().map(Some).collect())
    }

    /// The operands of an operator that takes an object of named ones.
    pub(super) fn named(
        &mut self,
        operator: &'static Operator,
        operand: Cursor<'_>,
        names: &[Name],
    ) -> Result<Vec<Option<Node>>> {
        let cursors = arguments(operator, operand, names)?;
        let mut operands = Vec::with_capacity(names.len());
        for cursor in cursors {
            operands.push(match cursor {
                Some(cursor) => Some(self.node(cursor)?),
                None => None,
            });
        }
        Ok(operands)
    }

    /// Compiles with local variables; gives what `compile` gives and how the variables were read: for each,
    /// true when it is read once and in no loop, so that the read may take the value.
    pub(super) fn with_locals<T>(
        &mut self,
        names: &[&str],
        compile: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<(T, Vec<bool>)> {
        let before = self.locals.len();
        for name in names {
            self.locals.push(Local {
                name: (*name).into(),
                reads: 0,
                loops: self.loops + 1,
                is_read_in_loop: false,
            });
        }
        self.loops += 1;
        let made = compile(self);
        self.loops -= 1;
        let read = |local: Local| local.reads == 1 && !local.is_read_in_loop;
        let takes = self.locals.drain(before..).map(read).collect();
        Ok((made?, takes))
    }
}

/// Where the arguments of an operator stand, in the order of `names`.
/// Errors: INVALID_EXPRESSION for what is no object, an unknown name, or a needed one that is not there.
pub(super) fn arguments<'c>(
    operator: &'static Operator,
    operand: Cursor<'c>,
    names: &[Name],
) -> Result<Vec<Option<Cursor<'c>>>> {
    arguments_of(operator.name, operand, names)
}

/// `arguments` of the operator or accumulator of this name.
pub(super) fn arguments_of<'c>(
    operator: &str,
    operand: Cursor<'c>,
    names: &[Name],
) -> Result<Vec<Option<Cursor<'c>>>> {
    let Value::Map(mut fields) = operand.value()? else {
        let found = operand.value()?.type_name();
        return Err(refuse(format!(
            "{operator} takes an object of arguments, and was given a value of type {found}"
        )));
    };
    let mut cursors = vec![None; names.len()];
    while let Some((key, cursor)) = fields.take_next()? {
        let place = names.iter().position(|name| name.name.as_bytes() == key);
        match place.and_then(|place| cursors.get_mut(place)) {
            Some(place) => *place = Some(cursor),
            None => {
                let known: Vec<&str> = names.iter().map(|name| name.name).collect();
                return Err(refuse(format!(
                    "{operator} has no argument {:?}; it takes {}",
                    String::from_utf8_lossy(key),
                    known.join(", ")
                )));
            }
        }
    }
    for (name, cursor) in names.iter().zip(&cursors) {
        if name.is_needed && cursor.is_none() {
            return Err(refuse(format!(
                "{operator} was not given its argument {:?}",
                name.name
            )));
        }
    }
    Ok(cursors)
}

fn variable(slot: Slot, path: Vec<Segment>) -> Node {
    Node::Variable {
        slot,
        path,
        is_last: false,
    }
}

/// The names of a path. `text` is what the messages show. Errors: INVALID_EXPRESSION.
pub(super) fn parse_path(text: &str, path: &str) -> Result<Vec<Segment>> {
    let segments = path::parse(path.as_bytes())
        .ok_or_else(|| refuse(format!("the path {text:?} has more than {DEPTH_MAX} names")))?;
    let wrong = |segment: &Segment| segment.name.is_empty() || segment.name.first() == Some(&b'$');
    if segments.iter().any(wrong) {
        return Err(refuse(format!(
            "the path {text:?} has a name that is empty or begins with $; $literal makes it a text, $getField reads such a field"
        )));
    }
    Ok(segments)
}

fn fold_array(nodes: Vec<Node>) -> Node {
    if !nodes.iter().all(|node| matches!(node, Node::Constant(_))) {
        return Node::Array(nodes);
    }
    let constants = nodes.into_iter().filter_map(|node| match node {
        Node::Constant(value) => Some(value),
        _ => None,
    });
    Node::Constant(Owned::Array(constants.collect()))
}

/// The call, or its value when it is always the same.
pub(super) fn fold(call: Call) -> Node {
    let is_constant = |operand: &Option<Node>| matches!(operand, None | Some(Node::Constant(_)));
    if call.operator.is_pure && call.operands.iter().all(is_constant) {
        let nothing = Owned::Null;
        let epoch = Timestamp {
            seconds: 0,
            nanoseconds: 0,
        };
        let scope = Scope::new(Root::Owned(&nothing), epoch);
        let value = call.evaluate(&Frame::new(&scope));
        if let Ok(Some(value)) = value
            && let Ok(value) = value.into_owned()
            && value.bytes() <= FOLDED_BYTES_MAX
        {
            return Node::Constant(value);
        }
    }
    Node::Call(Box::new(call))
}

/// Lets the only read of a local variable take its value.
pub(super) fn mark_last_read(node: &mut Node, place: usize) {
    match node {
        Node::Variable { slot, is_last, .. } if *slot == Slot::Local(place) => *is_last = true,
        Node::Constant(_) | Node::Field(_) | Node::Variable { .. } => {}
        Node::Array(nodes) => nodes.iter_mut().for_each(|node| mark_last_read(node, place)),
        Node::Object(fields) => {
            for (_, node) in fields {
                mark_last_read(node, place);
            }
        }
        Node::Call(call) => {
            for node in call.operands.iter_mut().flatten() {
                mark_last_read(node, place);
            }
        }
    }
}
