//! Words, amounts, dates and lengths of time as a reader has them: in the company's zone, grouped, said with their unit.

use std::sync::Arc;

use fluxor_engine::approval::{Ruled, Standing};
use fluxor_engine::calendar::Calendar;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Document;
use fluxor_engine::money::Money;
use fluxor_workflows::Quantity;
use jiff::tz::TimeZone;
use serde_json::Value;

pub(crate) use super::amount::amount;
pub(crate) use super::places::{called, place, plain};
pub(crate) use super::standing::{is_short, now_in, place_in, reference, short, standing, title_of};
use super::value::{self, instant};
use crate::mail::{self, Contacts};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What a page speaks with: names, the zone, and what time it is.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    contacts: Arc<Contacts>,
    pub(super) zone: TimeZone,
    now: Timestamp,
}

impl Words {
    pub(crate) fn new(contacts: Arc<Contacts>, now: Timestamp) -> Self {
        let zone = TimeZone::get(&contacts.zone).unwrap_or(TimeZone::UTC);
        Self { contacts, zone, now }
    }

    /// What a person is called.
    pub(crate) fn name(&self, person: &PersonId) -> String {
        self.contacts.name(person)
    }

    /// Whom somebody means who typed an id, or a name that only one has.
    pub(crate) fn person(&self, typed: &str) -> PersonId {
        let id = PersonId::from(typed);
        match self.contacts.by_name(typed) {
            Some(named) if !self.contacts.knows(&id) => named.clone(),
            _ => id,
        }
    }

    /// Whoever is probably meant by what nobody has as id or name, as a sentence asks for him: ``` `ann` (Ann Archer) ```.
    pub(super) fn like(&self, typed: &str) -> Option<String> {
        let person = self.contacts.like(typed)?;
        let name = self.contacts.called(person).map_or_else(String::new, |name| format!(" ({name})"));
        Some(format!("`{person}`{name}"))
    }

    /// A sentence with people in it by their names, and the ids beside names that several have: ``` `hal` is away ```.
    pub(crate) fn named(&self, sentence: &str) -> String {
        let (mut said, mut rest) = (String::with_capacity(sentence.len()), sentence);
        while let Some((before, id, after)) = rest.split_once('`').and_then(|(before, after)| {
            let (id, after) = after.split_once('`')?;
            Some((before, id, after))
        }) {
            let person = PersonId::from(id);
            said.push_str(before);
            said.push_str(&match self.contacts.called(&person).filter(|_| self.contacts.knows(&person)) {
                Some(name) if self.several(&name).is_some() => format!("{name} ({id})"),
                Some(name) => name,
                None if self.contacts.knows(&person) => id.to_owned(),
                None => format!("`{id}`"),
            });
            rest = after;
        }
        said + rest
    }

    /// That several are meant by what somebody typed, where it is a name that several have.
    pub(crate) fn several(&self, typed: &str) -> Option<String> {
        let all: Vec<String> = self.contacts.all_by_name(typed).map(|person| format!("`{person}`")).collect();
        let (last, others) = all.split_last()?;
        if others.is_empty() || self.contacts.knows(&typed.into()) {
            return None;
        }
        Some(format!("several people are called {typed}: say whom you mean by the id, {} or {last}", others.join(", ")))
    }

