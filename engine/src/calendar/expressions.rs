//! What expressions ask of a calendar.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Calendar;
use super::time::MOST_DAYS;
use crate::clock::Timestamp;
use crate::expression::WorkingTime;

impl WorkingTime for Calendar {
    fn add(&self, at: Timestamp, days: i64, micros: i64) -> Option<Timestamp> {
        let at = match u32::try_from(days) {
            Ok(days) => self.add_working_days(at, days)?,
            Err(_) => self.take_working_days(at, u32::try_from(days.checked_neg()?).ok()?)?,
        };
        if micros < 0 { self.take_working_time(at, micros.checked_neg()?) } else { self.add_working_time(at, micros) }
    }

    fn between(&self, from: Timestamp, to: Timestamp) -> Option<i64> {
        self.working_time_between(from, to)
    }

    fn is_open(&self, at: Timestamp) -> bool {
        Self::is_open(self, at)
    }

    fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        Self::next_opening(self, at)
    }

    fn is_working_day(&self, day: Date) -> bool {
        !self.hours(day).is_empty()
    }

    fn add_days(&self, day: Date, days: i64) -> Option<Date> {
        let step = if days < 0 { -1.day() } else { 1.day() };
        let mut left = usize::try_from(days.unsigned_abs()).ok().filter(|days| *days <= MOST_DAYS)?;
        let mut day = day;
        for _ in 0..MOST_DAYS {
            if left == 0 {
                return Some(day);
            }
            day = day.checked_add(step).ok()?;
            left -= usize::from(self.is_working_day(day));
        }
        None
    }

    fn working_days_between(&self, from: Date, to: Date) -> Option<i64> {
        if to < from {
            return self.working_days_between(to, from).map(|days| -days);
        }
        let days = usize::try_from((to - from).get_days()).ok().filter(|days| *days <= MOST_DAYS)?;
        let after = std::iter::successors(from.checked_add(1.day()).ok(), |day| day.checked_add(1.day()).ok());
        i64::try_from(after.take(days).filter(|day| self.is_working_day(*day)).count()).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::Calendars;

    fn office() -> Calendar {
        let text = "calendar: office\nzone: Europe/Berlin\nhours: { monday to friday: [09:00-12:00, 13:00-17:00] }\nclosed: [12-24 to 12-31]\n";
        let calendars = Calendars::load(vec![("office.yaml".to_owned(), text.to_owned())]).unwrap().0;
        calendars.get("office").unwrap().calendar.clone()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn back_over_breaks_nights_and_weekends() {
        let office = office();
        let monday = at("2026-03-02T09:00:00Z");
        assert_eq!(office.add(monday, 0, -3_600_000_000), Some(at("2026-03-02T08:00:00Z")));
        assert_eq!(office.add(monday, 0, -2 * 3_600_000_000), Some(at("2026-02-27T15:00:00Z")));
        assert_eq!(office.add(monday, -1, 0), Some(at("2026-02-27T09:00:00Z")));
        assert_eq!(office.add(at("2026-03-02T11:30:00Z"), -5, 0), Some(at("2026-02-23T12:00:00Z")), "out of the break");
        let days = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(office.add_days(days("2026-12-23"), 1), Some(days("2027-01-01")));
        assert_eq!(office.add_days(days("2027-01-01"), -1), Some(days("2026-12-23")));
        assert_eq!(office.working_days_between(days("2026-12-23"), days("2027-01-01")), Some(1));
        assert_eq!(office.working_days_between(days("2027-01-01"), days("2026-12-23")), Some(-1));
        assert_eq!(office.add_days(days("2026-12-23"), i64::MIN), None);
    }

    proptest! {
        #[test]
        fn what_is_taken_back_has_passed(start in 0..2_000_000_i64, minutes in 1..20_000_i64) {
            let office = office();
            let start = at("2026-01-05T00:00:00Z").plus_micros(start * 1_000_000 * 10);
            let micros = minutes * 60_000_000;
            let earlier = office.add(start, 0, -micros).unwrap();
            prop_assert_eq!(office.between(earlier, start), Some(micros));
            prop_assert!(office.is_open(earlier), "{} is the latest such instant", earlier);
        }
    }
}
