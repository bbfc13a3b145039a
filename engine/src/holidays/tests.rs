//! Rules against the oracle, the shipped files, and what must hold of any file.

mod hostile;
mod rules;
mod shipped;

use super::*;

/// Reads what must be right.
fn right(source: &str) -> Holidays {
    let (holidays, found) = Holidays::read(source);
    let shown: String = found.iter().map(|one| one.render("holidays.yaml", source)).collect();
    assert!(found.is_empty(), "{shown}");
    holidays.unwrap()
}

/// The dates of a year, as text.
fn dates(holidays: &Holidays, region: Option<&str>, year: i16) -> Vec<String> {
    let mut dates: Vec<String> = holidays.dates(region, year).iter().map(|(date, _)| date.to_string()).collect();
    dates.dedup();
    dates
}
