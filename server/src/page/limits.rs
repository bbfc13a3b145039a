//! What stands on the page about limits, of the reports as they are told over HTTP: numbers in groups, times in the reader's zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use super::chart::{Bar, bars};
use crate::limits::explain::{long, number, rows};

/// A report, as over HTTP.
pub(crate) type Report = Value;

/// What is shown.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Limits {
    setting: String,
    settings: Vec<Value>,
    periods: Vec<Value>,
    now: Option<Value>,
    usage: Option<Value>,
    own: Value,
    refusals: Value,
    trial: Option<Value>,
}

/// Limits that somebody tries.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// As they were typed.
    pub document: String,
    /// On which day's calls.
    pub day: String,
    /// What is wrong with them: place and sentence.
    pub errors: Vec<(String, String)>,
    /// What they would have done.
    pub result: Option<Report>,
}

/// Words and numbers as a reader has them.
pub(crate) struct Form<'z>(pub(crate) &'z TimeZone);

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `1,234,567`.
fn grouped(value: &Value) -> String {
    fluxor_workflows::grouped(&number(value).to_string())
}

fn key(row: &Value) -> String {
    match row["key"].as_str() {
        Some(key) => key.to_owned(),
        None => "all others".to_owned(),
    }
}

/// How many a policy in shadow would have refused; of one that enforces there is nothing to tell.
fn would(of: &Value) -> String {
    match (number(&of["would_refuse"]), of["shadow"] == true) {
        (0, false) => "–".to_owned(),
        _ => grouped(&of["would_refuse"]),
    }
}

