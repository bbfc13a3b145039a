//! What came of all instances together: counts by state, reason, timer and review.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fluxor_engine::calendar::Wait;
use fluxor_engine::clock::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::REGARDS;

/// So many sentences are told of each reason, for people.
const SENTENCES: usize = 8;

/// What came of the pages so far, read from their JSON, wherever they were made.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Tally {
    mapping: Value,
    warnings: Value,
    /// The warnings for people; machines have them already.
    #[serde(skip)]
    pub(crate) rendered: String,
    pub(crate) goes: usize,
    pub(crate) migrated: usize,
    pub(crate) refused: usize,
    at_target: u64,
    other_versions: u64,
    /// How many go from which states to which.
    states: BTreeMap<String, usize>,
    /// By reason: how many, and which.
    refusals: BTreeMap<String, Vec<Value>>,
    timers: BTreeMap<String, Difference>,
    /// By what becomes of them.
    reviews: BTreeMap<String, usize>,
    /// By the state, those that go on and in which something is due at another instant.
    due: BTreeMap<String, Difference>,
    /// Every instance, as the pages told it.
    pub(crate) items: Vec<Value>,
}

/// How far apart the instants are at which one timer was due and is.
#[derive(Debug, Default, Serialize)]
struct Difference {
    count: usize,
    /// How many of them are due in the past, so that their time comes at once.
    overdue: usize,
    /// Microseconds; below zero: earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    least: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    most: Option<i64>,
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// In what regard one is refused, else under which code.
fn reason(item: &Value) -> &str {
    item["regard"].as_str().unwrap_or(word(&item["code"]))
}

fn paths(value: &Value) -> String {
    list(value).iter().map(word).collect::<Vec<_>>().join(" and ")
}

/// Timers, of which one that stops and one of its name that begins are the same one at another time.
fn paired(timers: &[Value]) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for timer in timers {
        let begins = |known: &&mut Value| known["was"] == timer["name"] && known["name"].is_null();
        let stops = |known: &&mut Value| known["name"] == timer["was"] && known["was"].is_null();
        match (timer["was"].is_null(), timer["name"].is_null()) {
            (true, false) => match all.iter_mut().find(begins) {
                Some(known) => (known["name"], known["after"]) = (timer["name"].clone(), timer["after"].clone()),
                None => all.push(timer.clone()),
            },
            (false, true) => match all.iter_mut().find(stops) {
                Some(known) => (known["was"], known["before"]) = (timer["was"].clone(), timer["before"].clone()),
                None => all.push(timer.clone()),
            },
            _ => all.push(timer.clone()),
        }
    }
    all
}

fn instant(value: &Value) -> Option<Timestamp> {
    Timestamp::parse(value.as_str()?).ok()
}

impl Tally {
    /// Takes a page in; where the next one begins.
    pub(crate) fn take(&mut self, mut page: Value, now: Timestamp) -> Option<String> {
        let next = page["next"].as_str().map(str::to_owned);
        if self.mapping.is_null() {
            (self.mapping, self.warnings) = (page["mapping"].take(), page["warnings"].take());
            self.rendered = word(&page["rendered"]).to_owned();
        }
        self.at_target += page["at_target"].as_u64().unwrap_or(0);
        self.other_versions += page["other_versions"].as_u64().unwrap_or(0);
        let items = match page["items"].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        for item in &items {
            self.count(item, now);
        }
        self.items.extend(items);
        next
    }

    fn count(&mut self, item: &Value, now: Timestamp) {
        match word(&item["outcome"]) {
            "goes" => self.goes += 1,
            "migrated" => self.migrated += 1,
            _ => {
                self.refused += 1;
                let why = reason(item);
                self.refusals.entry(why.to_owned()).or_default().push(item["instance"].clone());
            }
        }
        let changes = &item["changes"];
        if changes.is_null() {
            return;
        }
        *self.states.entry(format!("{} -> {}", paths(&changes["from"]), paths(&changes["to"]))).or_default() += 1;
        for timer in paired(list(&changes["timers"])) {
            self.timer(&timer, now);
        }
        for review in list(&changes["reviews"]) {
            *self.reviews.entry(word(&review["what"]).to_owned()).or_default() += 1;
            if review["what"] == "kept" && review["before"] != review["after"] {
                self.due.entry(word(&review["state"]).to_owned()).or_default().add(review, now);
            }
        }
    }

    fn timer(&mut self, timer: &Value, now: Timestamp) {
        let name = match (timer["was"].as_str(), timer["name"].as_str()) {
            (Some(was), Some(name)) if was != name => format!("{was} -> {name}"),
            (Some(was), None) => format!("{was} stops"),
            (None, Some(name)) => format!("{name} begins"),
            (_, name) => name.unwrap_or_default().to_owned(),
        };
        self.timers.entry(name).or_default().add(timer, now);
    }

