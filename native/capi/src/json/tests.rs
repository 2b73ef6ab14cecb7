use super::*;

fn to_json(json: &str) -> String {
    let mut out = Vec::new();
    write_one(
        &pack(json.as_bytes(), ErrorKind::InvalidDocument).unwrap(),
        &mut out,
    )
    .unwrap();
    String::from_utf8(out).unwrap()
}

fn refusal(json: &str) -> String {
    pack(json.as_bytes(), ErrorKind::InvalidDocument)
        .unwrap_err()
        .message()
        .to_owned()
}

#[test]
fn what_is_written_is_what_was_read() {
    for json in [
        r#"{"b":1,"a":[1.5,-0.0,5.0,null,true,{}],"text":"\"\\\u0001é","empty":[]}"#,
        r#"{"$date":"2024-01-01T00:00:00.5Z"}"#,
        r#"{"$date":"2024-02-29T23:59:59.123456789Z"}"#,
        r#"{"$date":{"$numberLong":"-1"}}"#,
        r#"{"$date":"1969-12-31T23:59:59.9999Z"}"#,
        r#"{"$date":"9999-12-31T23:59:59.999Z"}"#,
        r#"{"$date":{"$numberLong":"253402300800000"}}"#,
        // The last second that there is, and a nanosecond of the year 10,000.
        r#"{"$extension":{"type":-1,"base64":"AAAAAH//////////"}}"#,
        r#"{"$extension":{"type":-1,"base64":"AAAAAQAAADr/9EGA"}}"#,
        r#"{"$binary":{"base64":"AP8=","subType":"00"}}"#,
        r#"{"$numberLong":"9007199254740993"}"#,
        r#"{"$numberLong":"18446744073709551615"}"#,
        r#"[{"$numberDouble":"NaN"},{"$numberDouble":"Infinity"},{"$numberDouble":"-Infinity"}]"#,
        r#"{"$undefined":true}"#,
        r#"{"$extension":{"type":-7,"base64":"AQ=="}}"#,
        r#"{"filter":{"age":{"$gt":5}},"$date":1,"x":2}"#,
        "0.1",
        "1e300",
    ] {
        assert_eq!(to_json(json).replace("1e+300", "1e300"), json);
    }
}

#[test]
fn other_words_for_a_value_are_taken() {
    for (json, same) in [
        (
            r#"{"$date": "2024-01-01T02:00:00+02:00"}"#,
            r#"{"$date":"2024-01-01T00:00:00Z"}"#,
        ),
        (
            r#"{"$date": "2024-01-01T00:00:00-0130"}"#,
            r#"{"$date":"2024-01-01T01:30:00Z"}"#,
        ),
        (r#"{"$date": 0}"#, r#"{"$date":"1970-01-01T00:00:00Z"}"#),
        (r#"{"$numberLong": "7"}"#, "7"),
        (r#"{"$numberInt": "7"}"#, "7"),
        (r#"{"$numberDouble": "1.0"}"#, "1.0"),
        (
            r#"{"$binary": {"base64": ""}}"#,
            r#"{"$binary":{"base64":"","subType":"00"}}"#,
        ),
        ("123456789012345678901234567890", "1.2345678901234568e29"),
    ] {
        assert_eq!(to_json(json).replace("e+29", "e29"), same);
    }
}

#[test]
fn json_that_cannot_be_taken_is_refused_with_its_place() {
    for (json, word) in [
        ("", "EOF"),
        ("{} x", "trailing"),
        (r#"{"a": 1, "a": 2}"#, "twice"),
        (r#"{"$date": "yesterday"}"#, "ISO 8601"),
        (r#"{"$date": true}"#, "ISO 8601"),
        (r#"{"$date": "2024-01-01"}"#, "ISO 8601"),
        (r#"{"$date": "2024-01-01T00:00:00"}"#, "ISO 8601"),
        (r#"{"$date": "2024-13-01T00:00:00Z"}"#, "ISO 8601"),
        (r#"{"$date": "2024-01-01T00:00:00+24:00"}"#, "ISO 8601"),
        (r#"{"$numberLong": "1.5"}"#, "64 bits"),
        (r#"{"$numberDouble": "infinite"}"#, "Infinity"),
        (r#"{"$binary": {"base64": "?"}}"#, "base64"),
        (r#"{"$binary": {"base64": "", "subType": "04"}}"#, "subType"),
        (r#"{"$extension": {"type": 300, "base64": ""}}"#, "type"),
        ("{\"a\": \"\u{1}\"}", "control character"),
    ] {
        let message = refusal(json);
        assert!(message.contains(word), "{json}: {message}");
    }
    assert!(refusal("\n{\"a\": x}").contains("line 2"));
}

#[test]
fn json_nests_deeper_than_documents_may() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(to_json(&nested(100)), nested(100));
    assert!(pack(nested(120).as_bytes(), ErrorKind::InvalidDocument).is_ok());
    assert!(refusal(&nested(121)).contains("deeper than 120"));
    let mut deep = Owned::Null;
    for _ in 0..101 {
        deep = Owned::Array(vec![deep]);
    }
    let mut packed = Vec::new();
    deep.write(&mut packed);
    assert!(write_one(&packed, &mut Vec::new()).is_err());
}

#[test]
fn nothing_of_a_named_value_is_passed_over() {
    for (json, word) in [
        (r#"{"$numberDouble": "1e400"}"#, "a number"),
        (r#"{"$numberDouble": "-inf"}"#, "a number"),
        (r#"{"$numberDouble": "-nan"}"#, "a number"),
        (r#"{"$binary": {"base64": "AA==", "other": 1}}"#, "other"),
        (
            r#"{"$extension": {"type": 5, "base64": "AA==", "subType": "00"}}"#,
            "subType",
        ),
        ("1e400", "out of range"),
        (r#""\ud800""#, "escape"),
    ] {
        let message = refusal(json);
        assert!(message.contains(word), "{json}: {message}");
    }
}