    /// What several are called.
    pub(crate) fn names<'p>(&self, people: impl IntoIterator<Item = &'p PersonId>) -> String {
        people.into_iter().map(|person| self.name(person)).collect::<Vec<_>>().join(", ")
    }

    /// `Wed, 4 March 2026, 10:00 CET`.
    pub(crate) fn at(&self, at: Timestamp) -> String {
        instant(at, &self.zone)
    }

    /// `2026-03-04T10:00:00+01:00`.
    pub(crate) fn iso(&self, at: Timestamp) -> String {
        let Some(at) = at.to_jiff() else { return at.to_string() };
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }

    /// How long ago: `3 h ago`.
    pub(crate) fn ago(&self, at: Timestamp) -> String {
        match self.now.micros().saturating_sub(at.micros()) {
            less if less < MINUTE => "just now".to_owned(),
            past => format!("{} ago", long(past)),
        }
    }

    /// How long ago, of what is of today or so; else when.
    pub(crate) fn when(&self, at: Timestamp) -> String {
        if self.is_recent(at) { self.ago(at) } else { self.at(at) }
    }

    /// Since when something lasts: `for 3 h`, `since Mon, 2 Mar 2026, 10:30 CET`.
    pub(crate) fn lasting(&self, at: Timestamp) -> String {
        match self.is_recent(at) {
            true => format!("for {}", long(self.now.micros().saturating_sub(at.micros()))),
            false => format!("since {}", self.at(at)),
        }
    }

    /// The day of what is not of today or so: `2 Mar 2026`.
    pub(crate) fn day(&self, at: Timestamp) -> Option<String> {
        let day = at.to_jiff()?.to_zoned(self.zone.clone()).strftime("%-d %b %Y").to_string();
        (!self.is_recent(at)).then_some(day)
    }

    fn is_recent(&self, at: Timestamp) -> bool {
        self.now.micros().abs_diff(at.micros()) < DAY.unsigned_abs()
    }

    /// How long until it is due, or since: in working time where there is a calendar. `in 5 h of working time`, `in 10 working
    /// days`, `3 d overdue`.
    pub(crate) fn due(&self, due: Timestamp, calendar: Option<&Calendar>) -> String {
        let left = due.micros().saturating_sub(self.now.micros());
        if left < 0 {
            return format!("{} overdue", long(-left));
        }
        match calendar.and_then(|calendar| calendar.working_days_until(self.now, due)) {
            Some((0, working)) => format!("in {} of working time", long(working)),
            Some((days, rest)) => {
                let plural = if days == 1 { "" } else { "s" };
                let rest = (rest + HOUR / 2) / HOUR;
                let rest = if rest > 0 { format!(" and {rest} h") } else { String::new() };
                format!("in {days} working day{plural}{rest}")
            }
            None => format!("in {}", long(left)),
        }
    }

    /// Whether it is late, or soon.
    pub(crate) fn urgency(&self, due: Timestamp) -> &'static str {
        match due.micros().saturating_sub(self.now.micros()) {
            late if late < 0 => "over",
            soon if soon < DAY => "near",
            _ => "",
        }
    }

    /// Why somebody is asked, to himself: without his name, and with what stands in the fields that the rule names.
    pub(crate) fn to_oneself(&self, because: &str, own: &PersonId, subject: &Document) -> String {
        let asked = format!("{} was asked ", self.name(own));
        let to_oneself = match because.strip_prefix(&asked) {
            Some(rest) => rest.to_owned(),
            None => because.replacen(&format!("and so {asked}"), "and so you were asked ", 1),
        };
        self.in_fields(to_oneself, subject)
    }

    /// Why somebody is asked, to himself, and by which part of the policy.
    pub(crate) fn why(&self, (standing, ruled): (&Standing, &[Ruled]), own: &PersonId, subject: &Document) -> String {
        let name: &dyn Fn(&PersonId) -> String = &|who| self.name(who);
        let because = self.to_oneself(&standing.because_of(name), own, subject);
        let money = |amount: &Money| mail::money(&amount.to_string()).unwrap_or_else(|| amount.to_string());
        let rule = ruled.iter().find(|rule| rule.step == standing.seat.step);
        match rule.and_then(|rule| rule.said(name, &money, own)) {
            Some(said) => {
                let plan = rule.and_then(|rule| rule.plan.as_deref());
                let said = match plan.and_then(|plan| said.strip_prefix(&format!("plan {plan}"))) {
                    Some(rest) => format!("plan “{}”{rest}", plan.unwrap_or_default().replace('_', " ")),
                    None => said,
                };
                format!("{because} ({said})")
            }
            None => because,
        }
    }

    /// A rule with what stands in the fields that it names; roles and other names as words.
    pub(crate) fn in_fields(&self, mut text: String, subject: &Document) -> String {
        for (field, value) in subject.iter().filter(|(_, value)| value.is_string()) {
            for (named, of) in [("the person in the field", ""), ("the unit of the field", "the unit ")] {
                let rule = format!("{named} `{field}`");
                text = text.replace(
                    &format!("as named in the field `{field}`"),
                    &format!("as named under “{}”", words(field)),
                );
                if text.contains(&rule) {
                    text = text.replace(&rule, &format!("{of}{}", self.value(value)));
                }
            }
        }
        let named = |(place, part): (usize, &str)| match place % 2 {
            0 => part.to_owned(),
            _ => format!("“{}”", part.replace('_', " ")),
        };
        if text.matches('`').count().is_multiple_of(2) {
            text.split('`').enumerate().map(named).collect()
        } else {
            text
        }
    }

    /// A value of a document as people read it.
    pub(crate) fn value(&self, value: &Value) -> String {
        value::value(value, &self.contacts, &self.zone)
    }
}

