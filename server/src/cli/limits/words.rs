//! Reports on limits as tables for people.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::out::{counted, table};
use crate::limits::explain::{long, number, rows};

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn texts(row: &Value, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| text(&row[*name])).collect()
}

/// The key; where there is none, it is all others together.
fn key(row: &Value) -> String {
    match row["key"].as_str() {
        Some(key) => key.to_owned(),
        None => "(all others)".to_owned(),
    }
}

/// An instant as people read it: whole seconds.
fn instant(value: &Value) -> String {
    let text = value.as_str().unwrap_or_default();
    match text.split(['.', 'Z']).next().filter(|text| !text.is_empty()) {
        Some(text) => format!("{} UTC", text.replace('T', " ")),
        None => "-".to_owned(),
    }
}

fn notes(told: &Value, mut out: String) -> String {
    for note in rows(told, "notes") {
        out.push_str(&format!("\n{}", text(note)));
    }
    out
}

/// Bars, the highest for the most.
fn bars(steps: &Value) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let costs = || rows(steps, "steps").map(|step| number(&step["cost"]));
    let most = u128::from(costs().max().unwrap_or(0).max(1));
    let bar = |cost: u64| match usize::try_from((u128::from(cost) * 8).div_ceil(most)) {
        Ok(0) | Err(_) => ' ',
        Ok(height) => BARS[(height - 1).min(7)],
    };
    costs().map(bar).collect()
}

fn named(policy: &Value) -> String {
    let name = text(&policy["policy"]);
    match (policy["shadow"] == true, policy["per_server"] == true) {
        (true, _) => format!("{name} (in shadow)"),
        (false, true) => format!("{name} (this server)"),
        _ => name,
    }
}

/// A table, or that there is nothing.
fn rows_or_none(heads: &[&str], cells: &[Vec<String>]) -> String {
    if cells.is_empty() { "Nothing.".to_owned() } else { table(heads, cells) }
}

/// Who is near a limit, or over it: who is over comes first.
pub(super) fn now(told: &Value) -> String {
    let mut cells: Vec<(usize, Vec<String>)> = Vec::new();
    for policy in rows(told, "policies") {
        let mut keys = rows(policy, "keys").peekable();
        if keys.peek().is_none() {
            let state = if number(&policy["unknown"]) > 0 { "unknown" } else { "-" };
            let rest = ["-", state, "-", "-", "-", "-"].map(str::to_owned);
            cells.push((3, [vec![named(policy), text(&policy["admits"])], rest.to_vec()].concat()));
        }
        for row in keys {
            let rank = ["over", "near"].iter().position(|state| row["state"] == *state).unwrap_or(2);
            let admits = if row["admits"].is_null() { &policy["admits"] } else { &row["admits"] };
            let cell = vec![
                named(policy),
                text(admits),
                key(row),
                text(&row["state"]),
                format!("{} of {}", text(&row["used"]), text(&row["quota"])),
                format!("{} %", text(&row["percent"])),
                long(number(&row["reset_seconds"])),
                instant(&row["last"]),
            ];
            cells.push((rank, cell));
        }
    }
    cells.sort_by_key(|(rank, _)| *rank);
    let cells: Vec<Vec<String>> = cells.into_iter().map(|(_, cell)| cell).collect();
    let heads = ["POLICY", "ADMITS", "KEY", "STATE", "USED", "SHARE", "ALL BACK IN", "LAST CALL"];
    let place = place(told);
    let out = format!("{}\n\n{}, counted {place}.", rows_or_none(&heads, &cells), instant(&told["at"]));
    notes(told, out)
}

/// How somebody stands himself.
pub(super) fn own(told: &Value) -> String {
    let cells: Vec<Vec<String>> = rows(told, "limits")
        .map(|limit| {
            let now = &limit["now"];
            let methods: Vec<String> = rows(limit, "methods").map(text).collect();
            let routes: Vec<String> = rows(limit, "routes").map(text).collect();
            let calls = [methods.join(" "), routes.join(" ")].join(" ").trim().to_owned();
            let mut cells = vec![text(&limit["policy"]), text(&limit["admits"])];
            cells.push(if calls.is_empty() { "all".to_owned() } else { calls });
            match (now.is_null(), limit["key"].as_str()) {
                (true, None) => cells.extend(["(one for each call)", "-", "-", "-"].map(str::to_owned)),
                (true, Some(key)) => cells.extend([key, "unknown", "-", "-"].map(str::to_owned)),
                (false, _) => cells.extend([
                    key(limit),
                    text(&now["state"]),
                    format!("{} of {}", text(&now["used"]), text(&now["quota"])),
                    long(number(&now["reset_seconds"])),
                ]),
            }
            cells
        })
        .collect();
    let heads = ["POLICY", "ADMITS", "OF CALLS", "KEY", "STATE", "USED", "ALL BACK IN"];
    let (person, at) = (text(&told["person"]), instant(&told["at"]));
    notes(told, format!("{}\n\n{person}, {at}, counted {}.", rows_or_none(&heads, &cells), place(told)))
}

/// Where it is counted.
fn place(told: &Value) -> String {
    match (told["store"].as_str(), told["away"] == true) {
        (Some("process"), _) | (None, _) => "in the server's memory".to_owned(),
        (Some(store), false) => format!("in {store}"),
        (Some(store), true) => format!("by the server alone: {store} is away"),
    }
}

