//! `$lookup`: documents of another collection, put into a field.
//!
//! By equal fields, by a pipeline with variables, or by both. Promises: what is put into one document is
//! bounded by `STAGE_BYTES_MAX`; a pipeline that no document can change is run once.
//! Leaves to others: equal fields (join.rs). Source: MongoDB manual, "$lookup".

use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::{Cursor, Fields};
use crate::query::expression::{Expression, Root, Scope};
use crate::query::path;
use crate::query::pipeline::budget::Budget;
use crate::query::pipeline::compile::Compiler;
use crate::query::pipeline::fields::put_path;
use crate::query::pipeline::join::{Foreign, Joined, local_values};
use crate::query::pipeline::machine::Context;
use crate::query::pipeline::operands::{map, names_of, refuse, text, unknown, variable_of};
use crate::query::pipeline::optimise::Plan;
use crate::query::pipeline::run::{Run, run_over};
use crate::query::pipeline::source::Document;

/// A compiled stage.
#[derive(Debug)]
pub(super) struct Lookup {
    target: Vec<Box<str>>,
    /// The local field, and the foreign one that it has to be equal to.
    fields: Option<(Expression, Foreign)>,
    pipeline: Option<Inner>,
}

/// A pipeline for each document.
#[derive(Debug)]
struct Inner {
    /// None when the pipeline begins with documents of its own.
    collection: Option<Box<str>>,
    plan: Plan,
    /// The values of the variables that the pipeline was compiled with, before those around.
    variables: Vec<Expression>,
    /// Variables may make a difference.
    varies: bool,
}

impl Lookup {
    /// Errors: INVALID_PIPELINE, and those of expressions and of the pipeline.
    pub(super) fn compile(operand: Cursor<'_>, compiler: &mut Compiler<'_>) -> Result<Lookup> {
        let (mut from, mut target, mut local, mut foreign) = (None, None, None, None);
        let (mut variables, mut pipeline) = (None, None);
        let mut options = map(operand, "an object with from and as")?;
        while let Some((key, value)) = options.take_next()? {
            match key {
                b"from" => from = Some(compiler.collection(text(key, value)?)?),
                b"as" => target = Some(names_of(text(key, value)?)?),
                b"localField" => local = Some(text(key, value)?),
                b"foreignField" => foreign = Some(text(key, value)?),
                b"let" => variables = Some(map(value, "an object of variables as let")?),
                b"pipeline" => pipeline = Some(value),
                other => {
                    let known = "from, localField, foreignField, let, pipeline and as";
                    return Err(unknown(other, known));
                }
            }
        }
        let Some(target) = target else {
            return Err(refuse("as has to be given"));
        };
        let fields = match (&from, local, foreign) {
            (Some(from), Some(local), Some(foreign)) => Some((field(local)?, foreign_of(from, foreign)?)),
            (_, None, None) => None,
            _ => return Err(refuse("localField and foreignField come together, and with from")),
        };
        let pipeline = match pipeline {
            Some(stages) => Some(Inner::compile(from, variables, stages, compiler)?),
            None if fields.is_none() || variables.is_some() => {
                return Err(refuse(
                    "localField and foreignField, or a pipeline, have to be given; let needs a pipeline",
                ));
            }
            None => None,
        };
        Ok(Lookup {
            target,
            fields,
            pipeline,
        })
    }

    /// True when a field of this name comes out as it came in.
    pub(super) fn leaves_alone(&self, root: &str) -> bool {
        self.target.first().is_none_or(|first| **first != *root)
    }

    /// The document with what was found. Errors: LIMIT_EXCEEDED, and those of the pipeline.
    pub(super) fn apply(
        &self,
        document: Document<'_>,
        joined: &mut Joined,
        context: &Context<'_>,
    ) -> Result<Owned> {
        let mut document = document.into_owned()?;
        let found = self.find(&document, joined, context)?;
        put_path(&mut document, &self.target, Owned::Array(found));
        Ok(document)
    }

