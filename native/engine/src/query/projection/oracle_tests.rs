//! Projections against an oracle on decoded trees, written as plainly as the rules can be; and against damage.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::format::id::IdBytes;
use crate::format::intake::intake;
use crate::format::record::StructureRegistry;
use crate::format::tree::{Tree, plain};
use crate::query::property_tests::{map_of, with_id};

/// What a path of the oracle's projections ends in.
#[derive(Clone, Debug)]
enum Wish {
    Keep,
    Drop,
    Slice(i64),
    SkipAndLimit(i64, i64),
}

impl Wish {
    fn operand(&self) -> Tree {
        let slice = |operand| Tree::Map(vec![("$slice".into(), operand)]);
        match self {
            Wish::Keep => Tree::Int(1),
            Wish::Drop => Tree::Bool(false),
            Wish::Slice(count) => slice(Tree::Int(*count)),
            Wish::SkipAndLimit(skip, limit) => slice(Tree::Array(vec![Tree::Int(*skip), Tree::Int(*limit)])),
        }
    }
}

/// One kind of leaf beside slices, and the paths: none leads through another.
type Wishes = Vec<(Vec<&'static str>, Wish)>;

/// What the projection makes of `value`, whose place is `path`; None when nothing is kept. `nested` tells that
/// an array around it lies in an array.
fn project(wishes: &Wishes, keeps: bool, value: &Tree, path: &[String], nested: bool) -> Option<Tree> {
    let leaf = wishes.iter().find(|(names, _)| names == path);
    if let Some((_, wish)) = leaf {
        return match (wish, value) {
            (Wish::Drop, _) => None,
            (Wish::Slice(count), Tree::Array(elements)) if !nested => {
                let kept = (*count).unsigned_abs() as usize;
                let skipped = if *count < 0 {
                    elements.len().saturating_sub(kept)
                } else {
                    0
                };
                Some(Tree::Array(
                    elements.iter().skip(skipped).take(kept).cloned().collect(),
                ))
            }
            (Wish::SkipAndLimit(skip, limit), Tree::Array(elements)) if !nested => {
                let skipped = if *skip < 0 {
                    elements.len().saturating_sub(skip.unsigned_abs() as usize)
                } else {
                    *skip as usize
                };
                let part = elements.iter().skip(skipped).take(*limit as usize);
                Some(Tree::Array(part.cloned().collect()))
            }
            (_, value) => Some(value.clone()),
        };
    }
    let leads_on = wishes.iter().any(|(names, _)| {
        names.len() > path.len() && names.iter().zip(path).all(|(name, part)| name == part)
    });
    if !leads_on {
        return (!keeps).then(|| value.clone());
    }
    match value {
        Tree::Map(fields) => {
            let mut kept = Vec::new();
            for (name, value) in fields {
                let below = [path, std::slice::from_ref(name)].concat();
                kept.extend(project(wishes, keeps, value, &below, nested).map(|value| (name.clone(), value)));
            }
            Some(Tree::Map(kept))
        }
        Tree::Array(elements) => {
            let mut kept = Vec::new();
            for element in elements {
                let nested = nested || matches!(element, Tree::Array(_));
                kept.extend(project(wishes, keeps, element, path, nested));
            }
            Some(Tree::Array(kept))
        }
        scalar => (!keeps).then(|| scalar.clone()),
    }
}

fn name() -> impl Strategy<Value = String> {
    select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = Tree> {
    let scalar = prop_oneof![
        (0..200i64).prop_map(Tree::Int),
        Just(Tree::Null),
        Just(Tree::Text("text".into())),
    ];
    scalar.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            3 => map_of(name(), inner.clone()),
            2 => vec(inner, 0..4).prop_map(Tree::Array),
        ]
    })
}

fn document() -> impl Strategy<Value = Tree> {
    map_of(name(), value()).prop_map(with_id)
}

