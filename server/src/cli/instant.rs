//! Instants on the command line.

use fluxor_engine::clock::Timestamp;
use jiff::civil::Date;

/// An instant, or a day: its first instant in UTC.
///
/// # Errors
/// How it is written.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    let day = || Timestamp::parse(&format!("{text}T00:00:00Z")).ok();
    let wrong = || {
        format!("`{text}` is no instant: write 2026-03-02T08:00:00Z, or 2026-03-02 for the begin of that day in UTC")
    };
    Timestamp::parse(text).ok().or_else(day).ok_or_else(wrong)
}

/// A day.
///
/// # Errors
/// How it is written.
pub(super) fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is no day: write it as 2026-03-02"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_begin_and_what_is_no_instant_is_told_how_it_is_written() {
        assert_eq!(instant("2026-11-30").unwrap().to_string(), "2026-11-30T00:00:00Z");
        assert_eq!(instant("2026-11-30T08:00:00+01:00").unwrap().to_string(), "2026-11-30T07:00:00Z");
        for wrong in ["yesterday", "2026-13-30", "", "2026-11-30T08:00:00"] {
            let why = instant(wrong).unwrap_err();
            assert!(why.contains(&format!("`{wrong}` is no instant: write 2026-03-02T08:00:00Z")), "{why}");
        }
        assert_eq!(day("2026-03-02").unwrap().to_string(), "2026-03-02");
        for wrong in ["gestern", "2026-13-01", "2. 3. 2026", ""] {
            assert_eq!(day(wrong).unwrap_err(), format!("`{wrong}` is no day: write it as 2026-03-02"));
        }
    }
}
