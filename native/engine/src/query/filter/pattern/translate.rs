//! From PCRE's way of writing regular expressions to that of the crate `regex`.
//!
//! Promises: what both write alike is left as it is; what they write differently is rewritten; what the crate
//! has no means for (look-around, backreferences, possessive and atomic groups) is refused by name. Time and
//! output are linear in the pattern.
//! Source: pcre2pattern(3); the syntax page of the crate `regex`.

use std::iter::Peekable;
use std::str::Chars;

use crate::query::filter::pattern::Flags;

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\x0b\f\r\x20";
const HORIZONTAL: &str = r"\t\x20\x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}";
const VERTICAL: &str = r"\n\x0b\f\r\x{85}\x{2028}\x{2029}";

/// `pattern` in the crate's syntax. Errors: the reason why it cannot be said there.
pub(super) fn translate(pattern: &str, flags: Flags) -> Result<String, String> {
    let mut translation = Translation {
        rest: pattern.chars().peekable(),
        out: String::with_capacity(pattern.len() + 16),
        is_extended: flags.is_extended,
        // Flags within the pattern may switch lines on anywhere.
        is_multi_line: flags.is_multi_line || has_line_flag(pattern),
    };
    translation.run()?;
    Ok(translation.out)
}

fn has_line_flag(pattern: &str) -> bool {
    pattern.split("(?").skip(1).any(|group| {
        let flags = group.chars().take_while(|letter| letter.is_ascii_alphabetic());
        flags.into_iter().any(|letter| letter == 'm')
    })
}

struct Translation<'a> {
    rest: Peekable<Chars<'a>>,
    out: String,
    is_extended: bool,
    is_multi_line: bool,
}