    /// For people.
    pub(crate) fn words(&self) -> String {
        let end =
            |end: &Value| format!("version {} ({})", end["version"], word(&end["hash"]).get(..12).unwrap_or_default());
        let from: Vec<String> = list(&self.mapping["from"]).iter().map(end).collect();
        let from = if from.is_empty() { "nothing that somebody has".to_owned() } else { from.join(", ") };
        let mut text = format!("{}: {from} -> {}\n", word(&self.mapping["workflow"]), end(&self.mapping["to"]));
        let mut line = |count: u64, words: &str| {
            if count > 0 {
                let _ = writeln!(text, "{count:>7} {words}");
            }
        };
        line(self.goes as u64, "would go");
        line(self.migrated as u64, "migrated");
        line(self.refused as u64, "refused, and stay with their definition");
        line(self.at_target, "have the new definition already");
        line(self.other_versions, "have a definition that the mapping is not for");
        if self.goes + self.migrated + self.refused == 0 && self.at_target + self.other_versions == 0 {
            let _ = writeln!(text, "        no running instance has one of these definitions");
        }
        for (states, count) in &self.states {
            let _ = writeln!(text, "  {count:>5} {states}");
        }
        for (what, count) in &self.reviews {
            let one = *count == 1;
            let words = match what.as_str() {
                "kept" if one => "review goes on with its votes",
                "kept" => "reviews go on with their votes",
                "asked_again" if one => "review is asked again: the rules are others, and old votes count no more",
                "asked_again" => "reviews are asked again: the rules are others, and old votes count no more",
                "asked" if one => "review begins",
                "asked" => "reviews begin",
                "laid_aside" if one => "review is laid aside: nobody is asked any more",
                "laid_aside" => "reviews are laid aside: nobody is asked any more",
                _ if one => "review stays approved, by the rules of then",
                _ => "reviews stay approved, by the rules of then",
            };
            let _ = writeln!(text, "  {count:>5} {words}");
        }
        for (state, difference) in &self.due {
            let those =
                if difference.count == 1 { "of these reminds or escalates" } else { "of these remind or escalate" };
            let _ =
                writeln!(text, "  {:>5} {those} at another time, in {state}{}", difference.count, difference.words());
        }
        for (name, difference) in &self.timers {
            let _ = writeln!(text, "  {:>5} timer {name}{}", difference.count, difference.words());
        }
        for why in self.refusals.keys() {
            text.push_str(&self.refusal(why));
        }
        text.trim_end().to_owned()
    }

    /// Those that are refused in one regard, by the sentence that says why, the most frequent first.
    fn refusal(&self, why: &str) -> String {
        let words =
            REGARDS.iter().find(|(known, _)| *known == why).map_or(String::new(), |(_, words)| format!(": {words}"));
        let mut sentences: BTreeMap<String, (usize, &str)> = BTreeMap::new();
        for item in self.items.iter().filter(|item| item["outcome"] == "refused" && reason(item) == why) {
            let id = word(&item["instance"]);
            // What differs by the id alone is one sentence.
            let sentence = word(&item["detail"]).replace(id, "ID");
            sentences.entry(sentence).or_insert((0, id)).0 += 1;
        }
        let count: usize = sentences.values().map(|(count, _)| count).sum();
        let mut text = format!("refused [{why}] {count}{words}\n");
        let mut sentences: Vec<_> = sentences.into_iter().collect();
        sentences.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        for (sentence, (count, id)) in sentences.iter().take(SENTENCES) {
            let _ = writeln!(text, "  {count:>5} {sentence} Such as {id}.");
        }
        let others: usize = sentences.iter().skip(SENTENCES).map(|(_, (count, _))| count).sum();
        if others > 0 {
            let _ = writeln!(text, "  {others:>5} for other reasons: --list FILE has each");
        }
        text
    }

    /// Every instance as a line of CSV.
    pub(crate) fn csv(&self) -> String {
        let mut text = "instance,key,from,to,outcome,code,regard,detail\n".to_owned();
        for item in &self.items {
            let from = if item["changes"].is_null() {
                word(&item["state"]).to_owned()
            } else {
                paths(&item["changes"]["from"])
            };
            let cells = [
                word(&item["instance"]).to_owned(),
                word(&item["key"]).to_owned(),
                from,
                paths(&item["changes"]["to"]),
                word(&item["outcome"]).to_owned(),
                word(&item["code"]).to_owned(),
                word(&item["regard"]).to_owned(),
                word(&item["detail"]).to_owned(),
            ];
            let cells = cells.map(|cell| quoted(&cell));
            let _ = writeln!(text, "{}", cells.join(","));
        }
        text
    }
}

