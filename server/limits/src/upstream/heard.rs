//! What one answer says about the next call. Every dialect in use is understood: `Retry-After` in seconds or as a date,
//! `RateLimit` of draft 10 and what follows, that of draft 07, and the older three in seconds or as an instant.

use http::header::{AGE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use http::status::StatusCode;

use crate::answer::parse;
use crate::at::{At, Span};

/// How long a wait may be at most unless the service says otherwise: one hour.
pub const DEFAULT_BOUND: Span = Span::from_secs(3_600);

const SECOND: u64 = 1_000_000;

/// Numbers from here on are no seconds to wait but an instant in seconds since 1970 (that of 2001-09-09).
const INSTANTS_FROM: u64 = 1_000_000_000;

/// Numbers from here on are an instant in milliseconds.
const MILLIS_FROM: u64 = 100_000_000_000;

/// How the older three are called: the drafts up to 06, and what came before and beside them.
const OLDER: [(HeaderName, HeaderName); 3] = [
    (HeaderName::from_static("ratelimit-remaining"), HeaderName::from_static("ratelimit-reset")),
    (HeaderName::from_static("x-ratelimit-remaining"), HeaderName::from_static("x-ratelimit-reset")),
    (HeaderName::from_static("x-rate-limit-remaining"), HeaderName::from_static("x-rate-limit-reset")),
];

/// How long the next call has to wait after this answer, `bound` at most. None: it may go at once.
///
/// `Retry-After` takes precedence where it is valid, as the draft demands, and counts in refusals and redirections
/// only: with a 202 it says when to look again, which is no limit. Else the longest of what is used up.
#[must_use]
pub fn wait(status: u16, headers: &HeaderMap, now: At, bound: Span) -> Option<Span> {
    let theirs = their_clock(headers, now);
    let counts = status >= 300;
    let micros = match retry_after(headers, theirs).filter(|_| counts) {
        Some(micros) => Some(micros),
        // Limits out of a cache are yesterday's.
        None if is_stale(headers) => None,
        None => used_up(headers).or_else(|| older(status, headers, theirs)),
    };
    micros.map(|micros| Span::from_micros(micros).min(bound)).filter(|span| *span > Span::ZERO)
}

/// The other side's clock, where it tells it: an instant of theirs is compared with their own time.
fn their_clock(headers: &HeaderMap, now: At) -> At {
    headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(date).unwrap_or(now)
}

fn is_stale(headers: &HeaderMap) -> bool {
    parse::number(lines(headers, &AGE)).is_some_and(|seconds| seconds > 0)
}

/// The longest of the valid ones, should there be several.
fn retry_after(headers: &HeaderMap, theirs: At) -> Option<u64> {
    let one = |value: &[u8]| {
        let text = std::str::from_utf8(value).ok()?.trim();
        if !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()) {
            // More digits than fit are a very long time.
            return Some(text.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(SECOND));
        }
        date(text).map(|at| at.since(theirs).micros())
    };
    lines(headers, &RETRY_AFTER).filter_map(one).max()
}

/// `RateLimit` of the drafts 07 to 10 and of those that follow: the longest of those that have nothing left.
fn used_up(headers: &HeaderMap) -> Option<u64> {
    const FIELD: HeaderName = HeaderName::from_static("ratelimit");
    let items = parse::limits(lines(headers, &FIELD));
    let waits = items.iter().filter(|limit| limit.remaining == 0).filter_map(|limit| limit.reset);
    if let Some(seconds) = waits.max() {
        return Some(seconds.saturating_mul(SECOND));
    }
    let combined = parse::dictionary(lines(headers, &FIELD)).ok()?;
    let member = |name: &str| match combined.get(name) {
        Some(sfv::ListEntry::Item(item)) => parse::whole(&item.bare_item),
        _ => None,
    };
    (member("remaining")? == 0).then(|| member("reset"))?.map(|seconds| seconds.saturating_mul(SECOND))
}