    fn find(&self, document: &Owned, joined: &mut Joined, context: &Context<'_>) -> Result<Vec<Owned>> {
        let mut budget = Budget::new("a $limit or $group in its pipeline, or a $match, helps");
        let mut found = Vec::new();
        let mut keep = |document: Owned| {
            budget.take(document.bytes())?;
            found.push(document);
            Ok(())
        };
        let scope = context.scope(Root::Owned(document));
        let matches = match &self.fields {
            Some((local, foreign)) => Some(joined.find(foreign, &local_values(local, &scope)?, context)?),
            None => None,
        };
        match (&self.pipeline, matches) {
            (None, matches) => {
                for document in matches.into_iter().flatten() {
                    keep((*document).clone())?;
                }
            }
            (Some(inner), Some(matches)) => {
                let variables = inner.variables(&scope, context)?;
                let context = Context {
                    variables: &variables,
                    ..*context
                };
                let documents = matches.iter().map(|document| Document::Seen(document));
                run_over(inner.plan.unpushed(), documents, &context, &mut keep)?;
            }
            (Some(inner), None) => {
                if let Some(same) = &joined.same {
                    return Ok(same.clone());
                }
                let variables = inner.variables(&scope, context)?;
                let context = Context {
                    variables: &variables,
                    ..*context
                };
                Run::new(&inner.plan, inner.collection.as_deref()).drain(&context, &mut keep)?;
                if !inner.varies {
                    joined.same = Some(found.clone());
                }
            }
        }
        Ok(found)
    }
}

impl Inner {
    fn compile(
        collection: Option<Box<str>>,
        variables: Option<Fields<'_>>,
        stages: Cursor<'_>,
        compiler: &mut Compiler<'_>,
    ) -> Result<Inner> {
        let (names, expressions) = variables_of(variables, compiler.variables())?;
        let plan = compiler.inner_pipeline(stages, &names)?;
        if plan.begins_with_documents() == collection.is_some() {
            return Err(refuse(
                "from has to be given, or a pipeline that begins with $documents",
            ));
        }
        Ok(Inner {
            collection,
            plan,
            varies: !expressions.is_empty() || !compiler.variables().is_empty(),
            variables: expressions,
        })
    }

    /// The pipeline's variables for the document of `scope`.
    fn variables(&self, scope: &Scope<'_>, context: &Context<'_>) -> Result<Vec<Option<Owned>>> {
        let own = self
            .variables
            .iter()
            .map(|expression| expression.evaluate_owned(scope));
        let mut variables = own.collect::<Result<Vec<_>>>()?;
        variables.extend_from_slice(context.variables);
        Ok(variables)
    }
}

/// The names of a `let`, and their expressions over variables that are known already.
pub(super) fn variables_of<'c>(
    fields: Option<Fields<'c>>,
    known: &[&str],
) -> Result<(Vec<&'c str>, Vec<Expression>)> {
    let (mut names, mut expressions) = (Vec::new(), Vec::new());
    if let Some(mut fields) = fields {
        while let Some((name, value)) = fields.take_next()? {
            names.push(variable_of(name)?);
            expressions.push(Expression::compile_with(value, known)?);
        }
    }
    Ok((names, expressions))
}

/// The expression of a field's path.
pub(super) fn field(path: &str) -> Result<Expression> {
    names_of(path)?;
    let mut bytes = Vec::new();
    Owned::Text(format!("${path}").into()).write(&mut bytes);
    Expression::compile(Cursor::new(&bytes, &crate::format::record::NO_STRUCTURES))
}

/// A path of another collection.
pub(super) fn foreign_of(collection: &str, path: &str) -> Result<Foreign> {
    names_of(path)?;
    let segments = path::parse(path.as_bytes());
    Ok(Foreign {
        collection: collection.into(),
        path: utf8(path.as_bytes())?.into(),
        segments: segments.ok_or_else(|| refuse("the path has too many names"))?,
    })
}
