//! A country's file of holidays becomes rules; everything that is wrong with it is reported.

mod rule;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Holidays, words};
use crate::calendar::codes;
use crate::definition::reading::{Found, Keys, Spot, list, parse, string};
use crate::diagnostic::{Diagnostic, Severity, Span};

/// Reads the whole file.
pub(super) fn file(source: &str) -> (Option<Holidays>, Found) {
    let mut found = Found::new();
    let root = match parse(source) {
        Ok(root) => root,
        Err(diagnostic) => return (None, vec![*diagnostic]),
    };
    let allowed = &["country", "title", "regions", "weekend", "holidays"];
    let read = Keys::of(&root, Span::default(), "a file of holidays", allowed, &mut found)
        .and_then(|keys| head(&keys, &mut found));
    found.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
    let good = found.iter().all(|one| one.severity != Severity::Error);
    (read.filter(|_| good), found)
}

fn head(keys: &Keys<'_>, found: &mut Found) -> Option<Holidays> {
    let need = "write the two letters of the country, such as `country: DE`";
    let country = keys
        .need("country", "a file of holidays", need, found)
        .and_then(|(at, node)| string(node, at, "the country", found));
    if let Some(country) = &country
        && !(country.value.len() == 2 && country.value.bytes().all(|b| b.is_ascii_uppercase()))
    {
        let message = format!("`{}` is not a country", country.value);
        found.push(Diagnostic::error(codes::BAD_COUNTRY, country.span, message).help(match country.value.as_str() {
            "uk" => "write `GB`".to_owned(),
            other if other.len() == 2 => format!("write `{}`: capital letters", other.to_ascii_uppercase()),
            _ => "write its two letters of ISO 3166-1, such as `DE`".to_owned(),
        }));
    }
    let title = keys.get("title").and_then(|(at, node)| string(node, at, "the title", found));
    let regions = regions(keys, found);
    let weekend = match keys.get("weekend") {
        Some((at, node)) => rule::weekdays(node, at, "the weekend", found).unwrap_or_default(),
        None => [false, false, false, false, false, true, true],
    };
    let help = "write `holidays: [{ name: New Year's Day, on: 01-01 }]`";
    let mut rules = Vec::new();
    if let Some((at, node)) = keys.need("holidays", "a file of holidays", help, found) {
        for one in list(node, at, "`holidays`", found).unwrap_or_default() {
            rules.extend(rule::rule(one, at, &regions, found));
        }
    }
    let country: Arc<str> = country?.value.into();
    let title = title.map_or_else(|| country.clone(), |title| title.value.into());
    Some(Holidays { country, title, regions, weekend, rules })
}

fn regions(keys: &Keys<'_>, found: &mut Found) -> BTreeMap<Arc<str>, Arc<str>> {
    let mut regions = BTreeMap::new();
    let Some((at, node)) = keys.get("regions") else { return regions };
    let Some(entries) = Keys::any(node, at, "`regions`", found) else { return regions };
    for (code, node) in entries.iter() {
        let good = code.value.len() <= 3 && !code.value.is_empty();
        if !good || !code.value.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            let message = format!("`{}` is not the code of a region", code.value);
            let help = "write what follows the country in its ISO 3166-2 code, such as `BE: Berlin`";
            found.push(Diagnostic::error(codes::BAD_REGION, code.span, message).help(help));
        }
        if let Some(title) = string(node, code.span, "a region's title", found) {
            regions.insert(code.value.as_str().into(), title.value.into());
        }
    }
    regions
}

/// The days of the week that `text` names.
pub(crate) fn days_of_week(text: &Spot<String>, found: &mut Found) -> Option<[bool; 7]> {
    let days = words::weekdays(&text.value);
    if days.is_none() {
        let message = format!("`{}` are not days of the week", text.value);
        let help = words::similar(&text.value).map_or_else(
            || "write `monday`, `monday to friday`, `saturday and sunday` or `every day`".to_owned(),
            |near| format!("write `{near}`"),
        );
        found.push(Diagnostic::error(codes::BAD_WEEKDAYS, text.span, message).help(help));
    }
    days
}
