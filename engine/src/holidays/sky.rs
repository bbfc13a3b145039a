//! Feasts that follow the moon and the sun, by published formulas. Whole numbers throughout.

use jiff::civil::Date;

use super::words::later;

/// Easter Sunday of the western churches. The anonymous Gregorian algorithm ("Nature", 1876; Meeus, Astronomical
/// Algorithms, chapter 8), for years of the Gregorian calendar.
pub(super) fn easter(year: i16) -> Option<Date> {
    let year_of = i32::from(year);
    let (golden, century, rest) = (year_of % 19, year_of / 100, year_of % 100);
    let moon_shift = (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + century - century / 4 - moon_shift + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let at = epact + weekday - 7 * late + 114;
    dated(year, at / 31, at % 31 + 1)
}

/// Easter Sunday of the eastern churches, as a date of the Gregorian calendar. Meeus' Julian algorithm, and the days by
/// which the Julian calendar is behind.
pub(super) fn orthodox_easter(year: i16) -> Option<Date> {
    let year_of = i32::from(year);
    let moon = (19 * (year_of % 19) + 15) % 30;
    let weekday = (2 * (year_of % 4) + 4 * (year_of % 7) - moon + 34) % 7;
    let at = moon + weekday + 114;
    let behind = year_of / 100 - year_of / 400 - 2;
    later(dated(year, at / 31, at % 31 + 1)?, behind)
}

/// Which equinox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Season {
    /// In March.
    Spring,
    /// In September.
    Autumn,
}

/// The day of the equinox in Japan from 1980 to 2150: the approximation of the Japanese Coast Guard's Hydrographic
/// Department ("Shin koyomi binran"), day = a + 0.242194 (y - 1980) - floor((y - 1980) / 4).
pub(super) fn equinox(season: Season, year: i16) -> Option<Date> {
    let (month, a) = match (season, year) {
        (Season::Spring, 1980..=2099) => (3, 20_843_100),
        (Season::Spring, 2100..=2150) => (3, 21_851_000),
        (Season::Autumn, 1980..=2099) => (9, 23_248_800),
        (Season::Autumn, 2100..=2150) => (9, 24_248_800),
        _ => return None,
    };
    let since = i32::from(year) - 1980;
    dated(year, month, (a + 242_194 * since) / 1_000_000 - since / 4)
}

fn dated(year: i16, month: i32, day: i32) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
