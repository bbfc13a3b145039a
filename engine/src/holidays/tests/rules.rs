//! What each kind of rule gives, against dates that are known.

use super::*;

/// A file of one rule.
fn one(rule: &str) -> Holidays {
    right(&format!("country: XX\nholidays:\n  - {{ name: Day, {rule} }}\n"))
}

fn in_year(rule: &str, year: i16) -> String {
    dates(&one(rule), None, year).join(" ")
}

#[test]
fn a_day_by_rule() {
    for (rule, year, expected) in [
        ("on: 12-25", 2026, "2026-12-25"),
        ("on: 02-29", 2024, "2024-02-29"),
        ("on: 02-29", 2023, ""),
        ("on: 4th thursday of november", 2026, "2026-11-26"),
        ("on: 4th thursday of november + 1 day", 2026, "2026-11-27"),
        ("on: last monday of may", 2026, "2026-05-25"),
        ("on: first monday of may - 3 days", 2026, "2026-05-01"),
        ("on: monday on or after 06-01", 2026, "2026-06-01"),
        ("on: monday after 06-01", 2026, "2026-06-08"),
        ("on: monday on or before 06-01", 2026, "2026-06-01"),
        ("on: monday before 06-01", 2026, "2026-05-25"),
        ("on: wednesday before 11-23", 2026, "2026-11-18"),
        ("on: monday nearest 07-12", 2026, "2026-07-13"),
        ("on: monday nearest 07-16", 2026, "2026-07-13"),
        ("on: monday nearest 07-17", 2026, "2026-07-20"),
        ("easter: 0", 2000, "2000-04-23"),
        ("easter: 0", 2038, "2038-04-25"),
        ("easter: 0", 2285, ""),
        ("easter: -2", 2026, "2026-04-03"),
        ("orthodox_easter: 0", 2026, "2026-04-12"),
        ("orthodox_easter: 1", 2024, "2024-05-06"),
        ("orthodox_easter: 0", 2100, "2100-05-02"),
        ("equinox: spring", 2026, "2026-03-20"),
        ("equinox: autumn", 2026, "2026-09-23"),
        ("equinox: autumn", 2012, "2012-09-22"),
        ("dates: [2026-11-08, 2025-10-20]", 2026, "2026-11-08"),
        ("once: 2026-11-08", 2027, ""),
        ("once: 2026-12-31, days: 3", 2027, "2027-01-01 2027-01-02"),
        ("on: 01-20, from: 2017, every: 4", 2025, "2025-01-20"),
        ("on: 01-20, from: 2017, every: 4", 2024, ""),
        ("on: 01-20, from: 2017, until: 2020, except: [2018]", 2018, ""),
        ("on: 01-20, from: 2017, until: 2020, except: 2018", 2020, "2020-01-20"),
        ("on: 07-16, only: thursday and friday", 2026, "2026-07-16"),
        ("on: 07-16, only: [monday to wednesday, friday]", 2026, ""),
    ] {
        assert_eq!(in_year(rule, year), expected, "{rule} in {year}");
    }
}

#[test]
fn easter_of_three_centuries() {
    // The extremes, and years in which the older rules of thumb fail.
    let known = [
        (1954, "1954-04-18"),
        (1981, "1981-04-19"),
        (2008, "2008-03-23"),
        (2011, "2011-04-24"),
        (2049, "2049-04-18"),
        (2076, "2076-04-19"),
    ];
    let easter = one("easter: 0");
    for (year, date) in known {
        assert_eq!(dates(&easter, None, year), [date]);
    }
    for year in YEARS {
        let [date] = dates(&easter, None, year).try_into().unwrap();
        let date: Date = date.parse().unwrap();
        assert_eq!(date.weekday(), jiff::civil::Weekday::Sunday);
        assert!((322..=425).contains(&(i32::from(date.month()) * 100 + i32::from(date.day()))), "{date}");
    }
}