/// Whether the projection keeps what it names, and its wishes; the first of those tells which.
fn wishes() -> impl Strategy<Value = (bool, Wishes)> {
    let path = vec(select(vec!["a", "b", "c"]), 1..4);
    let wish = prop_oneof![
        4 => Just(Wish::Keep),
        1 => (-3..4i64).prop_map(Wish::Slice),
        1 => (-3..4i64, 1..3i64).prop_map(|(skip, limit)| Wish::SkipAndLimit(skip, limit)),
    ];
    (any::<bool>(), vec((path, wish), 1..5)).prop_map(|(keeps, list)| {
        let mut wishes: Wishes = Vec::new();
        for (path, wish) in list {
            let in_the_way =
                |(known, _): &(Vec<&str>, Wish)| known.starts_with(&path) || path.starts_with(known);
            if !wishes.iter().any(in_the_way) {
                let is_first = wishes.is_empty();
                let wish = match wish {
                    Wish::Keep if !keeps => Wish::Drop,
                    _ if is_first && keeps => Wish::Keep,
                    _ if is_first => Wish::Drop,
                    wish => wish,
                };
                wishes.push((path, wish));
            }
        }
        (keeps, wishes)
    })
}

/// The projection as a caller writes it: dotted paths.
fn dotted(wishes: &Wishes) -> Tree {
    let fields = wishes.iter().map(|(path, wish)| (path.join("."), wish.operand()));
    Tree::Map(fields.collect())
}

/// The same with the first name of each path apart from the others, where no other path begins with it.
fn opened(wishes: &Wishes) -> Tree {
    let mut fields: Vec<(String, Tree)> = Vec::new();
    for (path, wish) in wishes {
        let alone = wishes.iter().filter(|(other, _)| other[0] == path[0]).count() == 1;
        fields.push(match &path[1..] {
            rest if alone && !rest.is_empty() => {
                (path[0].into(), Tree::Map(vec![(rest.join("."), wish.operand())]))
            }
            _ => (path.join("."), wish.operand()),
        });
    }
    Tree::Map(fields)
}

fn stored(document: &Tree, registry: &StructureRegistry) -> Vec<u8> {
    let mut out = Vec::new();
    let mut next_id = || Ok(IdBytes::from_integer(1));
    intake(&document.to_plain(), registry, 1 << 20, &mut next_id, &mut out).unwrap();
    out
}

fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let is_set = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig {
        cases: if is_set { default.cases } else { cases },
        failure_persistence: None,
        ..default
    }
}

const NOTHING: Circumstances<'static> = Circumstances {
    filter: None,
    now: Timestamp {
        seconds: 0,
        nanoseconds: 0,
    },
    variables: &[],
};

proptest! {
    #![proptest_config(config(5_000))]

    #[test]
    fn projection_agrees_with_the_oracle(document in document(), (keeps, wishes) in wishes()) {
        let mut expected_wishes = wishes.clone();
        if keeps {
            expected_wishes.push((vec!["_id"], Wish::Keep));
        }
        let expected = project(&expected_wishes, keeps, &document, &[], false).unwrap();
        let registry = StructureRegistry::new();
        for projection in [dotted(&wishes), opened(&wishes)] {
            let compiled = Projection::compile(&projection.to_plain()).unwrap();
            for _ in 0..2 {
                let bytes = stored(&document, &registry);
                let mut out = Vec::new();
                compiled.project(&bytes, &registry.snapshot(), &NOTHING, &mut out).unwrap();
                prop_assert_eq!(&Tree::from_normalised(&out), &expected, "{:?} of {:?}", projection, document);
            }
        }
    }

    #[test]
    fn damage_never_panics(
        document in document(),
        (_, wishes) in wishes(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        is_cut in any::<bool>(),
    ) {
        let registry = StructureRegistry::new();
        stored(&document, &registry);
        let mut bytes = stored(&document, &registry);
        let mut projection = dotted(&wishes).to_plain();
        let others = [
            r#"{"a.$": 1, "b.c": 1}"#,
            r#"{"a": {"$elemMatch": {"b": 1}}, "b.c": "$a", "d": "$$ROOT"}"#,
        ];
        for (place, byte) in damage {
            let at = place.index(bytes.len());
            bytes[at] = byte;
            let at = place.index(projection.len());
            projection[at] = byte;
        }
        if is_cut {
            bytes.pop();
        }
        let filter = Filter::compile(&plain(r#"{"a": {"$ne": 5}, "a.b": 1}"#)).unwrap();
        let circumstances = Circumstances { filter: Some(&filter), ..NOTHING };
        for projection in [projection, plain(others[0]), plain(others[1]), dotted(&wishes).to_plain()] {
            let Ok(projection) = Projection::compile(&projection) else { continue };
            let mut out = Vec::new();
            let _ = projection.project(&bytes, &registry.snapshot(), &circumstances, &mut out);
            prop_assert!(out.len() < 1 << 20);
        }
    }
}