/// A cell that no spreadsheet takes for a formula.
fn quoted(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if !formula && !cell.contains(['"', ',', '\n', '\r']) {
        return cell.to_owned();
    }
    format!("\"{}{}\"", if formula { "'" } else { "" }, cell.replace('"', "\"\""))
}

impl Difference {
    /// One more, due at `before` and at `after`.
    fn add(&mut self, moved: &Value, now: Timestamp) {
        self.count += 1;
        let (before, after) = (instant(&moved["before"]), instant(&moved["after"]));
        self.overdue += usize::from(after.is_some_and(|after| after <= now));
        if let (Some(before), Some(after)) = (before, after) {
            let apart = after.micros() - before.micros();
            self.least = Some(self.least.map_or(apart, |least| least.min(apart)));
            self.most = Some(self.most.map_or(apart, |most| most.max(apart)));
        }
    }

    fn words(&self) -> String {
        let apart = |micros: i64| match micros {
            0 => "as before".to_owned(),
            late if late > 0 => format!("{} later", Wait::Elapsed(late)),
            early => format!("{} earlier", Wait::Elapsed(-early)),
        };
        let mut words = match (self.least, self.most) {
            (Some(least), Some(most)) if least == most => format!(": due {}", apart(least)),
            (Some(least), Some(most)) => format!(": due {} to {}", apart(least), apart(most)),
            _ => String::new(),
        };
        if self.overdue > 0 {
            let _ = write!(words, "; {} due at once", self.overdue);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_are_counted_and_told() {
        let mapping = json!({ "workflow": "order", "from": [{ "hash": "ab".repeat(32), "version": 1 }],
            "to": { "hash": "cd".repeat(32), "version": 2 } });
        let goes = |id: &str, after: &str| {
            json!({ "instance": id, "state": "a", "outcome": "goes", "changes": { "from": ["a"], "to": ["b"],
                "timers": [
                    { "was": "a#1", "name": "b#1", "before": "2026-03-02T08:00:00Z", "after": after },
                    { "name": "c#1", "after": "2026-03-10T08:00:00Z" },
                    { "was": "c#1", "before": "2026-03-02T08:00:00Z" },
                    { "was": "d#1", "before": "2026-03-02T08:00:00Z" },
                ],
                "reviews": [{ "task": 1, "state": "b", "what": "kept", "before": "2026-03-03T08:00:00Z", "after": "2026-03-02T20:00:00Z" }] } })
        };
        let refused = json!({ "instance": "3", "key": "=1+1", "state": "x", "outcome": "refused", "code": "not_migratable",
            "regard": "state", "detail": "No, \"x\" has none." });
        let other = |id: &str, why: &str| json!({ "instance": id, "state": "x", "outcome": "refused", "code": "not_migratable", "detail": why });
        let others =
            [other("40", "Its task 40.1 stops."), other("50", "Its task 50.1 stops."), other("60", "It has ended.")];
        let mut items = vec![goes("1", "2026-03-02T10:00:00Z"), goes("2", "2026-03-01T08:00:00Z"), refused];
        items.extend(others);
        let page =
            json!({ "mapping": mapping, "items": items, "at_target": 4, "other_versions": 0, "next": "active:7" });
        let mut tally = Tally::default();
        let now = Timestamp::parse("2026-03-02T07:00:00Z").unwrap();
        assert_eq!(tally.take(page, now).as_deref(), Some("active:7"));
        let words = tally.words();
        for told in [
            "order: version 1 (abababababab) -> version 2 (cdcdcdcdcdcd)",
            "      2 would go",
            "      4 refused",
            "      4 have the new definition already",
            "2 a -> b",
            "2 reviews go on with their votes",
            "2 of these remind or escalate at another time, in b: due 12 hours earlier",
            "2 timer a#1 -> b#1: due 1 day earlier to 2 hours later; 1 due at once",
            "2 timer c#1: due 8 days later",
            "2 timer d#1 stops",
            "refused [state] 1: nothing says where they go\n      1 No, \"x\" has none. Such as 3.",
            "refused [not_migratable] 3\n      2 Its task ID.1 stops. Such as 40.\n      1 It has ended. Such as 60.",
        ] {
            assert!(words.contains(told), "{told} in {words}");
        }
        assert!(
            tally.csv().contains("\n3,\"'=1+1\",x,,refused,not_migratable,state,\"No, \"\"x\"\" has none.\"\n"),
            "{}",
            tally.csv()
        );
    }
}
