//! Of which time somebody asks.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::diagnostic::nearest;
use fluxor_limits::At;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, ToSpan as _};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::traffic::instant;

/// The longest step of time, and the longest stretch, in hours: as long as anything is kept.
const LONGEST: i64 = 720;

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct When {
    /// From then on.
    pub from: At,
    /// Before then.
    pub to: At,
    /// When it was asked.
    pub now: At,
}

/// A stretch of time as it is asked for: a day, or from and to; without either, the last 24 hours.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema, IntoParams, clap::Args)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wish {
    /// `today`, `yesterday` or a day such as `2026-11-28`, in the company's time zone
    #[arg(long, value_name = "DAY", conflicts_with_all = ["from", "to"])]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// From then on: an instant such as `2026-11-28T08:00:00Z`, `2026-11-28 09:00` (in the company's zone), or how long ago, such as `90m`
    #[arg(long, value_name = "INSTANT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Before then, written likewise
    #[arg(long, value_name = "INSTANT")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// How long: `15m`, `1h`, `90 s`, `3d`.
pub(super) fn long(text: &str) -> Option<SignedDuration> {
    let span: Span = text.trim().parse().ok()?;
    let long = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (long >= SignedDuration::from_secs(1) && long <= SignedDuration::from_hours(LONGEST)).then_some(long)
}

/// An instant as it is written by programs (a `+` of it may have become a blank in an address) or by people in their zone, or
/// how long ago it is.
fn at(text: &str, now: jiff::Timestamp, zone: &TimeZone) -> Option<jiff::Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    if let Some((front, back)) = text.rsplit_once(' ').filter(|(front, _)| front.contains('T'))
        && let Ok(at) = format!("{front}+{back}").parse()
    {
        return Some(at);
    }
    let (local, zone) = text.strip_suffix(" UTC").map_or((text, zone.clone()), |local| (local, TimeZone::UTC));
    if let Ok(local) = local.parse::<DateTime>() {
        return local.to_zoned(zone).ok().map(|at| at.timestamp());
    }
    long(text).and_then(|long| now.checked_sub(long).ok())
}

impl Wish {
    /// The stretch, seen from now, in a time zone.
    ///
    /// # Errors
    /// The field, and what is wrong with it.
    pub(crate) fn when(&self, now: At, zone: &TimeZone) -> Result<When, (&'static str, String)> {
        let asked = now;
        let micros = i64::try_from(now.micros()).unwrap_or(i64::MAX);
        let now = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
        let (from, to) = match &self.day {
            Some(_) if self.from.is_some() || self.to.is_some() => {
                return Err(("day", "ask for a day, or `from` and `to`, not for both".to_owned()));
            }
            Some(day) => whole(day, now, zone)?,
            None => {
                let read = |text: &Option<String>, name| {
                    match text {
                    None => Ok(None),
                    Some(text) => at(text, now, zone).map(Some).ok_or_else(|| {
                        let shown: String = text.chars().take(80).collect();
                        let why = "write an instant such as 2026-11-28T08:00:00Z or 2026-11-28 09:00 (in the company's zone), or how \
                                   long ago, from 1s to 720h, such as 90m or 3d";
                        (name, format!("`{shown}` is no instant: {why}"))
                    }),
                }
                };
                let to = read(&self.to, "to")?.unwrap_or(now);
                let day_before = to.checked_sub(24.hours()).unwrap_or(jiff::Timestamp::MIN);
                (read(&self.from, "from")?.unwrap_or(day_before), to)
            }
        };
        if from > now {
            return Err(("from", format!("{from} has not come yet")));
        }
        let to = to.min(now);
        if to.duration_since(from) > SignedDuration::from_hours(LONGEST) {
            return Err(("from", format!("ask for {LONGEST}h at once at most")));
        }
        if from >= to {
            return Err(("from", format!("it ends ({to}) before it begins ({from})")));
        }
        let of = |at: jiff::Timestamp| instant(Timestamp::from_micros(at.as_microsecond()));
        Ok(When { from: of(from), to: of(to), now: asked })
    }
}

