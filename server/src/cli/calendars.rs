//! `fluxor calendars`: which calendars there are, when people work, and when something is due.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use clap::Subcommand;
use fluxor_engine::calendar::{Named, Wait};
use fluxor_engine::clock::{Clock as _, SystemClock, Timestamp};
use fluxor_engine::definition::wait;
use fluxor_engine::diagnostic::nearest;
use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};
use serde_json::{Value, json};

use super::instant::instant;
use super::out::{Out, table};
use super::{End, Failure};
use crate::config::Config;
use crate::open;

#[derive(Debug, Subcommand)]
pub(super) enum Calendars {
    /// List the calendars of the definitions
    List,
    /// Show a year of a calendar: its hours, and the days on which they do not hold
    Show {
        /// Its name
        name: String,
        /// Which year [default: this one]
        #[arg(long, value_parser = clap::value_parser!(i16).range(1900..=2199))]
        year: Option<i16>,
    },
    /// Say when something is due that waits so long, such as `2 working days`
    Due {
        /// The calendar's name
        name: String,
        /// How long
        #[arg(value_parser = wait)]
        wait: Wait,
        /// From when on, such as 2026-03-02T09:00:00Z [default: now]
        #[arg(long, value_parser = instant)]
        from: Option<Timestamp>,
    },
}

impl Calendars {
    pub(super) fn run(&self, config: &Config, out: &Out) -> Result<End, Failure> {
        let calendars =
            open::calendars(config.definitions().as_deref()).map_err(|e| Failure::Usage(format!("{e:#}")))?;
        let find = |name: &str| {
            calendars.get(name).cloned().ok_or_else(|| {
                let near = nearest(name, calendars.names().map(AsRef::as_ref).collect::<Vec<_>>());
                let near = near.map(|near| format!("Did you mean `{near}`?"));
                let near = near
                    .or_else(|| open::no_folder(config))
                    .unwrap_or_else(|| "`fluxor calendars list` shows all.".to_owned());
                Failure::Declined("not_found".to_owned(), format!("There is no calendar `{name}`. {near}"))
            })
        };
        match self {
            Self::List => {
                if let Some(why) = open::no_folder(config) {
                    return Err(Failure::Usage(why));
                }
                list(&calendars.names().filter_map(|name| calendars.get(name).cloned()).collect::<Vec<_>>(), out)
            }
            Self::Show { name, year } => {
                let named = find(name)?;
                let year = year.unwrap_or_else(|| today(&named).year());
                show(&named, year, out);
            }
            Self::Due { name, wait, from } => {
                let named = find(name)?;
                due(&named, *wait, from.unwrap_or_else(|| SystemClock.now()), out)?;
            }
        }
        Ok(End::Done)
    }
}

fn today(named: &Named) -> Date {
    let now = SystemClock.now().to_jiff();
    now.map_or(Date::default(), |now| named.calendar.zone().to_datetime(now).date())
}

fn list(all: &[Arc<Named>], out: &Out) {
    let machine = |named: &Arc<Named>| json!({ "name": named.name, "title": named.title, "zone": zone(named), "hash": named.hash.to_string() });
    let row = |named: &Arc<Named>| vec![named.name.to_string(), named.title.to_string(), zone(named)];
    let words = || match all {
        [] => "There are no calendars: they are the files in the definitions' folder `calendars`.".to_owned(),
        all => table(&["NAME", "TITLE", "ZONE"], &all.iter().map(row).collect::<Vec<_>>()),
    };
    out.result(&Value::Array(all.iter().map(machine).collect()), words);
}

fn zone(named: &Named) -> String {
    named.calendar.zone().iana_name().unwrap_or("UTC").to_owned()
}

/// The hours of a date as people write them.
fn hours(named: &Named, day: Date) -> String {
    let all: Vec<String> = named.calendar.hours(day).iter().map(ToString::to_string).collect();
    if all.is_empty() { "closed".to_owned() } else { all.join(", ") }
}

fn show(named: &Named, year: i16, out: &Out) {
    let days: Vec<Date> = date(year, 1, 1).series(1.day()).take_while(|day| day.year() == year).collect();
    // What a weekday usually is, is what it is most often.
    let usual = |weekday: Weekday| {
        let mut count = BTreeMap::<String, usize>::new();
        let same = days.iter().filter(|day| day.weekday() == weekday);
        same.for_each(|day| *count.entry(hours(named, *day)).or_default() += 1);
        count.into_iter().max_by_key(|(_, n)| *n).map_or_else(String::new, |(hours, _)| hours)
    };
    let week: Vec<(Weekday, String)> = Weekday::Monday.cycle_forward().take(7).map(|day| (day, usual(day))).collect();
    let differs = |day: &Date| {
        let usual = week.iter().find(|(weekday, _)| *weekday == day.weekday()).map(|(_, hours)| hours);
        usual.is_some_and(|usual| *usual != hours(named, *day)) || !named.calendar.holidays(*day).is_empty()
    };
    let exceptions: Vec<Date> = days.iter().copied().filter(differs).collect();
    let unknown = named.calendar.unknown_holidays(year);
    let machine = json!({
        "name": named.name, "title": named.title, "zone": zone(named), "hash": named.hash.to_string(), "year": year,
        "week": week.iter().map(|(day, hours)| json!({ "day": format!("{day:?}"), "hours": hours })).collect::<Vec<_>>(),
        "days": exceptions.iter().map(|day| json!({
            "date": day.to_string(), "hours": hours(named, *day), "holidays": named.calendar.holidays(*day),
        })).collect::<Vec<_>>(),
        "unknown_holidays": unknown,
    });
    out.result(&machine, || {
        let mut text = format!("{} ({}), {}, {year}\n\n", named.title, named.name, zone(named));
        let rows: Vec<Vec<String>> = week.iter().map(|(day, hours)| vec![format!("{day:?}"), hours.clone()]).collect();
        text.push_str(&table(&["WEEKDAY", "HOURS"], &rows));
        text.push('\n');
        let row = |day: &Date| vec![day.to_string(), hours(named, *day), named.calendar.holidays(*day).join(", ")];
        text.push_str(&table(&["DATE", "HOURS", "HOLIDAY"], &exceptions.iter().map(row).collect::<Vec<_>>()));
        for name in &unknown {
            let _ = writeln!(text, "\nNot known for {year}: {name}.");
        }
        text
    });
}

fn due(named: &Named, wait: Wait, from: Timestamp, out: &Out) -> Result<(), Failure> {
    let Some(at) = wait.end(from, Some(&named.calendar)) else {
        let why = format!("`{wait}` from {from} on never ends in this calendar.");
        return Err(Failure::Declined("never".to_owned(), why));
    };
    let local = at.to_jiff().map(|at| named.calendar.zone().to_datetime(at).to_string());
    let machine = json!({ "from": from.to_string(), "wait": wait.to_string(), "due": at.to_string(), "local": local });
    out.result(&machine, || format!("{at} ({} in {})", local.clone().unwrap_or_default(), zone(named)));
    Ok(())
}
