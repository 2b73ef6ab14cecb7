//! What an accumulator holds between two documents.
//!
//! Promises: a state is added to with the kind that it was started with; another kind adds nothing.

use std::cmp::Ordering;
use std::collections::{HashSet, VecDeque};

use indexmap::IndexMap;

use super::moments::{Average, Deviation};
use super::ranked::{Ranked, percentiles};
use crate::error::Result;
use crate::format::owned::{Owned, utf8};
use crate::format::value::Cursor;
use crate::format::view::View;
use crate::query::compare::compare_views;
use crate::query::expression::arithmetic::{Number, Sum, number_in};
use crate::query::expression::order::Order;
use crate::query::expression::{Computed, wrong_type};
use crate::query::group_key::append_group_key;

/// Which accumulator it is, with what it was compiled with.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Count,
    Sum,
    Average,
    Least,
    Greatest,
    First,
    Last,
    Push,
    Set,
    Merge,
    DeviationOfAll,
    DeviationOfSample,
    FirstSome(usize),
    LastSome(usize),
    LeastSome(usize),
    GreatestSome(usize),
    Ordered {
        order: Order,
        count: usize,
        is_top: bool,
        is_single: bool,
    },
    Percentile {
        points: Vec<f64>,
        is_single: bool,
    },
}

/// An accumulator's value while documents come in.
#[derive(Clone, Debug)]
pub struct State(Held);

#[derive(Clone, Debug)]
enum Held {
    Count(i64),
    Sum(Sum),
    Average(Average),
    Deviation(Deviation),
    /// The value so far; None before the first. The value itself is None where the field was missing.
    One(Option<Option<Owned>>),
    List(Vec<Owned>),
    Latest(VecDeque<Owned>),
    Set(HashSet<Box<[u8]>>, Vec<Owned>),
    Merged(IndexMap<Box<str>, Owned>),
    Ranked(Ranked),
    Numbers(Vec<f64>),
}

impl State {
    pub(crate) fn new(kind: &Kind) -> State {
        State(match kind {
            Kind::Count => Held::Count(0),
            Kind::Sum => Held::Sum(Sum::default()),
            Kind::Average => Held::Average(Average::default()),
            Kind::Least | Kind::Greatest | Kind::First | Kind::Last => Held::One(None),
            Kind::Push | Kind::FirstSome(_) => Held::List(Vec::new()),
            Kind::LastSome(_) => Held::Latest(VecDeque::new()),
            Kind::Set => Held::Set(HashSet::new(), Vec::new()),
            Kind::Merge => Held::Merged(IndexMap::new()),
            Kind::DeviationOfAll | Kind::DeviationOfSample => Held::Deviation(Deviation::default()),
            Kind::LeastSome(_) | Kind::GreatestSome(_) | Kind::Ordered { .. } => {
                Held::Ranked(Ranked::default())
            }
            Kind::Percentile { .. } => Held::Numbers(Vec::new()),
        })
    }

    /// Adds a value, which is None when missing; `document` is what an order looks at.
    pub(crate) fn add(
        &mut self,
        name: &str,
        kind: &Kind,
        value: Option<Computed<'_>>,
        document: Option<&View<'_>>,
    ) -> Result<usize> {
        let number = || number_in(value.as_ref());
        match &mut self.0 {
            Held::Count(count) => *count += 1,
            Held::Sum(sum) => number().into_iter().for_each(|number| sum.add(number)),
            Held::Average(average) => number().into_iter().for_each(|number| average.add(number)),
            Held::Deviation(deviation) => number().into_iter().for_each(|number| deviation.add(number)),
            Held::Numbers(numbers) => {
                let number = number().map(Number::to_float).filter(|number| !number.is_nan());
                numbers.extend(number);
                return Ok(number.map_or(0, |_| size_of::<f64>()));
            }
            Held::One(held) => return add_one(held, kind, value),
            Held::List(list) => return add_to_list(list, kind, value),
            Held::Latest(latest) => return add_latest(latest, kind, value),
            Held::Set(keys, values) => return add_to_set(keys, values, value),
            Held::Merged(fields) => return merge(name, fields, value),
            Held::Ranked(ranked) => return add_ranked(ranked, kind, value, document),
        }
        Ok(0)
    }

