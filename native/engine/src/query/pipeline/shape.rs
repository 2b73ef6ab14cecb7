//! `$set`, `$unset`, `$project` and `$replaceRoot` between two stages.
//!
//! Promises: what is made of one document is bounded by `STAGE_BYTES_MAX`.
//! Leaves to others: the stages themselves (query/expression_stages.rs).

use crate::error::Result;
use crate::format::owned::Owned;
use crate::limits::STAGE_BYTES_MAX;
use crate::query::expression::Root;
use crate::query::expression_stages::ExpressionStage;
use crate::query::pipeline::machine::Context;
use crate::query::pipeline::source::Document;

/// A compiled stage.
#[derive(Debug)]
pub(super) struct Shaping {
    stage: ExpressionStage,
}

impl Shaping {
    pub(super) fn new(stage: ExpressionStage) -> Shaping {
        Shaping { stage }
    }

    /// The new document. Errors: those of [`ExpressionStage::apply`].
    pub(super) fn apply(&self, document: Document<'_>, context: &Context<'_>) -> Result<Owned> {
        let document = document.into_owned()?;
        let scope = context.scope(Root::Owned(&Owned::Null));
        let mut room = STAGE_BYTES_MAX;
        self.stage.apply(document, &scope, &mut room)
    }

    /// True when a field of this name comes out as it came in.
    pub(super) fn leaves_alone(&self, root: &str) -> bool {
        self.stage.leaves_alone(root)
    }
}
