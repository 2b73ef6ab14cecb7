//! `doc!`: documents, filters, updates and pipelines as they are written in MongoDB's shell.
//!
//! Promises: maps and arrays in braces and brackets nest; every other value is an expression that a `Value` is made of.

/// A document of literal fields. Values are `null`, `{ maps }`, `[arrays]`, and expressions.
///
/// ```
/// use quiredb::doc;
/// let least = 18;
/// let filter = doc! { "age": { "$gte": least }, "tags": { "$in": ["a", "b"] }, "left": null };
/// assert_eq!(filter.get_map("age").and_then(|age| age.get_i64("$gte")), Some(18));
/// assert!(doc! {}.is_empty());
/// ```
#[macro_export]
macro_rules! doc {
    (@fields $document:ident) => {};
    (@fields $document:ident $name:tt : null $(, $($rest:tt)*)?) => {
        $document.insert($name, $crate::Value::Null);
        $($crate::doc!(@fields $document $($rest)*);)?
    };
    (@fields $document:ident $name:tt : { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $document.insert($name, $crate::doc! { $($inner)* });
        $($crate::doc!(@fields $document $($rest)*);)?
    };
    (@fields $document:ident $name:tt : [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $document.insert($name, $crate::array![$($inner)*]);
        $($crate::doc!(@fields $document $($rest)*);)?
    };
    (@fields $document:ident $name:tt : $value:expr $(, $($rest:tt)*)?) => {
        $document.insert($name, $value);
        $($crate::doc!(@fields $document $($rest)*);)?
    };
    () => { $crate::Document::new() };
    ($($fields:tt)+) => {{
        let mut document = $crate::Document::new();
        $crate::doc!(@fields document $($fields)+);
        document
    }};
}

/// An array of literal elements, as [`doc!`] has them: pipelines, and lists of different types.
///
/// ```
/// use quiredb::{array, Value};
/// let pipeline = array![{ "$match": { "age": { "$gt": 30 } } }, { "$count": "people" }];
/// assert!(matches!(pipeline, Value::Array(stages) if stages.len() == 2));
/// ```
#[macro_export]
macro_rules! array {
    (@elements $elements:ident) => {};
    (@elements $elements:ident null $(, $($rest:tt)*)?) => {
        $elements.push($crate::Value::Null);
        $($crate::array!(@elements $elements $($rest)*);)?
    };
    (@elements $elements:ident { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $elements.push($crate::Value::Map($crate::doc! { $($inner)* }));
        $($crate::array!(@elements $elements $($rest)*);)?
    };
    (@elements $elements:ident [ $($inner:tt)* ] $(, $($rest:tt)*)?) => {
        $elements.push($crate::array![$($inner)*]);
        $($crate::array!(@elements $elements $($rest)*);)?
    };
    (@elements $elements:ident $value:expr $(, $($rest:tt)*)?) => {
        $elements.push($crate::Value::from($value));
        $($crate::array!(@elements $elements $($rest)*);)?
    };
    () => { $crate::Value::Array(::std::vec::Vec::new()) };
    ($($given:tt)+) => {{
        let mut elements: ::std::vec::Vec<$crate::Value> = ::std::vec::Vec::new();
        $crate::array!(@elements elements $($given)+);
        $crate::Value::Array(elements)
    }};
}
