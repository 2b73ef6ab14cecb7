//! `$regex`: texts by a regular expression, in time linear in the text.
//!
//! Promises: no pattern blows up: its text, the memory it compiles to and its nesting are bounded, and there is
//! no backtracking. MongoDB's dialect (PCRE in UTF mode, `\d \w \s \b` for ASCII) is translated to the crate
//! `regex`; what that cannot say is refused with the reason.
//! Leaves to others: the translation (translate.rs), options' place in a filter (compile.rs).

mod translate;

use regex::bytes::{Regex, RegexBuilder};

use crate::limits::DEPTH_MAX;
use crate::query::filter::pattern::translate::translate;

/// Longest text of one pattern.
const TEXT_BYTES_MAX: usize = 32 << 10;
/// Most memory that one compiled pattern may take.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// A compiled regular expression.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    /// What every match begins with, when the pattern tells.
    prefix: Option<Box<[u8]>>,
    /// Having the prefix is all that is asked.
    is_prefix: bool,
}

/// The flags of `$options`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub(super) ignores_case: bool,
    pub(super) is_multi_line: bool,
    pub(super) dot_is_all: bool,
    pub(super) is_extended: bool,
}

impl Flags {
    fn parse(options: &[u8]) -> Result<Flags, String> {
        let mut flags = Flags::default();
        for option in options {
            match option {
                b'i' => flags.ignores_case = true,
                b'm' => flags.is_multi_line = true,
                b's' => flags.dot_is_all = true,
                b'x' => flags.is_extended = true,
                // Patterns are always read as UTF-8.
                b'u' => {}
                other => {
                    let other = char::from(*other);
                    return Err(format!("the option {other:?} is not one of i, m, s, x, u"));
                }
            }
        }
        Ok(flags)
    }
}

impl Pattern {
    /// The pattern that `text` writes, with `options` in MongoDB's letters. Errors: the reason why not.
    pub(crate) fn compile(text: &[u8], options: &[u8]) -> Result<Pattern, String> {
        if text.len() > TEXT_BYTES_MAX {
            let bytes = text.len();
            return Err(format!(
                "the pattern has {bytes} bytes, and may have {TEXT_BYTES_MAX}"
            ));
        }
        let text = std::str::from_utf8(text).map_err(|_| "the pattern is not UTF-8".to_owned())?;
        let flags = Flags::parse(options)?;
        let regex = RegexBuilder::new(&translate(text, flags)?)
            .case_insensitive(flags.ignores_case)
            .multi_line(flags.is_multi_line)
            .dot_matches_new_line(flags.dot_is_all)
            .ignore_whitespace(flags.is_extended)
            .size_limit(COMPILED_BYTES_MAX)
            .dfa_size_limit(COMPILED_BYTES_MAX)
            .nest_limit(DEPTH_MAX as u32)
            .build()
            .map_err(|error| reason(&error))?;
        let (prefix, is_prefix) = match literal_prefix(text, flags) {
            Some((prefix, is_all)) => (Some(prefix), is_all),
            None => (None, false),
        };
        Ok(Pattern {
            regex,
            prefix,
            is_prefix,
        })
    }

    /// True when the pattern matches somewhere in `text`.
    pub(crate) fn is_match(&self, text: &[u8]) -> bool {
        match &self.prefix {
            Some(prefix) if self.is_prefix || !text.starts_with(prefix) => text.starts_with(prefix),
            _ => self.regex.is_match(text),
        }
    }

    /// Where the first match that begins at `start` or behind lies in `text`, and its groups, which are None where
    /// they took no part; in bytes.
    pub(crate) fn groups_at(&self, text: &str, start: usize) -> Option<Vec<Option<(usize, usize)>>> {
        if start > text.len() {
            return None;
        }
        let groups = self.regex.captures_at(text.as_bytes(), start)?;
        let place = |group: Option<regex::bytes::Match<'_>>| group.map(|group| (group.start(), group.end()));
        Some(groups.iter().map(place).collect())
    }

    /// The bytes that every text begins with that the pattern matches.
    pub(super) fn prefix(&self) -> Option<&[u8]> {
        self.prefix.as_deref()
    }

    /// True when every text that begins with the prefix matches.
    pub(super) fn is_prefix(&self) -> bool {
        self.is_prefix
    }
}

/// The crate's message without its drawing of the pattern, which may be long.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => {
            format!("compiled it takes more than {COMPILED_BYTES_MAX} bytes")
        }
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    }
}

/// The literal that the pattern requires at the start of a text, and whether it requires nothing else.
fn literal_prefix(pattern: &str, flags: Flags) -> Option<(Box<[u8]>, bool)> {
    if flags.ignores_case || flags.is_multi_line || flags.is_extended || pattern.contains('|') {
        return None;
    }
    let mut rest = pattern
        .strip_prefix('^')
        .or_else(|| pattern.strip_prefix("\\A"))?;
    let mut prefix = String::new();
    loop {
        let mut characters = rest.chars();
        let next = match characters.next() {
            Some('\\') => characters.next().filter(|escaped| escaped.is_ascii_punctuation()),
            Some('.' | '[' | ']' | '(' | ')' | '{' | '}' | '*' | '+' | '?' | '^' | '$') | None => None,
            literal => literal,
        };
        let Some(next) = next else { break };
        let behind = characters.as_str();
        // What may repeat may also be absent, but for +.
        if behind.starts_with(['*', '?', '{']) {
            break;
        }
        prefix.push(next);
        rest = behind;
    }
    let is_all = rest.is_empty() || rest == ".*";
    (!prefix.is_empty()).then(|| (prefix.into_bytes().into(), is_all))
}

#[cfg(test)]
mod tests;