/// A length of time in its largest unit that says enough: `45 min`, `5 h`, `3 d`.
pub(crate) fn long(micros: i64) -> String {
    match micros {
        less if less < MINUTE => "less than a minute".to_owned(),
        less if less < 2 * HOUR => format!("{} min", less / MINUTE),
        less if less < 2 * DAY => format!("{} h", less / HOUR),
        more => format!("{} d", more / DAY),
    }
}

/// `open_review` as words: `Open review`.
pub(crate) fn words(name: &str) -> String {
    let text = name.replace(['_', '.'], " ");
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// Whether somebody is whom a document is for.
pub(crate) fn is_requester(subject: &Document, person: &PersonId) -> bool {
    subject.get("requester").and_then(Value::as_str) == Some(person.as_str())
}

/// `1,200.5`.
pub(crate) fn quantity(text: &str) -> String {
    text.parse::<Quantity>()
        .map_or_else(|_| text.to_owned(), |quantity| fluxor_workflows::grouped(&quantity.to_string()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use fluxor_engine::calendar::{Exceptions, Hours};
    use serde_json::json;

    pub(in crate::page) fn speaking(now: &str) -> Words {
        let document = r#"{ "zone": "Europe/Berlin", "contacts": { "ann": { "name": "Ann Ahrens" } } }"#;
        Words::new(Arc::new(Contacts::read(document).unwrap()), Timestamp::parse(now).unwrap())
    }

    #[test]
    fn of_people_with_one_name_the_ids_are_told() {
        let document = r#"{ "zone": "UTC", "people": [{ "id": "ann" }], "contacts": {
            "ann": { "name": "Ann" }, "a1": { "name": "Ann Ahrens" }, "a2": { "name": "ann ahrens" }, "a3": { "name": "Ann" } } }"#;
        let now = Timestamp::parse("2026-03-02T08:00:00Z").unwrap();
        let words = Words::new(Arc::new(Contacts::read(document).unwrap()), now);
        let told = "several people are called Ann Ahrens: say whom you mean by the id, `a1` or `a2`";
        assert_eq!(words.several("Ann Ahrens").as_deref(), Some(told));
        assert_eq!((words.several("ann"), words.several("Bob"), words.several("a1")), (None, None, None));
    }

    #[test]
    fn people_in_a_sentence_have_their_names() {
        let document = r#"{ "zone": "UTC", "people": [{ "id": "hal" }, { "id": "a1" }, { "id": "a2" }, { "id": "bo" }], "contacts": {
            "hal": { "name": "Hal Hofer" }, "a1": { "name": "Ann" }, "a2": { "name": "Ann" }, "gone": { "name": "Gone" } } }"#;
        let now = Timestamp::parse("2026-03-02T08:00:00Z").unwrap();
        let words = Words::new(Arc::new(Contacts::read(document).unwrap()), now);
        let said = words.named("`hal` is away, as are `a1` and `bo`; `step` of `gone`, and `open");
        assert_eq!(said, "Hal Hofer is away, as are Ann (a1) and bo; `step` of `gone`, and `open");
    }

    #[test]
    fn values_are_said_as_people_say_them() {
        let words = speaking("2026-03-02T08:00:00Z");
        for (value, said) in [
            (json!("1200.00 EUR"), "1,200.00 EUR"),
            (json!("ann"), "Ann Ahrens"),
            (json!("annabel"), "annabel"),
            (json!("2026-03-02T09:30:00Z"), "Mon, 2 Mar 2026, 10:30 CET"),
            (json!("2027-03-31"), "Wed, 31 Mar 2027"),
            (json!(["ann", true, null]), "Ann Ahrens, yes, –"),
            (json!({ "ann": 2, "front": "1200.00 EUR" }), "ann = 2, front = 1,200.00 EUR"),
            (json!([{ "n": 1 }, { "n": 2 }]), "n = 1; n = 2"),
            (json!({}), "–"),
            (json!(""), "–"),
            (json!(7), "7"),
        ] {
            assert_eq!(words.value(&value), said);
        }
    }

    #[test]
    fn somebody_reads_why_he_is_asked_without_the_names_of_fields() {
        let words = speaking("2026-03-02T08:00:00Z");
        let Value::Object(subject) = json!({ "requester": "ann", "unit": "it", "n": 1 }) else { unreachable!() };
        let subject: Document = subject.into_iter().collect();
        for (because, said) in [
            ("bob was asked as the manager of the person in the field `requester`", "as the manager of Ann Ahrens"),
            (
                "bob was asked as holder of the role `buyer` in the unit of the field `unit`",
                "as holder of the role “buyer” in the unit it",
            ),
            ("bob stands in for eve; eve was asked by name", "bob stands in for eve; eve was asked by name"),
            (
                "nobody else was found, and so bob was asked by name in the definition",
                "nobody else was found, and so you were asked by name in the definition",
            ),
        ] {
            assert_eq!(words.to_oneself(because, &"bob".into(), &subject), said);
        }
    }

    #[test]
    fn time_that_is_left_and_time_that_has_passed() {
        let words = speaking("2026-03-02T08:00:00Z");
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert_eq!(words.ago(at("2026-03-02T07:59:30Z")), "just now");
        assert_eq!(words.ago(at("2026-03-02T05:00:00Z")), "3 h ago");
        assert_eq!(words.due(at("2026-03-05T08:00:00Z"), None), "in 3 d");
        assert_eq!(words.due(at("2026-03-02T07:00:00Z"), None), "60 min overdue");
        assert_eq!(
            (words.urgency(at("2026-03-02T09:00:00Z")), words.urgency(at("2026-03-04T09:00:00Z"))),
            ("near", "")
        );
    }

    #[test]
    fn what_is_older_than_a_day_has_its_date() {
        let words = speaking("2026-03-02T08:00:00Z");
        let at = |text: &str| Timestamp::parse(text).unwrap();
        assert_eq!(words.when(at("2026-03-01T09:00:00Z")), "23 h ago");
        assert_eq!(words.when(at("2026-02-27T07:00:00Z")), "Fri, 27 Feb 2026, 08:00 CET");
        assert_eq!(words.day(at("2026-02-27T07:00:00Z")).as_deref(), Some("27 Feb 2026"));
        assert_eq!((words.day(at("2026-03-02T07:00:00Z")), words.day(at("2026-03-03T07:00:00Z"))), (None, None));
        assert_eq!(words.day(at("2026-03-09T07:00:00Z")).as_deref(), Some("9 Mar 2026"));
    }

    #[test]
    fn working_time_that_is_left_is_told_in_working_days() {
        let nine_to_five = vec![Hours::new(9 * 60, 17 * 60).unwrap()];
        let mut week = [const { Vec::new() }; 7];
        week[..5].fill(nine_to_five);
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let office = Calendar::new("office", zone, week, Exceptions::default()).unwrap();
        // A Monday.
        let words = speaking("2026-03-02T09:30:02Z");
        for (due, said) in [
            ("2026-03-16T09:30:00Z", "in 10 working days"),
            ("2026-03-04T11:10:00Z", "in 2 working days and 2 h"),
            ("2026-03-03T09:30:00Z", "in 1 working day"),
            ("2026-03-02T14:30:00Z", "in 4 h of working time"),
            ("2026-03-03T08:30:00Z", "in 6 h of working time"),
            ("2026-03-02T08:00:00Z", "90 min overdue"),
        ] {
            let due = Timestamp::parse(due).unwrap();
            assert_eq!(words.due(due, Some(&office)), said, "{due}");
        }
        // On a Saturday nothing of the next working day has passed.
        let words = speaking("2026-03-07T11:00:00Z");
        let due = |text: &str| words.due(Timestamp::parse(text).unwrap(), Some(&office));
        assert_eq!(due("2026-03-10T09:00:00Z"), "in 1 working day and 1 h");
        assert_eq!(due("2026-03-20T16:00:00Z"), "in 10 working days");
    }

    #[test]
    fn names_become_words() {
        assert_eq!(words("open.in_review"), "Open in review");
        assert_eq!(words(""), "");
    }
}