    /// Adds the number at `cursor` to a sum or an average; false, having done nothing, in any other case.
    #[inline]
    pub(crate) fn add_quickly(&mut self, cursor: Cursor<'_>) -> bool {
        let number = match (cursor.integer(), cursor.head()) {
            (Some(number), _) => Number::Whole(number),
            (None, Ok(0xca | 0xcb)) => match cursor.exact_float() {
                Some(number) => Number::Float(number),
                None => return false,
            },
            _ => return false,
        };
        self.add_number(number)
    }

    /// Adds a whole number to a sum; counts one. False, having done nothing, in any other case.
    #[inline]
    pub(crate) fn add_step(&mut self, step: i64) -> bool {
        if let Held::Count(count) = &mut self.0 {
            *count += 1;
            return true;
        }
        matches!(self.0, Held::Sum(_)) && self.add_number(Number::Whole(step))
    }

    #[inline]
    fn add_number(&mut self, number: Number) -> bool {
        match &mut self.0 {
            Held::Sum(sum) => sum.add(number),
            Held::Average(average) => average.add(number),
            _ => return false,
        }
        true
    }

    /// The value accumulated; None where there is none.
    pub(crate) fn finish(self, kind: &Kind) -> Option<Owned> {
        match self.0 {
            Held::Count(count) => Some(Owned::Int(count)),
            Held::Sum(sum) => Some(sum.total().into()),
            Held::Average(average) => average.mean().map(Owned::Float),
            Held::Deviation(deviation) => match kind {
                Kind::DeviationOfSample => deviation.of_sample().map(Owned::Float),
                _ => deviation.of_all().map(Owned::Float),
            },
            Held::One(value) => value.flatten(),
            Held::List(list) | Held::Set(_, list) => Some(Owned::Array(list)),
            Held::Latest(latest) => Some(Owned::Array(latest.into())),
            Held::Merged(fields) => Some(Owned::Map(fields.into_iter().collect())),
            Held::Ranked(ranked) => finish_ranked(ranked, kind),
            Held::Numbers(numbers) => match kind {
                Kind::Percentile { points, is_single } => {
                    let mut values = percentiles(numbers, points);
                    if *is_single {
                        values.pop()
                    } else {
                        Some(Owned::Array(values))
                    }
                }
                _ => None,
            },
        }
    }
}

fn add_one(held: &mut Option<Option<Owned>>, kind: &Kind, value: Option<Computed<'_>>) -> Result<usize> {
    let is_taken = match kind {
        Kind::First => held.is_none(),
        Kind::Last => true,
        _ => is_better(held.as_ref().and_then(Option::as_ref), kind, value.as_ref())?,
    };
    if !is_taken {
        return Ok(0);
    }
    let value = match value {
        Some(value) => Some(value.into_owned()?),
        None => None,
    };
    let before = held.as_ref().and_then(Option::as_ref).map_or(0, Owned::bytes);
    let bytes = value.as_ref().map_or(0, Owned::bytes);
    *held = Some(value);
    Ok(bytes.saturating_sub(before))
}

/// Whether `$min` or `$max` takes the value; null and missing never.
fn is_better(held: Option<&Owned>, kind: &Kind, value: Option<&Computed<'_>>) -> Result<bool> {
    let Some(view) = value.map(Computed::view).filter(|view| !view.is_null()) else {
        return Ok(false);
    };
    let Some(held) = held else { return Ok(true) };
    let wanted = match kind {
        Kind::Least => Ordering::Less,
        _ => Ordering::Greater,
    };
    Ok(compare_views(&view, &View::from(held))? == wanted)
}