/// What an escape stands for.
enum Escape {
    /// Characters of this set, as written within brackets.
    Set(&'static str),
    /// All others.
    NotSet(&'static str),
    /// One character.
    One(char),
    /// As it is written.
    Same(char),
}

impl Translation<'_> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(character) = self.rest.next() {
            match character {
                '\\' => self.escape()?,
                '[' => self.class()?,
                '(' => self.group()?,
                '$' if !self.is_multi_line => self.out.push_str(r"(?:\n?\z)"),
                '*' | '+' | '?' => {
                    self.out.push(character);
                    self.after_repetition()?;
                }
                '{' => self.brace()?,
                '}' | ']' => {
                    self.out.push('\\');
                    self.out.push(character);
                }
                '#' if self.is_extended => self.comment(),
                other => self.out.push(other),
            }
        }
        Ok(())
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.rest.next_if_eq(&wanted).is_some()
    }

    fn after_repetition(&mut self) -> Result<(), String> {
        if self.next_is('?') {
            self.out.push('?');
        } else if self.rest.peek() == Some(&'+') {
            return Err("possessive repetition, such as a++, is not supported".into());
        }
        Ok(())
    }

    /// A counted repetition, or a brace that stands for itself.
    fn brace(&mut self) -> Result<(), String> {
        let body: String = self
            .rest
            .clone()
            .take_while(|character| character.is_ascii_digit() || *character == ',')
            .take(32)
            .collect();
        let mut behind = self.rest.clone().skip(body.len());
        let counts: Vec<&str> = body.split(',').collect();
        let is_count = match counts.as_slice() {
            [only] => !only.is_empty(),
            [least, _] => !least.is_empty(),
            _ => false,
        };
        if !is_count || behind.next() != Some('}') {
            self.out.push_str("\\{");
            return Ok(());
        }
        self.out.push('{');
        self.out.push_str(&body);
        self.out.push('}');
        self.rest.nth(body.len());
        self.after_repetition()
    }

    /// The comment of an extended pattern, up to the end of its line.
    fn comment(&mut self) {
        while self.rest.next_if(|character| *character != '\n').is_some() {}
    }

    fn group(&mut self) -> Result<(), String> {
        self.out.push('(');
        if self.rest.peek() == Some(&'*') {
            return Err("verbs, such as (*UTF8), are not supported".into());
        }
        if !self.next_is('?') {
            return Ok(());
        }
        let mut ahead = self.rest.clone();
        match (ahead.next(), ahead.next()) {
            (Some('='), _) | (Some('!'), _) | (Some('<'), Some('=' | '!')) => {
                Err("look-around, such as (?=a) or (?<!a), is not supported".into())
            }
            (Some('>'), _) => Err("atomic groups, such as (?>a), are not supported".into()),
            (Some('|'), _) => Err("groups that number their branches alike, (?|…), are not supported".into()),
            (Some('('), _) => Err("conditions, such as (?(1)a|b), are not supported".into()),
            (Some('R' | '&' | '0'..='9' | '+'), _) | (Some('P'), Some('=' | '>')) => {
                Err("recursion and backreferences are not supported".into())
            }
            (Some('#'), _) => {
                // A comment: it ends at the next bracket, and says nothing.
                self.out.pop();
                self.rest.find(|character| *character == ')');
                Ok(())
            }
            _ => {
                self.out.push('?');
                let flags = self.rest.clone();
                self.is_extended |= flags
                    .take_while(|letter| letter.is_ascii_alphabetic())
                    .any(|letter| letter == 'x');
                self.copy_group_head();
                Ok(())
            }
        }
    }

    /// Copies the flags or the name of a group, so that they are not taken for its content.
    fn copy_group_head(&mut self) {
        let is_head = |character: &char| character.is_alphanumeric() || "-^<_'".contains(*character);
        while let Some(character) = self.rest.next_if(is_head) {
            self.out.push(character);
        }
        if self.rest.peek() == Some(&'>') {
            self.out.push('>');
            self.rest.next();
        }
    }

    /// An escape outside of brackets.
    fn escape(&mut self) -> Result<(), String> {
        match self.rest.peek() {
            Some('b' | 'B') => {
                let letter = self.rest.next().unwrap_or('b');
                self.out.push_str(&format!("(?-u:\\{letter})"));
                return Ok(());
            }
            Some('A' | 'z') => {
                let letter = self.rest.next().unwrap_or('A');
                self.out.push('\\');
                self.out.push(letter);
                return Ok(());
            }
            Some('Z') => self.out.push_str(r"(?:\n?\z)"),
            Some('R') => self.out.push_str(&format!("(?:\\r\\n|[{VERTICAL}])")),
            Some('N') => self.out.push_str(r"[^\n]"),
            Some('Q') => self.quoted(),
            Some('1'..='9' | 'k' | 'g') => {
                return Err("backreferences, such as \\1, are not supported".into());
            }
            _ => {
                match self.escaped()? {
                    Escape::Set(set) => self.out.push_str(&format!("[{set}]")),
                    Escape::NotSet(set) => self.out.push_str(&format!("[^{set}]")),
                    Escape::One(character) => self.push_literal(character),
                    Escape::Same(letter) => {
                        self.out.push('\\');
                        self.out.push(letter);
                        self.copy_braces();
                    }
                }
                return Ok(());
            }
        }
        self.rest.next();
        Ok(())
    }

    /// Everything between `\Q` and `\E`, as it is; leaves the last character for the caller to take.
    fn quoted(&mut self) {
        self.rest.next();
        while let Some(character) = self.rest.next() {
            if character == '\\' && self.rest.peek() == Some(&'E') {
                return;
            }
            self.push_literal(character);
        }
    }

    /// Copies `{…}` behind `\p`, `\x` and their like.
    fn copy_braces(&mut self) {
        if self.rest.peek() != Some(&'{') {
            return;
        }
        for character in self.rest.by_ref() {
            self.out.push(character);
            if character == '}' {
                return;
            }
        }
    }

    fn push_literal(&mut self, character: char) {
        if character.is_ascii() && !character.is_ascii_alphanumeric() {
            self.out.push_str(&format!("\\x{{{:x}}}", u32::from(character)));
        } else {
            self.out.push(character);
        }
    }

    /// Reads what follows a backslash, in brackets or not.
    fn escaped(&mut self) -> Result<Escape, String> {
        let Some(letter) = self.rest.next() else {
            return Err("the pattern ends with a backslash".into());
        };
        Ok(match letter {
            'd' => Escape::Set(DIGIT),
            'D' => Escape::NotSet(DIGIT),
            'w' => Escape::Set(WORD),
            'W' => Escape::NotSet(WORD),
            's' => Escape::Set(SPACE),
            'S' => Escape::NotSet(SPACE),
            'h' => Escape::Set(HORIZONTAL),
            'H' => Escape::NotSet(HORIZONTAL),
            'v' => Escape::Set(VERTICAL),
            'V' => Escape::NotSet(VERTICAL),
            'e' => Escape::One('\x1b'),
            'a' | 'f' | 'n' | 'r' | 't' | 'x' | 'u' | 'p' | 'P' => Escape::Same(letter),
            'c' => match self.rest.next() {
                Some(control) if control.is_ascii() => {
                    Escape::One(char::from(control.to_ascii_uppercase() as u8 ^ 0x40))
                }
                _ => return Err("\\c stands without a letter".into()),
            },
            '0'..='7' => Escape::One(self.octal(letter)),
            other if other.is_ascii_alphanumeric() => {
                return Err(format!("the escape \\{other} is not known"));
            }
            other => Escape::One(other),
        })
    }

    fn octal(&mut self, first: char) -> char {
        let mut number = first.to_digit(8).unwrap_or(0);
        for _ in 0..2 {
            let Some(digit) = self.rest.peek().and_then(|digit| digit.to_digit(8)) else {
                break;
            };
            number = number * 8 + digit;
            self.rest.next();
        }
        char::from_u32(number).unwrap_or('\0')
    }

    /// A set in brackets.
    fn class(&mut self) -> Result<(), String> {
        self.out.push('[');
        if self.next_is('^') {
            self.out.push('^');
        }
        if self.next_is(']') {
            self.out.push_str("\\]");
        }
        // After a set a dash stands for itself, as it does before one.
        let mut is_behind_set = false;
        while let Some(character) = self.rest.next() {
            match character {
                ']' => {
                    self.out.push(']');
                    return Ok(());
                }
                '[' if self.rest.peek() == Some(&':') => {
                    self.out.push('[');
                    self.copy_posix();
                    is_behind_set = true;
                    continue;
                }
                '\\' => {
                    is_behind_set = self.class_escape()?;
                    continue;
                }
                '-' if is_behind_set || self.is_before_set() => self.out.push_str("\\-"),
                '-' if self.rest.peek() == Some(&'-') => {
                    self.rest.next();
                    self.out.push_str("-\\-");
                }
                '-' => self.out.push('-'),
                other => self.push_literal(other),
            }
            is_behind_set = false;
        }
        Err("a [ has no ]".into())
    }

    /// True when the dash just read is followed by the end of the brackets or by a set of characters.
    fn is_before_set(&self) -> bool {
        let mut ahead = self.rest.clone();
        match ahead.next() {
            Some(']') => true,
            Some('[') => ahead.next() == Some(':'),
            Some('\\') => ahead.next().is_some_and(|letter| "dDwWsShHvVpP".contains(letter)),
            _ => false,
        }
    }

    /// Copies `:alpha:]`.
    fn copy_posix(&mut self) {
        for character in self.rest.by_ref() {
            self.out.push(character);
            if character == ']' {
                return;
            }
        }
    }

    /// An escape within brackets. Returns whether it stands for a set.
    fn class_escape(&mut self) -> Result<bool, String> {
        if self.next_is('b') {
            self.out.push_str("\\x08");
            return Ok(false);
        }
        match self.escaped()? {
            Escape::Set(set) => self.out.push_str(set),
            Escape::NotSet(set) => self.out.push_str(&format!("[^{set}]")),
            Escape::One(character) => {
                self.push_literal(character);
                return Ok(false);
            }
            Escape::Same(letter) => {
                self.out.push('\\');
                self.out.push(letter);
                self.copy_braces();
                return Ok(matches!(letter, 'p' | 'P'));
            }
        }
        Ok(true)
    }
}
