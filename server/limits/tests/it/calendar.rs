//! Windows of the calendar in zones whose days are not all equally long.

use fluxor_limits::{At, Calendar, Fixed, Strategy, Verdict, Window};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

fn strategy(limit: u64, unit: Calendar, zone: &str) -> Strategy {
    Strategy::Fixed(Fixed { limit, window: Window::Calendar(unit, TimeZone::get(zone).unwrap()) })
}

fn at(text: &str) -> At {
    let instant: Timestamp = text.parse().unwrap();
    At::from_micros(u64::try_from(instant.as_microsecond()).unwrap())
}

/// How long the window around an instant is, and when it ends.
fn window(unit: Calendar, zone: &str, now: &str) -> (f64, String) {
    let strategy = strategy(1, unit, zone);
    let now = at(now);
    let view = strategy.view(&strategy.fresh(now), now);
    let end = Timestamp::from_microsecond(view.reset_at.micros() as i64).unwrap();
    (view.window.micros() as f64 / 3.6e9, end.to_string())
}

#[test]
fn days_of_a_zone() {
    let day = |zone, now| window(Calendar::Day, zone, now);
    assert_eq!(day("Europe/Berlin", "2026-01-10T12:00:00Z"), (24.0, "2026-01-10T23:00:00Z".to_owned()));
    assert_eq!(day("Europe/Berlin", "2026-03-29T00:30:00Z"), (23.0, "2026-03-29T22:00:00Z".to_owned()));
    assert_eq!(day("Europe/Berlin", "2026-10-25T00:30:00Z"), (25.0, "2026-10-25T23:00:00Z".to_owned()));
    // Half an hour of daylight saving time.
    assert_eq!(day("Australia/Lord_Howe", "2026-04-04T20:00:00Z"), (24.5, "2026-04-05T13:30:00Z".to_owned()));
    assert_eq!(day("Australia/Lord_Howe", "2026-10-03T20:00:00Z"), (23.5, "2026-10-04T13:00:00Z".to_owned()));
    // A day that did not exist: Samoa skipped the 30th of December 2011.
    assert_eq!(day("Pacific/Apia", "2011-12-30T08:00:00Z"), (24.0, "2011-12-30T10:00:00Z".to_owned()));
}

#[test]
fn weeks_months_hours_minutes() {
    let berlin = |unit, now| window(unit, "Europe/Berlin", now);
    assert_eq!(berlin(Calendar::Week, "2026-03-29T12:00:00Z"), (167.0, "2026-03-29T22:00:00Z".to_owned()));
    assert_eq!(berlin(Calendar::Month, "2026-02-14T12:00:00Z"), (672.0, "2026-02-28T23:00:00Z".to_owned()));
    assert_eq!(berlin(Calendar::Month, "2026-10-14T12:00:00Z"), (745.0, "2026-10-31T23:00:00Z".to_owned()));
    // The hour that comes twice is two windows.
    assert_eq!(berlin(Calendar::Hour, "2026-10-25T00:30:00Z"), (1.0, "2026-10-25T01:00:00Z".to_owned()));
    assert_eq!(berlin(Calendar::Hour, "2026-10-25T01:30:00Z"), (1.0, "2026-10-25T02:00:00Z".to_owned()));
    // Half an hour is cut off where the clock goes back from 2:00 to 1:30.
    let lord_howe = |now| window(Calendar::Hour, "Australia/Lord_Howe", now);
    assert_eq!(lord_howe("2026-04-04T14:30:00Z"), (1.0, "2026-04-04T15:00:00Z".to_owned()));
    assert_eq!(lord_howe("2026-04-04T15:10:00Z"), (0.5, "2026-04-04T15:30:00Z".to_owned()));
    let kathmandu = window(Calendar::Hour, "Asia/Kathmandu", "2026-04-04T15:10:00Z");
    assert_eq!(kathmandu, (1.0, "2026-04-04T15:15:00Z".to_owned()));
    let minute = window(Calendar::Minute, "UTC", "2026-04-04T15:10:20Z");
    assert_eq!(minute.1, "2026-04-04T15:11:00Z");
}

const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "Pacific/Apia",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "UTC",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// At most L in each window, windows follow each other without a gap, and the wait leads exactly to the next.
    #[test]
    fn windows_follow_each_other(
        zone in prop::sample::select(ZONES.to_vec()),
        unit in prop::sample::select(vec![Calendar::Minute, Calendar::Hour, Calendar::Day, Calendar::Week, Calendar::Month]),
        begin in 0..2_100_000_000_u64,
        limit in 1..4_u64,
    ) {
        let strategy = strategy(limit, unit, zone);
        let mut now = At::from_micros(begin * 1_000_000);
        let mut state = strategy.fresh(now);
        for _ in 0..12 {
            for _ in 0..limit {
                prop_assert_eq!(strategy.check(&state, now, 1), Verdict::Fine);
                strategy.charge(&mut state, now, 1);
            }
            let Verdict::Later(wait) = strategy.check(&state, now, 1) else { panic!("more than the limit") };
            let then = At::from_micros(now.micros() + wait.micros());
            prop_assert_eq!(strategy.view(&state, now).reset_at, then);
            let before = At::from_micros(then.micros() - 1);
            prop_assert!(!strategy.check(&state, before, 1).is_fine());
            // Whoever comes in the last moment is in the same window.
            let fresh = strategy.fresh(before);
            prop_assert_eq!(strategy.view(&fresh, before).reset_at, then);
            now = then;
        }
    }
}
