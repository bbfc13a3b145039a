//! Schedules: when, in whose name, and with what.

use crate::definition::codes;
use crate::definition::file::{ScheduleFile, WhoseFile};
use crate::definition::yaml::Node;
use crate::diagnostic::{Diagnostic, Span};

use super::{Found, Keys, checked_name, name, string};

/// Keys of a schedule.
pub(in crate::definition) const SCHEDULE: &[&str] = &["cron", "zone", "as", "input"];

/// Keys of in whose name it asks.
pub(in crate::definition) const WHOSE: &[&str] = &["person", "role", "unit"];

const CRON_HELP: &str = "write minute, hour, day of month, month and day of week: `cron: \"0 2 * * MON-FRI\"`";
const ZONE_HELP: &str = "write the time zone by its IANA name: `zone: Europe/Berlin`";
const WHOSE_HELP: &str = "say in whose name: `as: { role: planner, unit: purchasing }` or `as: { person: ann }`";

pub(super) fn schedules(node: &Node, key: Span, found: &mut Found) -> Vec<ScheduleFile> {
    let Some(keys) = Keys::any(node, key, "`schedules`", found) else { return Vec::new() };
    let mut schedules = Vec::new();
    for (key, node) in keys.iter() {
        checked_name(key, "the name of a schedule", found);
        let Some(keys) = Keys::of(node, key.span, "a schedule", SCHEDULE, found) else {
            continue;
        };
        let cron = keys.need("cron", "a schedule", CRON_HELP, found);
        let cron = cron.and_then(|(key, node)| string(node, key, "the pattern", found));
        let zone = keys.need("zone", "a schedule", ZONE_HELP, found);
        let zone = zone.and_then(|(key, node)| string(node, key, "the time zone", found));
        let whose = keys.need("as", "a schedule", WHOSE_HELP, found);
        let whose = whose.and_then(|(key, node)| whose_name(node, key, found));
        let input = keys.get("input").map_or((key.span, None), |(key, node)| (key, Some(node.clone())));
        schedules.push(ScheduleFile { name: key.clone(), cron, zone, whose, input });
    }
    schedules
}

fn whose_name(node: &Node, key: Span, found: &mut Found) -> Option<WhoseFile> {
    let keys = Keys::of(node, key, "`as`", WHOSE, found)?;
    let unit = keys.get("unit").and_then(|(key, node)| string(node, key, "the unit", found));
    match (keys.get("person"), keys.get("role")) {
        (Some((at, node)), None) => {
            if let Some(unit) = unit {
                let message = "a person needs no unit";
                found.push(Diagnostic::error(codes::CONFLICT, unit.span, message).help("leave it out"));
            }
            string(node, at, "the person's id", found).map(WhoseFile::Person)
        }
        (None, Some((at, node))) => name(node, at, "the role", found).map(|role| WhoseFile::Role(role, unit)),
        (Some(_), Some((at, _))) => {
            let message = "a schedule asks in the name of a person or of a role";
            found.push(Diagnostic::error(codes::CONFLICT, at, message).help("leave out `person` or `role`"));
            None
        }
        (None, None) => {
            let message = "`as` names nobody";
            found.push(Diagnostic::error(codes::MISSING_KEY, key, message).help(WHOSE_HELP));
            None
        }
    }
}
