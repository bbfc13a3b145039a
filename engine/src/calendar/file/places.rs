//! Where a calendar holds: its time zone, and whose holidays it keeps.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{Known, Place};
use crate::calendar::codes;
use crate::definition::reading::{Found, Keys, Spot, one_or_many, or_list, string};
use crate::diagnostic::{Diagnostic, nearest};
use crate::holidays::Holidays;

/// How many names a help lists.
const MOST_NAMES: usize = 40;

pub(super) fn zone(keys: &Keys<'_>, found: &mut Found) -> Option<TimeZone> {
    let help = "write the IANA name of its time zone, such as `zone: Europe/Berlin` or `zone: UTC`";
    let (at, node) = keys.need("zone", "a calendar", help, found)?;
    let text = string(node, at, "the zone", found)?;
    if let Ok(zone) = TimeZone::get(&text.value) {
        return Some(zone);
    }
    let message = format!("there is no time zone `{}`", text.value);
    let help = similar_zone(&text.value).map_or_else(
        || "write the IANA name of the zone, such as `Europe/Berlin`, `America/New_York` or `UTC`".to_owned(),
        |near| format!("write `{near}`"),
    );
    found.push(Diagnostic::error(codes::UNKNOWN_ZONE, text.span, message).help(help));
    None
}

/// `Europe/Berlin` for `Berlin`, `europe/berln` or `Europe/New York`.
fn similar_zone(text: &str) -> Option<String> {
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '-'], "_");
    let wanted = plain(text);
    let city = |name: &str| plain(name.rsplit('/').next().unwrap_or(name));
    // Of those with a legacy alias (`America/Indiana/...`) the shortest is the usual one.
    let of_city = names.iter().filter(|name| name.contains('/') && city(name) == city(&wanted));
    let lower: Vec<String> = names.iter().map(|name| plain(name)).collect();
    let near = || {
        let near = nearest(&wanted, lower.iter().map(String::as_str))?;
        lower.iter().position(|name| name == near).and_then(|at| names.get(at))
    };
    of_city.min_by_key(|name| (name.len(), (*name).clone())).or_else(near).cloned()
}

pub(super) fn holidays(keys: &Keys<'_>, known: &Known<'_>, found: &mut Found) -> Vec<Place> {
    let Some((at, node)) = keys.get("holidays") else { return Vec::new() };
    let mut taken: Vec<Spot<Place>> = Vec::new();
    for node in one_or_many(node, at, "`holidays`", found) {
        let Some(text) = string(node, at, "a country", found) else { continue };
        let Some(place) = place(&text, known, found) else { continue };
        let within = |other: &&Spot<Place>| {
            let whole = other.value.region.is_none() || place.region.is_none();
            other.value.country == place.country && (whole || other.value == place)
        };
        if let Some(first) = taken.iter().find(within) {
            let message = format!("the holidays of `{}` are named already", place.country);
            found.push(
                Diagnostic::warning(codes::SAME_HOLIDAYS, text.span, message)
                    .related(first.span, "here")
                    .help("leave one out: a region has the holidays of its country as well"),
            );
        }
        taken.push(Spot::new(place, text.span));
    }
    taken.into_iter().map(|place| place.value).collect()
}

/// `DE` or `DE-BE`.
fn place(text: &Spot<String>, known: &Known<'_>, found: &mut Found) -> Option<Place> {
    let (country, region) = match text.value.split_once('-') {
        Some((country, region)) => (country, Some(region)),
        None => (text.value.as_str(), None),
    };
    if known.broken.contains(country) {
        return None;
    }
    let Some((code, rules)) = known.countries.get_key_value(country) else {
        let message = format!("the holidays of `{country}` are not known");
        let help = country_help(&text.value, known);
        found.push(Diagnostic::error(codes::UNKNOWN_COUNTRY, text.span, message).help(help));
        return None;
    };
    let Some(region) = region else { return Some(Place { country: code.clone(), region: None }) };
    let Some((region, _)) = rules.regions.get_key_value(region) else {
        let message = format!("`{code}` has no region `{region}`");
        let help = region_help(rules, region);
        found.push(Diagnostic::error(codes::UNKNOWN_REGION, text.span, message).help(help));
        return None;
    };
    Some(Place { country: code.clone(), region: Some(region.clone()) })
}

fn country_help(written: &str, known: &Known<'_>) -> String {
    let upper = written.to_ascii_uppercase();
    let (code, region) = upper.split_once('-').map_or((upper.as_str(), None), |(code, region)| (code, Some(region)));
    let code = if code == "UK" { "GB" } else { code };
    if known.countries.contains_key(code) {
        return region.map_or_else(|| format!("write `{code}`"), |region| format!("write `{code}-{region}`"));
    }
    let titled = known.countries.values().find(|rules| rules.title.eq_ignore_ascii_case(written));
    let in_region = || {
        known.countries.values().find_map(|rules| {
            let (code, _) = rules.regions.iter().find(|(_, title)| title.eq_ignore_ascii_case(written))?;
            Some(format!("{}-{code}", rules.country))
        })
    };
    match titled.map(|rules| rules.country.to_string()).or_else(in_region) {
        Some(code) => format!("write `{code}`"),
        None if known.countries.is_empty() => "add its rules as `holidays/DE.yaml`, beside the calendars".to_owned(),
        None => format!("add a file `holidays/{code}.yaml`, or write {}", some(known.countries.keys())),
    }
}

fn region_help(rules: &Holidays, written: &str) -> String {
    let country = &rules.country;
    if rules.regions.is_empty() {
        return format!("write `{country}`: it has the same holidays everywhere");
    }
    let upper = written.to_ascii_uppercase();
    let titled = rules.regions.iter().find(|(_, title)| title.eq_ignore_ascii_case(written)).map(|(code, _)| code);
    let same = || rules.regions.get_key_value(upper.as_str()).map(|(code, _)| code);
    match titled.or_else(same) {
        Some(code) => format!("write `{country}-{code}`"),
        None => format!("write `{country}`, or one of its regions: {}", some(rules.regions.keys())),
    }
}

fn some<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> String {
    let names: Vec<&str> = names.map(|name| &**name).collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    let shown = or_list(&names[..names.len() - more]);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