/// When a key cost most, and how much.
fn busiest(of: &Value, step: u64) -> String {
    let costs = rows(of, "steps").map(|step| number(&step["cost"])).enumerate();
    let Some((place, cost)) = costs.max_by_key(|(place, cost)| (*cost, std::cmp::Reverse(*place))) else {
        return "-".to_owned();
    };
    let after = SignedDuration::from_secs(i64::try_from(step.saturating_mul(place as u64)).unwrap_or(0));
    let at = text(&of["from"]).parse::<Timestamp>().ok().and_then(|from| from.checked_add(after).ok());
    match at {
        Some(at) if cost > 0 => format!("{} ({cost})", instant(&at.to_string().into())),
        _ => "-".to_owned(),
    }
}

/// How many a policy in shadow would have refused; of one that enforces there is nothing to tell.
fn would(of: &Value) -> String {
    match (number(&of["would_refuse"]), of["shadow"] == true) {
        (0, false) => "-".to_owned(),
        (count, _) => count.to_string(),
    }
}

/// How much was used.
pub(super) fn usage(told: &Value) -> String {
    let cells: Vec<Vec<String>> = rows(told, "series")
        .map(|of| {
            let mut cells = vec![named(of), text(&of["admits"]), key(of)];
            cells.extend(texts(of, &["calls", "cost", "refused"]));
            cells.push(would(of));
            cells.extend([bars(of), busiest(of, number(&told["step_seconds"]))]);
            cells
        })
        .collect();
    let heads = ["POLICY", "ADMITS", "KEY", "CALLS", "COST", "REFUSED", "WOULD REFUSE", "OVER TIME", "BUSIEST STEP"];
    let (from, to) = (instant(&told["from"]), instant(&told["to"]));
    let steps = long(number(&told["step_seconds"]));
    let out =
        format!("{}\n\n{} calls from {from} to {to}; a bar is {steps}.", table(&heads, &cells), text(&told["calls"]));
    notes(told, out)
}

/// Why requests were refused; all about them if `whole`.
pub(super) fn refused(told: &Value, whole: bool) -> String {
    if whole {
        let each: Vec<String> = rows(told, "items").map(one).collect();
        return notes(told, each.join("\n\n")).trim_start().to_owned();
    }
    let cells: Vec<Vec<String>> = rows(told, "items")
        .map(|row| {
            let who = row["person"].as_str().or(row["address"].as_str()).unwrap_or("-").to_owned();
            let asked = format!("{} {}", text(&row["method"]), text(&row["route"])).trim().to_owned();
            vec![instant(&row["at"]), text(&row["request"]), who, asked, text(&row["why"])]
        })
        .collect();
    notes(told, rows_or_none(&["AT", "REQUEST", "WHO", "ASKED", "WHY"], &cells))
}

fn one(row: &Value) -> String {
    let mut lines = vec![format!("{}  {}", instant(&row["at"]), text(&row["why"]))];
    let names = ["request", "code", "person", "api_key", "address", "method", "route", "object", "cost"];
    let names = names.into_iter().filter(|name| !row[*name].is_null());
    lines.extend(names.map(|name| format!("  {name:<9}{}", text(&row[name]))));
    if row["alone"] == true {
        lines.push("  decided while the shared store was away".to_owned());
    }
    let cells: Vec<Vec<String>> = rows(row, "policies")
        .map(|said| {
            let left = match (said["remaining"].as_u64(), said["quota"].as_u64()) {
                (Some(left), Some(quota)) => format!("{left} of {quota}"),
                _ => "-".to_owned(),
            };
            let outcome = match (said["refused"] == true, said["shadow"] == true) {
                (true, true) => "would refuse",
                (true, false) => "refused",
                (false, _) => "fine",
            };
            let wait = said["retry_after"].as_u64().map_or_else(|| "-".to_owned(), long);
            vec![format!("  {}", text(&said["policy"])), key(said), outcome.to_owned(), left, wait]
        })
        .collect();
    lines.push(table(&["  POLICY", "KEY", "SAID", "LEFT", "WAIT"], &cells));
    lines.join("\n")
}

/// What limits would have done.
pub(super) fn replayed(told: &Value) -> String {
    let mut cells = Vec::new();
    for policy in rows(told, "policies") {
        let keys = counted(number(&policy["keys_count"]), "key", "keys");
        let refused = match number(&policy["never"]) {
            0 => text(&policy["refused"]),
            never => format!("{} ({never} would never pass)", text(&policy["refused"])),
        };
        let admits = text(&policy["admits"]);
        let cell = vec![named(policy), admits, keys, text(&policy["calls"]), refused, String::new(), String::new()];
        cells.push(cell);
        for row in rows(policy, "keys").take(5) {
            let mut cell = vec![String::new(), text(&row["admits"]), key(row)];
            cell.extend(texts(row, &["calls", "refused"]));
            cell.push(format!("{} of {}", text(&row["peak_used"]), text(&row["quota"])));
            cell.push(instant(&row["first_refused"]));
            cells.push(cell);
        }
    }
    let heads = ["POLICY", "ADMITS", "KEY", "CALLS", "REFUSED", "MOST USED", "FIRST REFUSED"];
    notes(told, format!("{}\n\n{}", rows_or_none(&heads, &cells), text(&told["summary"])))
}