#[test]
fn what_falls_on_a_free_day() {
    // 4 July 2026 is a Saturday; Christmas 2021 was a Saturday, in 2022 a Sunday.
    let nearest = "on: 07-04, observed: { saturday: previous friday, sunday: next monday }";
    assert_eq!(in_year(nearest, 2026), "2026-07-03 2026-07-04");
    assert_eq!(in_year("on: 07-04, moved: { saturday: next monday }", 2026), "2026-07-06");
    // The day before New Year belongs to the year before.
    let new_year = "on: 01-01, observed: { saturday: previous friday }";
    assert_eq!(in_year(new_year, 2021), "2021-01-01 2021-12-31");
    assert_eq!(in_year(new_year, 2022), "2022-01-01");
    let two = right(
        "country: XX\nholidays:\n  - { name: Christmas, on: 12-25, observed: { saturday and sunday: next working day } }\n  - \
         { name: Boxing Day, on: 12-26, observed: { saturday and sunday: next working day } }\n",
    );
    assert_eq!(dates(&two, None, 2021), ["2021-12-25", "2021-12-26", "2021-12-27", "2021-12-28"]);
    assert_eq!(dates(&two, None, 2022), ["2022-12-25", "2022-12-26", "2022-12-27"]);
    let names: Vec<_> = two.dates(None, 2022).into_iter().map(|(_, name)| name.to_string()).collect();
    assert_eq!(names, ["Christmas", "Boxing Day", "Christmas (observed)"]);
}

#[test]
fn a_weekend_of_other_days() {
    let week = right(
        "country: XX\nweekend: friday and saturday\nholidays:\n  - { name: Day, on: 07-03, observed: { friday: next working day } }\n",
    );
    assert_eq!(dates(&week, None, 2026), ["2026-07-03", "2026-07-05"]);
}

#[test]
fn two_on_one_date_and_the_day_between_two() {
    let shared = right(
        "country: XX\nholidays:\n  - { name: One, on: 05-05, observed: { holiday: next working day } }\n  - { name: Other, once: 2025-05-05 }\n",
    );
    assert_eq!(dates(&shared, None, 2025), ["2025-05-05", "2025-05-06"]);
    assert_eq!(dates(&shared, None, 2026), ["2026-05-05"]);
    let between = right(
        "country: XX\nholidays:\n  - { name: A, on: 09-21 }\n  - { name: B, on: 09-23 }\n  - { name: Bridge, between: holidays }\n",
    );
    assert_eq!(dates(&between, None, 2026), ["2026-09-21", "2026-09-22", "2026-09-23"]);
    // On a Sunday it is free anyway.
    assert_eq!(dates(&between, None, 2024), ["2024-09-21", "2024-09-23"]);
}

#[test]
fn regions_have_their_own_beside_those_of_the_country() {
    let file = right(
        "country: XX\nregions: { A: Aland, B: Bland }\nholidays:\n  - { name: All, on: 01-01 }\n  - { name: Mine, on: 01-02, regions: A }\n  \
         - { name: Not there, on: 01-03, except_regions: [B] }\n",
    );
    assert_eq!(dates(&file, None, 2026), ["2026-01-01", "2026-01-03"]);
    assert_eq!(dates(&file, Some("A"), 2026), ["2026-01-01", "2026-01-02", "2026-01-03"]);
    assert_eq!(dates(&file, Some("B"), 2026), ["2026-01-01"]);
}

#[test]
fn a_year_outside_a_list_is_unknown_and_not_without_a_holiday() {
    let file = right(
        "country: XX\nholidays:\n  - { name: Moon, dates: [2025-10-20, 2027-10-29] }\n  - { name: Once, once: 2026-01-05 }\n",
    );
    assert!(file.unknown(None, 2026).is_empty());
    assert_eq!(file.unknown(None, 2028), [Arc::from("Moon")]);
    assert_eq!(file.unknown(None, 2024), [Arc::from("Moon")]);
    // What has ended is no longer asked for.
    let ended = one("dates: [2015-03-01, 2016-03-02], until: 2016");
    assert!(ended.unknown(None, 2020).is_empty());
    let all: Vec<_> = file.unknown(None, 2200).iter().map(ToString::to_string).collect();
    assert_eq!(all, ["Moon", "Once"]);
    assert!(file.dates(None, 2200).is_empty() && file.dates(None, i16::MIN).is_empty());
}
