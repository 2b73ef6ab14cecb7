//! Cases of patterns.rs.

use super::*;

const DOCUMENT: &str = r#"{"s": "héllo wörld", "n": null, "p": "l+", "i": 1}"#;

#[test]
fn patterns_match_and_find() {
    check(
        DOCUMENT,
        &[
            (r#"{"$regexMatch": {"input": "$s", "regex": "^h"}}"#, "true"),
            (r#"{"$regexMatch": {"input": "$s", "regex": "^H"}}"#, "false"),
            (
                r#"{"$regexMatch": {"input": "$s", "regex": "^H", "options": "i"}}"#,
                "true",
            ),
            (r#"{"$regexMatch": {"input": "$s", "regex": "$p"}}"#, "true"),
            (r#"{"$regexMatch": {"input": "$n", "regex": "a"}}"#, "false"),
            (r#"{"$regexMatch": {"input": "$i", "regex": "a"}}"#, "error"),
            (r#"{"$regexMatch": {"input": "a", "regex": "("}}"#, "error"),
            (
                r#"{"$regexMatch": {"input": "a", "regex": "a", "options": "q"}}"#,
                "error",
            ),
            (
                r#"{"$regexFind": {"input": "$s", "regex": "(l+)(x)?o"}}"#,
                r#"{"match": "llo", "idx": 2, "captures": ["ll", null]}"#,
            ),
            (r#"{"$regexFind": {"input": "$s", "regex": "z"}}"#, "null"),
            (r#"{"$regexFind": {"input": "$zz", "regex": "z"}}"#, "null"),
            (
                r#"{"$regexFindAll": {"input": "$s", "regex": "l+"}}"#,
                r#"[{"match": "ll", "idx": 2, "captures": []}, {"match": "l", "idx": 9, "captures": []}]"#,
            ),
            (
                r#"{"$regexFindAll": {"input": "éa", "regex": "x*"}}"#,
                r#"[{"match": "", "idx": 0, "captures": []}, {"match": "", "idx": 1, "captures": []}, {"match": "", "idx": 2, "captures": []}]"#,
            ),
            (r#"{"$regexFindAll": {"input": "$n", "regex": "x"}}"#, "[]"),
        ],
    );
}
