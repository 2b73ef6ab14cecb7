//! Cases of dates.rs and spans.rs.

use super::*;

/// `d` is Friday, 2026-01-02T03:04:05Z; `m` is 2024-01-31T12:00:00Z.
const DOCUMENT: &str =
    r#"{"d": date(1767323045), "m": date(1706702400), "n": null, "s": "x", "z": "America/New_York"}"#;

#[test]
fn dates_have_parts_in_every_zone() {
    check(
        DOCUMENT,
        &[
            (r#"{"$year": "$d"}"#, "2026"),
            (r#"{"$month": ["$d"]}"#, "1"),
            (r#"{"$dayOfMonth": {"date": "$d"}}"#, "2"),
            (r#"{"$dayOfMonth": {"date": "$d", "timezone": "$z"}}"#, "1"),
            (r#"{"$hour": {"date": "$d", "timezone": "$z"}}"#, "22"),
            (r#"{"$hour": {"date": "$d", "timezone": "+05:30"}}"#, "8"),
            (r#"{"$hour": {"date": "$d", "timezone": "-0400"}}"#, "23"),
            (
                r#"{"$hour": {"date": "$d", "timezone": "Nowhere/Here"}}"#,
                "error",
            ),
            (r#"{"$hour": {"date": "$d", "timezone": "$n"}}"#, "null"),
            (r#"{"$hour": {"date": "$d", "zone": "UTC"}}"#, "error"),
            (r#"{"$minute": "$d"}"#, "4"),
            (r#"{"$second": "$d"}"#, "5"),
            (r#"{"$millisecond": "$d"}"#, "0"),
            (r#"{"$millisecond": "$$NOW"}"#, "678"),
            (r#"{"$dayOfWeek": "$d"}"#, "6"),
            (r#"{"$isoDayOfWeek": "$d"}"#, "5"),
            (r#"{"$dayOfYear": "$d"}"#, "2"),
            (r#"{"$week": "$d"}"#, "0"),
            (r#"{"$week": "$m"}"#, "4"),
            (r#"{"$isoWeek": "$d"}"#, "1"),
            (r#"{"$isoWeekYear": "$d"}"#, "2026"),
            (r#"{"$year": "$n"}"#, "null"),
            (r#"{"$year": "$zz"}"#, "null"),
            (r#"{"$year": "$s"}"#, "error"),
        ],
    );
}

#[test]
fn dates_are_taken_apart_and_made() {
    check(
        DOCUMENT,
        &[
            (
                r#"{"$dateToParts": {"date": "$d"}}"#,
                r#"{"year": 2026, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5, "millisecond": 0}"#,
            ),
            (
                r#"{"$dateToParts": {"date": "$d", "iso8601": true}}"#,
                r#"{"isoWeekYear": 2026, "isoWeek": 1, "isoDayOfWeek": 5, "hour": 3, "minute": 4, "second": 5, "millisecond": 0}"#,
            ),
            (
                r#"{"$dateFromParts": {"year": 2026, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5}}"#,
                "date(1767323045)",
            ),
            (
                r#"{"$dateFromParts": {"year": 2025, "month": 13, "day": 1, "hour": 27, "minute": 4, "second": 5}}"#,
                "date(1767323045)",
            ),
            (
                r#"{"$dateFromParts": {"year": 2026, "day": 1, "hour": 22, "minute": 4, "second": 5, "timezone": "$z"}}"#,
                "date(1767323045)",
            ),
            (r#"{"$dateFromParts": {"year": "$n"}}"#, "null"),
            (r#"{"$dateFromParts": {"year": "x"}}"#, "error"),
            (r#"{"$dateFromParts": {"year": 99999}}"#, "error"),
            (
                r#"{"$dateFromString": {"dateString": "2026-01-02T03:04:05Z"}}"#,
                "date(1767323045)",
            ),
            (
                r#"{"$dateFromString": {"dateString": "2026-01-01T22:04:05", "timezone": "$z"}}"#,
                "date(1767323045)",
            ),
            (r#"{"$dateFromString": {"dateString": "x"}}"#, "error"),
            (r#"{"$dateFromString": {"dateString": "x", "onError": 1}}"#, "1"),
            (r#"{"$dateFromString": {"dateString": "$n", "onNull": 2}}"#, "2"),
        ],
    );
}

#[test]
fn dates_are_written_by_a_format() {
    check(
        DOCUMENT,
        &[
            (
                r#"{"$dateToString": {"date": "$d"}}"#,
                r#""2026-01-02T03:04:05.000Z""#,
            ),
            (
                r#"{"$dateToString": {"date": "$d", "format": "%Y-%m-%d %H:%M:%S.%L %j %u %w %U %V %G %%"}}"#,
                r#""2026-01-02 03:04:05.000 002 5 6 00 01 2026 %""#,
            ),
            (
                r#"{"$dateToString": {"date": "$d", "format": "%b %B %z %Z", "timezone": "$z"}}"#,
                r#""Jan January -0500 -300""#,
            ),
            (r#"{"$dateToString": {"date": "$n"}}"#, "null"),
            (r#"{"$dateToString": {"date": "$n", "onNull": "-"}}"#, r#""-""#),
            (r#"{"$dateToString": {"date": "$d", "format": "%q"}}"#, "error"),
            (r#"{"$dateToString": {"date": "$s"}}"#, "error"),
        ],
    );
}

#[test]
fn dates_move_by_the_calendar() {
    let add = |unit: &str, amount: i64| {
        format!(r#"{{"$dateAdd": {{"startDate": "$m", "unit": "{unit}", "amount": {amount}}}}}"#)
    };
    check(
        DOCUMENT,
        &[
            (&add("millisecond", 1000), "date(1706702401)"),
            (&add("hour", -1), "date(1706698800)"),
            (&add("day", 1), "date(1706788800)"),
            (&add("week", 1), "date(1707307200)"),
            // The end of February in a leap year.
            (&add("month", 1), "date(1709208000)"),
            (&add("quarter", 1), "date(1714478400)"),
            (&add("year", 1), "date(1738324800)"),
            (&add("year", 100_000), "error"),
            (&add("fortnight", 1), "error"),
            (
                r#"{"$dateSubtract": {"startDate": "$m", "unit": "day", "amount": 31}}"#,
                "date(1704024000)",
            ),
            (
                r#"{"$dateAdd": {"startDate": "$n", "unit": "day", "amount": 1}}"#,
                "null",
            ),
            (
                r#"{"$dateAdd": {"startDate": "$m", "unit": "day", "amount": 1.5}}"#,
                "error",
            ),
            (
                r#"{"$dateAdd": {"startDate": "$s", "unit": "day", "amount": 1}}"#,
                "error",
            ),
        ],
    );
}

#[test]
fn differences_count_the_bounds_between_dates() {
    let difference =
        |unit: &str| format!(r#"{{"$dateDiff": {{"startDate": "$m", "endDate": "$d", "unit": "{unit}"}}}}"#);
    check(
        DOCUMENT,
        &[
            (&difference("year"), "2"),
            (&difference("quarter"), "8"),
            (&difference("month"), "24"),
            (&difference("day"), "702"),
            (&difference("week"), "100"),
            (&difference("hour"), "16839"),
            (
                r#"{"$dateDiff": {"startDate": "$d", "endDate": "$m", "unit": "year"}}"#,
                "-2",
            ),
            (
                r#"{"$dateDiff": {"startDate": "$m", "endDate": "$d", "unit": "week", "startOfWeek": "fri"}}"#,
                "101",
            ),
            (
                r#"{"$dateDiff": {"startDate": "$m", "endDate": "$d", "unit": "week", "startOfWeek": "x"}}"#,
                "error",
            ),
            (
                r#"{"$dateDiff": {"startDate": "$n", "endDate": "$d", "unit": "year"}}"#,
                "null",
            ),
        ],
    );
}

#[test]
fn dates_are_cut_to_units_and_bins() {
    let cut = |more: &str| format!(r#"{{"$dateTrunc": {{"date": "$d", {more}}}}}"#);
    check(
        DOCUMENT,
        &[
            (&cut(r#""unit": "hour""#), "date(1767322800)"),
            (&cut(r#""unit": "minute", "binSize": 30"#), "date(1767322800)"),
            (&cut(r#""unit": "day""#), "date(1767312000)"),
            // 22:04 of January 1 in New York: its midnight.
            (&cut(r#""unit": "day", "timezone": "$z""#), "date(1767243600)"),
            (&cut(r#""unit": "week""#), "date(1766880000)"),
            (
                &cut(r#""unit": "week", "startOfWeek": "monday""#),
                "date(1766966400)",
            ),
            (&cut(r#""unit": "month""#), "date(1767225600)"),
            (&cut(r#""unit": "quarter""#), "date(1767225600)"),
            (&cut(r#""unit": "year", "binSize": 10"#), "date(1577836800)"),
            (&cut(r#""unit": "year", "binSize": 0"#), "error"),
            (r#"{"$dateTrunc": {"date": "$n", "unit": "year"}}"#, "null"),
        ],
    );
}