/// The older three. A refusal that does not say what is left is taken at its reset's word.
fn older(status: u16, headers: &HeaderMap, theirs: At) -> Option<u64> {
    let refused =
        status == StatusCode::TOO_MANY_REQUESTS.as_u16() || status == StatusCode::SERVICE_UNAVAILABLE.as_u16();
    let wait = |(remaining, reset): &(HeaderName, HeaderName)| {
        let used_up = match parse::number(lines(headers, remaining)) {
            Some(left) => left == 0,
            None => refused,
        };
        let value = parse::number(lines(headers, reset)).filter(|_| used_up)?;
        Some(match value {
            MILLIS_FROM.. => At::from_micros(value.saturating_mul(1_000)).since(theirs).micros(),
            INSTANTS_FROM.. => At::from_micros(value.saturating_mul(SECOND)).since(theirs).micros(),
            seconds => seconds.saturating_mul(SECOND),
        })
    };
    OLDER.iter().filter_map(wait).max()
}

/// An HTTP date, in any of its three formats.
fn date(text: &str) -> Option<At> {
    let instant = httpdate::parse_http_date(text.trim()).ok()?;
    let since = instant.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_micros()).ok().map(At::from_micros)
}

fn lines<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).iter().map(http::HeaderValue::as_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-28 18:00:00 UTC, a Saturday.
    const NOW: At = At::from_micros(1_795_888_800 * SECOND);

    fn of(status: u16, fields: &[(&str, &str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        wait(status, &headers, NOW, DEFAULT_BOUND).map(Span::secs_up)
    }

    #[test]
    fn retry_after_in_seconds_or_as_a_date() {
        assert_eq!(of(429, &[("retry-after", "7")]), Some(7));
        assert_eq!(of(503, &[("retry-after", " 120 ")]), Some(120));
        assert_eq!(of(429, &[("retry-after", "Sat, 28 Nov 2026 18:00:30 GMT")]), Some(30));
        assert_eq!(of(429, &[("retry-after", "Saturday, 28-Nov-26 18:00:30 GMT")]), Some(30));
        assert_eq!(of(429, &[("retry-after", "Sat Nov 28 18:00:30 2026")]), Some(30));
        assert_eq!(of(429, &[("retry-after", "3"), ("retry-after", "5"), ("retry-after", "soon")]), Some(5));
        for none in ["0", "-1", "1.5", "soon", "", "Sat, 28 Nov 2026 17:00:00 GMT", "1e9", "0x10", "+5"] {
            assert_eq!(of(429, &[("retry-after", none)]), None, "{none}");
        }
        assert_eq!(of(202, &[("retry-after", "7")]), None, "come back for the result is no limit");
    }

    #[test]
    fn nobody_makes_us_wait_longer_than_the_bound() {
        for long in ["86400", "99999999999999999999999999", "Sat, 28 Nov 2099 18:00:30 GMT"] {
            assert_eq!(of(429, &[("retry-after", long)]), Some(3_600), "{long}");
        }
        assert_eq!(of(429, &[("ratelimit", r#""a";r=0;t=999999999999999"#)]), Some(3_600));
        assert_eq!(of(429, &[("x-ratelimit-reset", "999999999999999")]), Some(3_600));
    }

    #[test]
    fn an_instant_is_compared_with_the_clock_that_said_it() {
        let fast = ("date", "Sat, 28 Nov 2026 19:00:00 GMT");
        assert_eq!(of(429, &[fast, ("retry-after", "Sat, 28 Nov 2026 19:00:10 GMT")]), Some(10));
        assert_eq!(of(429, &[fast, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795892405")]), Some(5));
    }

    #[test]
    fn rate_limit_of_every_draft() {
        assert_eq!(of(200, &[("ratelimit", r#""default";r=0;t=30"#)]), Some(30));
        assert_eq!(of(200, &[("ratelimit", "default;a=0;w=30")]), Some(30), "what follows draft 10");
        assert_eq!(of(200, &[("ratelimit", r#""a";r=5;t=60, "b";r=0;t=4"#), ("ratelimit", r#""c";r=0;t=9"#)]), Some(9));
        assert_eq!(of(200, &[("ratelimit", "limit=100, remaining=0, reset=12")]), Some(12), "draft 07");
        for none in [
            r#""default";r=1;t=30"#,
            r#""default";r=0"#,
            r#""default";r=0;t=-3"#,
            r#""default";r=0;t="30""#,
            r#""default";r="0";t=30"#,
            r#""default";r=0;t=30;pk=5"#,
            "limit=100, remaining=2, reset=12",
            r#"("a" "b");r=0;t=3"#,
            r#""default;r=0;t=3"#,
        ] {
            assert_eq!(of(200, &[("ratelimit", none)]), None, "{none}");
        }
        assert_eq!(of(200, &[("ratelimit", r#""default";r=0;t=30"#), ("age", "3")]), None, "out of a cache");
    }

    #[test]
    fn retry_after_takes_precedence() {
        assert_eq!(of(429, &[("retry-after", "2"), ("ratelimit", r#""a";r=0;t=30"#)]), Some(2));
        assert_eq!(of(429, &[("retry-after", "soon"), ("ratelimit", r#""a";r=0;t=30"#)]), Some(30));
        assert_eq!(of(200, &[("retry-after", "2"), ("ratelimit", r#""a";r=0;t=30"#)]), Some(30));
    }

    #[test]
    fn the_older_three_in_seconds_or_as_an_instant() {
        for (remaining, reset) in &OLDER {
            let of = |left: &str, value: &str| of(200, &[(remaining.as_str(), left), (reset.as_str(), value)]);
            assert_eq!(of("0", "17"), Some(17));
            assert_eq!(of("0", "16.2"), Some(17));
            assert_eq!(of("0, 0;w=60", "17"), Some(17));
            assert_eq!(of("0", "1795888845"), Some(45));
            assert_eq!(of("0", "1795888845000"), Some(45));
            assert_eq!(of("0", "1795888000"), None, "over already");
            assert_eq!(of("1", "17"), None);
            assert_eq!(of("-1", "17"), None);
            assert_eq!(of("many", "17"), None);
        }
        assert_eq!(of(429, &[("x-ratelimit-reset", "17")]), Some(17), "refused, and only the reset is told");
        assert_eq!(of(429, &[]), None);
    }

    proptest! {
        #[test]
        fn garbage_is_no_wait_beyond_the_bound(
            status in any::<u16>(),
            values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 12),
            now in any::<u64>(),
            bound in any::<u64>(),
        ) {
            let names = ["retry-after", "date", "age", "ratelimit", "ratelimit-policy", "ratelimit-remaining",
                "ratelimit-reset", "x-ratelimit-remaining", "x-ratelimit-reset", "x-rate-limit-reset", "ratelimit", "date"];
            let mut headers = HeaderMap::new();
            for (name, value) in names.iter().zip(&values) {
                if let Ok(value) = http::HeaderValue::from_bytes(value) {
                    headers.append(HeaderName::from_static(name), value);
                }
            }
            if let Some(span) = wait(status, &headers, At::from_micros(now), Span::from_micros(bound)) {
                prop_assert!(span.micros() <= bound);
            }
            let _ = parse::policies(lines(&headers, &HeaderName::from_static("ratelimit-policy")));
        }

        #[test]
        fn nearly_right_fields_are_no_wait_beyond_the_bound(
            value in r#"("?[a-z]{0,4}"?(;(r|t|a|w|pk)=(-?[0-9]{0,17}|:[A-Za-z]{0,5}:|"0"))?(;(r|t|a|w)=[0-9]{1,16})?,? ?){0,4}"#,
            name in "(ratelimit|retry-after|x-ratelimit-reset|ratelimit-reset)",
            now in any::<u64>(),
        ) {
            let mut headers = HeaderMap::new();
            headers.append(HeaderName::try_from(name.as_str()).unwrap(), value.parse().unwrap());
            if let Some(span) = wait(429, &headers, At::from_micros(now), DEFAULT_BOUND) {
                prop_assert!(span <= DEFAULT_BOUND && span > Span::ZERO);
            }
        }
    }
}