fn add_to_list(list: &mut Vec<Owned>, kind: &Kind, value: Option<Computed<'_>>) -> Result<usize> {
    let value = match (kind, value) {
        (Kind::FirstSome(count), _) if list.len() >= *count => return Ok(0),
        (Kind::FirstSome(_), None) => Owned::Null,
        (_, None) => return Ok(0),
        (_, Some(value)) => value.into_owned()?,
    };
    let bytes = value.bytes();
    list.push(value);
    Ok(bytes)
}

fn add_latest(latest: &mut VecDeque<Owned>, kind: &Kind, value: Option<Computed<'_>>) -> Result<usize> {
    let Kind::LastSome(count) = kind else { return Ok(0) };
    let value = value.map_or(Ok(Owned::Null), Computed::into_owned)?;
    let bytes = value.bytes();
    latest.push_back(value);
    if latest.len() <= *count {
        return Ok(bytes);
    }
    let before = latest.pop_front().map_or(0, |value| value.bytes());
    Ok(bytes.saturating_sub(before))
}

fn add_to_set(
    keys: &mut HashSet<Box<[u8]>>,
    values: &mut Vec<Owned>,
    value: Option<Computed<'_>>,
) -> Result<usize> {
    let Some(value) = value else { return Ok(0) };
    let mut key = Vec::new();
    append_group_key(&value.view(), &mut key)?;
    let key_bytes = key.len();
    if !keys.insert(key.into()) {
        return Ok(0);
    }
    let value = value.into_owned()?;
    let bytes = value.bytes() + key_bytes;
    values.push(value);
    Ok(bytes)
}

fn merge(name: &str, merged: &mut IndexMap<Box<str>, Owned>, value: Option<Computed<'_>>) -> Result<usize> {
    let Some(value) = value else { return Ok(0) };
    let view = value.view();
    let View::Map(mut fields) = view else {
        return if view.is_null() {
            Ok(0)
        } else {
            Err(wrong_type(name, "objects", Some(&view)))
        };
    };
    let mut bytes = 0;
    while let Some((key, value)) = fields.take_next()? {
        let value = value.to_owned()?;
        bytes += key.len() + value.bytes();
        let before = merged.insert(utf8(key)?.into(), value);
        bytes = bytes.saturating_sub(before.map_or(0, |value| key.len() + value.bytes()));
    }
    Ok(bytes)
}

fn add_ranked(
    ranked: &mut Ranked,
    kind: &Kind,
    value: Option<Computed<'_>>,
    document: Option<&View<'_>>,
) -> Result<usize> {
    if let (
        Kind::Ordered {
            order, count, is_top, ..
        },
        Some(document),
    ) = (kind, document)
    {
        let value = value.map_or(Ok(Owned::Null), Computed::into_owned)?;
        return ranked.add(order, *count, *is_top, (order.key(document)?, value));
    }
    let (count, order) = match kind {
        Kind::LeastSome(count) => (*count, Order::of_values(false)),
        Kind::GreatestSome(count) => (*count, Order::of_values(true)),
        _ => return Ok(0),
    };
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(0);
    };
    let value = value.into_owned()?;
    ranked.add(&order, count, true, (vec![Some(value.clone())], value))
}

fn finish_ranked(ranked: Ranked, kind: &Kind) -> Option<Owned> {
    match kind {
        Kind::Ordered {
            order,
            count,
            is_top,
            is_single,
        } => {
            let mut values = ranked.finish(order, *count, *is_top);
            if *is_single {
                values.pop()
            } else {
                Some(Owned::Array(values))
            }
        }
        Kind::LeastSome(count) => Some(Owned::Array(ranked.finish(
            &Order::of_values(false),
            *count,
            true,
        ))),
        Kind::GreatestSome(count) => Some(Owned::Array(ranked.finish(&Order::of_values(true), *count, true))),
        _ => None,
    }
}