/// A whole day; today's ends now.
fn whole(
    text: &str,
    now: jiff::Timestamp,
    zone: &TimeZone,
) -> Result<(jiff::Timestamp, jiff::Timestamp), (&'static str, String)> {
    let today = now.to_zoned(zone.clone()).date();
    let wrong = || {
        let shown: String = text.chars().take(80).collect();
        let perhaps =
            nearest(text, ["today", "yesterday"]).map_or(String::new(), |day| format!("; did you mean `{day}`?"));
        ("day", format!("`{shown}` is no day: write today, yesterday or a day such as {today}{perhaps}"))
    };
    let day: Date = match text.trim() {
        "today" => today,
        "yesterday" => today.yesterday().map_err(|_| wrong())?,
        day => day.parse().map_err(|_| wrong())?,
    };
    let begins = |day: Date| day.to_zoned(zone.clone()).map(|begin| begin.timestamp());
    let (from, to) = (begins(day), day.tomorrow().and_then(begins));
    let (from, to) = (from.map_err(|_| wrong())?, to.map_err(|_| wrong())?);
    if from < jiff::Timestamp::UNIX_EPOCH {
        return Err(wrong());
    }
    if from > now {
        return Err(("day", format!("`{day}` has not begun")));
    }
    Ok((from, to.min(now)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(day: &str, from: &str, to: &str) -> Result<(String, String), (&'static str, String)> {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let wish = Wish { day: some(day), from: some(from), to: some(to) };
        let now: jiff::Timestamp = "2026-03-29T20:00:00Z".parse().unwrap();
        let now = At::from_micros(u64::try_from(now.as_microsecond()).unwrap());
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        wish.when(now, &zone).map(|when| (super::super::text(when.from), super::super::text(when.to)))
    }

    fn is(from: &str, to: &str) -> Result<(String, String), (&'static str, String)> {
        Ok((from.to_owned(), to.to_owned()))
    }

    #[test]
    fn days_are_those_of_the_zone() {
        // The clocks go forward on that Sunday: it begins in winter time.
        assert_eq!(asked("today", "", ""), is("2026-03-28T23:00:00Z", "2026-03-29T20:00:00Z"));
        assert_eq!(asked("yesterday", "", ""), is("2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z"));
        assert_eq!(asked("2026-03-30", "", "").unwrap_err().1, "`2026-03-30` has not begun");
        assert!(asked("yesterdy", "", "").unwrap_err().1.contains("did you mean `yesterday`?"));
        assert_eq!(asked("today", "1h", "").unwrap_err().0, "day");
    }

    #[test]
    fn instants_are_written_or_counted_back_from_now() {
        assert_eq!(asked("", "", ""), is("2026-03-28T20:00:00Z", "2026-03-29T20:00:00Z"));
        assert_eq!(asked("", "90m", "30 min"), is("2026-03-29T18:30:00Z", "2026-03-29T19:30:00Z"));
        assert_eq!(asked("", "2026-03-29T10:00:00+02:00", "1h"), is("2026-03-29T08:00:00Z", "2026-03-29T19:00:00Z"));
        assert_eq!(asked("", "1h", "2h").unwrap_err().0, "from");
        // What a program prints, a `+` that became a blank, a local time, days.
        for (written, is) in [
            ("2026-03-29 10:00:00 UTC", "2026-03-29T10:00:00Z"),
            ("2026-03-29T10:00:00 02:00", "2026-03-29T08:00:00Z"),
            ("2026-03-29 10:00", "2026-03-29T08:00:00Z"),
            ("2d", "2026-03-27T20:00:00Z"),
        ] {
            assert_eq!(asked("", written, "1s").unwrap().0, is, "{written}");
        }
        assert!(asked("", "2026-03-30T00:00:00Z", "").unwrap_err().1.contains("has not come yet"));
        assert_eq!(asked("0000-01-01", "", "").unwrap_err().0, "day");
        for wrong in ["soon", "0s", "-1h", "9999h", "31d", ""] {
            assert_eq!(
                asked("", "1h", wrong).err().map(|wrong| wrong.0),
                (!wrong.is_empty()).then_some("to"),
                "{wrong}"
            );
        }
    }
}
