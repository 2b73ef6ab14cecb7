use super::*;

fn is_match(pattern: &str, options: &str, text: &str) -> bool {
    Pattern::compile(pattern.as_bytes(), options.as_bytes())
        .unwrap_or_else(|reason| panic!("{pattern}: {reason}"))
        .is_match(text.as_bytes())
}

/// Pattern, options, texts it matches, texts it does not.
const CASES: &[(&str, &str, &[&str], &[&str])] = &[
    ("b", "", &["abc", "b"], &["ac", "B", ""]),
    ("", "", &["", "x"], &[]),
    ("^ab", "", &["abc", "ab"], &["cab", "a"]),
    ("^ab.*", "", &["abc", "ab\n"], &["cab"]),
    ("^a.c", "", &["abc"], &["a\nc", "xabc"]),
    ("^a.c", "s", &["a\nc"], &[]),
    ("b$", "", &["ab", "ab\n"], &["ba", "b\nx"]),
    ("^b$", "m", &["a\nb\nc"], &["a\nbc"]),
    ("(?m)^b$", "", &["a\nb\nc"], &["a\nbc"]),
    ("ÄB", "i", &["xäbx"], &["ab"]),
    ("a b # note\n c", "x", &["abc"], &["a b c"]),
    ("[ #]", "x", &[" ", "#"], &["a"]),
    ("^\\d+$", "", &["123"], &["12a", "١٢"]),
    ("^\\w+$", "", &["a_1"], &["é", "a b"]),
    ("\\bfoo\\b", "", &["a foo b"], &["afoo", "foob"]),
    ("^[\\w-]+$", "", &["a-b"], &["a b"]),
    ("^[\\w.-]+@x$", "", &["a.b-c@x"], &["a@y"]),
    ("^[a-\\d]+$", "", &["a-1"], &["b"]),
    ("^[+--]$", "", &["+", ",", "-"], &[".", "*"]),
    ("^[[a]$", "", &["[", "a"], &["]"]),
    ("^[]a]$", "", &["]", "a"], &["["]),
    ("^[^]a]$", "", &["b"], &["]", "a"]),
    ("^[a&&b~~c]+$", "", &["a&b~c"], &["d"]),
    ("^[[:alpha:]_]+$", "", &["ab_"], &["a1"]),
    ("^[\\D]$", "", &["a"], &["1"]),
    ("^a{2}$", "", &["aa"], &["a", "aaa"]),
    ("^a{2,}$", "", &["aa", "aaaa"], &["a"]),
    ("^a{1,2}?$", "", &["a", "aa"], &["aaa"]),
    ("^a{,2}$", "", &["a{,2}"], &["a"]),
    ("{x}", "", &["{x}"], &["x"]),
    ("a\\/b\\-c\\.d", "", &["a/b-c.d"], &["a/b-cxd"]),
    ("\\Qa.b*\\E+", "", &["a.b*"], &["axb*"]),
    (
        "^\\x41\\u0042\\x{43}\\061[\\103]\\cA\\e$",
        "",
        &["ABC1C\u{1}\u{1b}"],
        &["ABC"],
    ),
    ("^\\p{L}+$", "", &["äb"], &["1"]),
    ("^\\h\\R$", "", &["\t\r\n", " \n"], &["\n"]),
    ("x(?#a note)y", "", &["xy"], &["x"]),
    ("^(?<year>\\d{4})-(?:a|b)$", "", &["2024-b"], &["202-a"]),
    ("a\\Z", "", &["a", "a\n"], &["ab"]),
    ("\\<a\\>", "", &["<a>"], &["a"]),
    ("(?i)abc", "", &["ABC"], &["ab"]),
    ("^a.b$", "u", &["aäb"], &["ab"]),
    ("^ab?c", "", &["ac", "abc"], &["abbc"]),
    ("^a|b", "", &["xb", "a"], &["xa"]),
];

#[test]
fn patterns_match_as_in_pcre() {
    for (pattern, options, hits, misses) in CASES {
        for text in *hits {
            assert!(is_match(pattern, options, text), "{pattern} must match {text:?}");
        }
        for text in *misses {
            assert!(
                !is_match(pattern, options, text),
                "{pattern} must not match {text:?}"
            );
        }
    }
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    let long = "a".repeat(TEXT_BYTES_MAX + 1);
    let nested = format!("{}a{}", "(".repeat(200), ")".repeat(200));
    for (pattern, options, words) in [
        ("(?=a)", "", "look-around"),
        ("(?<!a)b", "", "look-around"),
        ("(a)\\1", "", "backreference"),
        ("\\k<a>", "", "backreference"),
        ("(?P=a)", "", "backreference"),
        ("a++", "", "possessive"),
        ("a{2}+", "", "possessive"),
        ("(?>a)", "", "atomic"),
        ("(?(1)a)", "", "condition"),
        ("(*UTF8)a", "", "verb"),
        ("\\y", "", "\\y"),
        ("a\\", "", "backslash"),
        ("[a", "", "]"),
        ("(a", "", "unclosed"),
        ("*a", "", "repetition"),
        ("a", "g", "'g'"),
        ("(\\p{L}{1000}){1000}", "", "bytes"),
        (&long, "", "32768"),
        (&nested, "", "nest"),
    ] {
        let reason = Pattern::compile(pattern.as_bytes(), options.as_bytes()).unwrap_err();
        assert!(reason.contains(words), "{words} in {reason}");
        assert!(reason.len() < 200, "{reason}");
    }
}

#[test]
fn literal_starts_are_known() {
    let known = |pattern: &str, options: &str| {
        let pattern = Pattern::compile(pattern.as_bytes(), options.as_bytes()).unwrap();
        let prefix = pattern
            .prefix()
            .map(|prefix| String::from_utf8_lossy(prefix).into_owned());
        (prefix, pattern.is_prefix())
    };
    let some = |text: &str, is_all| (Some(text.to_owned()), is_all);
    assert_eq!(known("^abc", ""), some("abc", true));
    assert_eq!(known("^abc.*", "s"), some("abc", true));
    assert_eq!(known("\\Aa\\.b[c]", ""), some("a.b", false));
    assert_eq!(known("^ab+", ""), some("ab", false));
    assert_eq!(known("^ab*", ""), some("a", false));
    assert_eq!(known("^äb$", ""), some("äb", false));
    for (pattern, options) in [
        ("abc", ""),
        ("^abc", "i"),
        ("^abc", "m"),
        ("^a c", "x"),
        ("^a|b", ""),
        ("^a?b", ""),
        ("^\\d", ""),
        ("^", ""),
    ] {
        assert_eq!(known(pattern, options), (None, false), "{pattern}");
    }
}

#[test]
fn a_hard_pattern_takes_linear_time() {
    assert!(!is_match("^(a+)+$", "", &format!("{}b", "a".repeat(100_000))));
}