impl Form<'_> {
    /// An instant: `2026-11-28 14:05:09 CET`.
    fn at(&self, value: &Value) -> String {
        let Ok(at) = text(value).parse::<Timestamp>() else { return String::new() };
        at.to_zoned(self.0.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    /// The same without the day and the zone, for bars.
    fn short(&self, at: Timestamp) -> String {
        at.to_zoned(self.0.clone()).strftime("%m-%d %H:%M").to_string()
    }

    fn now(&self, told: &Report) -> Value {
        let place = match (text(&told["store"]), told["away"] == true) {
            ("process", _) => "in this server's memory".to_owned(),
            (store, false) => format!("in {store}"),
            (store, true) => format!("here alone, because {store} is away"),
        };
        let policies: Vec<Value> = rows(told, "policies").map(|policy| self.policy_now(policy)).collect();
        json!({
            "at": self.at(&told["at"]), "place": place, "since": self.at(&told["since"]), "notes": told["notes"],
            "policies": policies,
        })
    }

    fn policy_now(&self, policy: &Value) -> Value {
        let shown: Vec<Value> = rows(policy, "keys")
            .map(|row| {
                json!({
                    "key": key(row), "admits": row["admits"], "state": row["state"], "used": grouped(&row["used"]), "quota": grouped(&row["quota"]),
                    "percent": row["percent"], "back": long(number(&row["reset_seconds"])), "last": self.at(&row["last"]),
                })
            })
            .collect();
        let by: Vec<&str> = rows(policy, "by").map(text).collect();
        let (count, over, near) = (number(&policy["keys_count"]), number(&policy["over"]), number(&policy["near"]));
        let summary = match count {
            0 if number(&policy["unknown"]) > 0 => "The store is away: it is not known how its keys stand.".to_owned(),
            0 => "No call of it was noted.".to_owned(),
            _ => format!(
                "{} {}: {over} with nothing left, {near} that have used 80 % or more{}.",
                grouped(&policy["keys_count"]),
                if count == 1 { "key" } else { "keys" },
                if usize::try_from(count).is_ok_and(|count| count > shown.len()) {
                    format!("; the first {}", shown.len())
                } else {
                    String::new()
                }
            ),
        };
        json!({
            "policy": policy["policy"], "admits": policy["admits"], "by": by.join(", "), "shadow": policy["shadow"],
            "per_server": policy["per_server"], "summary": summary, "keys": shown,
        })
    }

    fn usage(&self, told: &Report) -> Value {
        let step = number(&told["step_seconds"]);
        let series: Vec<Value> = rows(told, "series")
            .map(|of| {
                let begin = text(&of["from"]).parse().unwrap_or(Timestamp::UNIX_EPOCH);
                let steps = rows(of, "steps").enumerate().map(|(place, one)| {
                    let after = i64::try_from(step).unwrap_or(0).saturating_mul(i64::try_from(place).unwrap_or(0));
                    let at = begin.checked_add(jiff::SignedDuration::from_secs(after)).unwrap_or(begin);
                    Bar {
                        when: self.short(at),
                        cost: number(&one["cost"]),
                        refused: number(&one["refused"]),
                        would: number(&one["would_refuse"]),
                    }
                });
                let steps: Vec<Bar> = steps.collect();
                let busiest = steps.iter().rev().max_by_key(|bar| bar.cost).filter(|bar| bar.cost > 0);
                json!({
                    "busiest": busiest.map(|bar| format!("{}: {}", bar.when, grouped(&bar.cost.into()))),
                    "policy": if of["shadow"] == true { format!("{} (in shadow)", text(&of["policy"])) } else { text(&of["policy"]).to_owned() },
                    "key": key(of), "calls": grouped(&of["calls"]), "cost": grouped(&of["cost"]),
                    "refused": grouped(&of["refused"]), "would": would(of), "chart": bars(&steps),
                })
            })
            .collect();
        json!({
            "calls": grouped(&told["calls"]), "from": self.at(&told["from"]), "to": self.at(&told["to"]), "step": long(step),
            "notes": told["notes"], "series": series,
        })
    }

    /// How whoever looks stands himself.
    fn own(&self, told: &Report) -> Value {
        let limits: Vec<Value> = rows(told, "limits")
            .map(|limit| {
                let now = &limit["now"];
                let calls: Vec<&str> = rows(limit, "methods").chain(rows(limit, "routes")).map(text).collect();
                json!({
                    "policy": limit["policy"], "admits": limit["admits"], "calls": calls.join(" "), "known": !now.is_null(),
                    "state": now["state"], "used": grouped(&now["used"]), "quota": grouped(&now["quota"]),
                    "percent": now["percent"], "back": long(number(&now["reset_seconds"])),
                })
            })
            .collect();
        json!({ "at": self.at(&told["at"]), "notes": told["notes"], "limits": limits })
    }

    fn refusals(&self, told: &Report, setting: &str, asked: &str, own: bool) -> Value {
        let items: Vec<Value> = rows(told, "items").map(|row| self.refused(row, setting)).collect();
        let caption = match (asked.is_empty(), items.len()) {
            (false, 1) => "The refusal of this request.".to_owned(),
            (false, count) => format!("{count} refusals of requests with this id."),
            (true, count) => format!("The newest {count}."),
        };
        json!({
            "heading": if own { "Your refused requests" } else { "Refused requests" }, "asked": asked, "caption": caption,
            "notes": told["notes"], "items": items,
        })
    }

    fn refused(&self, row: &Value, setting: &str) -> Value {
        let who = row["person"].as_str().or(row["address"].as_str()).unwrap_or("unknown");
        let details: Vec<String> = rows(row, "policies")
            .map(|said| {
                let outcome = match (said["refused"] == true, said["shadow"] == true) {
                    (true, true) => "would refuse (it only reports)",
                    (true, false) => "refused",
                    (false, _) => "fine",
                };
                let left = match (said["remaining"].as_u64(), said["quota"].as_u64()) {
                    (Some(left), Some(quota)) => format!(", {left} of {quota} left"),
                    _ => String::new(),
                };
                format!("{} for {}: {outcome}{left}", text(&said["policy"]), key(said))
            })
            .collect();
        let query = [("setting", setting), ("request", text(&row["request"]))];
        json!({
            "at": self.at(&row["at"]), "who": who, "why": text(&row["why"]).replace('`', ""), "request": row["request"], "details": details,
            "what": format!("{} {}", text(&row["method"]), text(&row["route"])).trim(),
            "href": format!("/limits?{}#refused", serde_urlencoded::to_string(query).unwrap_or_default()),
        })
    }

    fn trial(&self, trial: &Trial) -> Value {
        let days = [("", "the last 24 hours"), ("yesterday", "yesterday"), ("today", "today")];
        let days = days.map(|(value, label)| json!({ "value": value, "label": label, "current": value == trial.day }));
        let errors = trial.errors.iter().map(|(place, why)| json!({ "place": place, "why": why }));
        json!({
            "document": trial.document, "days": days, "errors": errors.collect::<Vec<_>>(),
            "result": trial.result.as_ref().map(|told| self.replayed(told)),
        })
    }

    fn replayed(&self, told: &Report) -> Value {
        let policies: Vec<Value> = rows(told, "policies")
            .map(|policy| {
                let keys: Vec<Value> = rows(policy, "keys")
                    .map(|row| {
                        json!({
                            "key": key(row), "admits": row["admits"], "calls": grouped(&row["calls"]), "refused": grouped(&row["refused"]),
                            "peak_used": grouped(&row["peak_used"]), "quota": grouped(&row["quota"]),
                            "first": self.at(&row["first_refused"]),
                        })
                    })
                    .collect();
                json!({
                    "policy": policy["policy"], "admits": policy["admits"], "shadow": policy["shadow"],
                    "calls": grouped(&policy["calls"]), "refused": grouped(&policy["refused"]),
                    "never": (number(&policy["never"]) > 0).then(|| grouped(&policy["never"])),
                    "keys_count": grouped(&policy["keys_count"]), "keys": keys,
                })
            })
            .collect();
        let others = match number(&told["was_refused_by_others"]) {
            0 => String::new(),
            _ => format!(", and {} by other limits", grouped(&told["was_refused_by_others"])),
        };
        let summary = format!(
            "Of the {} calls from {} to {} these limits would have refused {}; {} were refused in reality{others}.",
            grouped(&told["calls"]),
            self.at(&told["from"]),
            self.at(&told["to"]),
            grouped(&told["refused"]),
            grouped(&told["was_refused"])
        );
        json!({ "summary": summary, "notes": told["notes"], "policies": policies })
    }
}

/// A link to the same page with something else, marked if it is this.
fn chip(label: &str, setting: &str, day: &str, current: bool) -> Value {
    let pairs = [("setting", setting), ("day", day)].into_iter().filter(|(_, value)| !value.is_empty());
    let query = serde_urlencoded::to_string(pairs.collect::<Vec<_>>()).unwrap_or_default();
    json!({ "label": label, "href": format!("/limits?{query}"), "current": current })
}

impl Limits {
    /// The page of these limits, with what everybody sees: refusals.
    pub(crate) fn new(
        form: &Form<'_>,
        setting: &str,
        (told, stands): (&Report, &Report),
        asked: &str,
        own: bool,
    ) -> Self {
        let refusals = form.refusals(told, setting, asked, own);
        Self { setting: setting.to_owned(), own: form.own(stands), refusals, ..Self::default() }
    }

    /// With what administrators see.
    pub(crate) fn with(mut self, form: &Form<'_>, now: &Report, usage: &Report, day: &str, operator: bool) -> Self {
        if operator {
            let both = [("limits", "This tenant's limits"), ("server_limits", "The server's limits")];
            self.settings = both.map(|(name, label)| chip(label, name, day, name == self.setting)).into();
        }
        let days = [("", "Last 24 hours"), ("today", "Today"), ("yesterday", "Yesterday")];
        self.periods = days.map(|(name, label)| chip(label, &self.setting, name, name == day)).into();
        self.now = Some(form.now(now));
        self.usage = Some(form.usage(usage));
        self
    }

    /// What a browser's tab shows: after a trial, what came of it.
    pub(super) fn title(&self) -> &'static str {
        let is_there = |name: &str| self.trial.as_ref().is_some_and(|trial| !trial[name].is_null());
        match (is_there("result"), self.trial.as_ref().and_then(|trial| trial["errors"].as_array()).map_or(0, Vec::len))
        {
            (true, _) => "Request limits that were tried",
            (false, 0) => "Request limits",
            (false, _) => "Request limits that cannot be tried",
        }
    }

    /// With limits to try.
    pub(crate) fn trying(mut self, form: &Form<'_>, trial: &Trial) -> Self {
        self.trial = Some(form.trial(trial));
        self
    }
}
