//! Out of office: somebody notes for himself, or for his people, who stands in and how long; and ends it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use fluxor_engine::approval::Substitution;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::definition::chart::{Definition, StateKind};
use fluxor_engine::ids::PersonId;
use fluxor_engine::money::Money;
use fluxor_engine::refusal::Refusal;
use jiff::civil::Date;
use serde::Deserialize;

use super::super::asked::Fields;
use super::super::extract::Query;
use super::super::problem::Problem;
use super::{Visitor, html, onward, refused};
use crate::absences::offered::{choices, people};
use crate::absences::{Asker, listed};
use crate::app::App;
use crate::desk::NotDone;
use crate::page::{Away, Words, day, done_in_words, doubtful, money_typed, nobody};
use crate::secret;

/// For whom the form is to be.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Whose {
    person: Option<String>,
    /// What has just been done.
    done: Option<String>,
}

/// What is noted, and the form.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(whose): Query<Whose>,
) -> Result<Response, Problem> {
    let typed = whose.person.map(|person| ("person".to_owned(), person));
    let said = Said { done: whose.done.as_deref().and_then(done_in_words), ..Said::default() };
    html(page(&app, &visitor, &Fields(typed.into_iter().collect()), said).await?)
}

/// What the page says first.
#[derive(Default)]
struct Said<'s> {
    done: Option<&'static str>,
    failed: Option<&'s str>,
    /// What may surprise in what was noted.
    warned: Vec<String>,
}

async fn page(app: &App, visitor: &Visitor, typed: &Fields, said: Said<'_>) -> Result<anyhow::Result<String>, Problem> {
    let company = app.desk().company(visitor.caller.tenant()).await?;
    let person = visitor.person();
    let asker =
        if visitor.caller.key().administrator { Asker::Administrator(Some(person)) } else { Asker::Person(person) };
    let today = company.today();
    let active = company.organisation().parts().people.iter().map(|one| &one.id);
    let active = active.filter(|id| company.organisation().active(id, today)).cloned().collect();
    let once = secret::public_id(&app.random());
    let library = app.desk().library();
    let asking = library.names().filter_map(|name| library.current(name)).filter(|known| asks(known));
    let mut workflows: Vec<(Arc<str>, Arc<str>)> =
        asking.map(|known| (Arc::clone(&known.name), Arc::clone(&known.title))).collect();
    workflows.sort_by(|a, b| a.1.cmp(&b.1));
    let page = Away::new(
        &listed(&company, asker, false),
        &people(&company, asker),
        (&choices(today), today),
        (active, &workflows),
        (typed, said.failed, once),
        &visitor.words,
    );
    Ok(page.saying(said.done, &said.warned, &visitor.words).page(&visitor.reader()))
}

/// Whether people are asked for something in a workflow.
fn asks(definition: &Definition) -> bool {
    definition.states.iter().any(|state| matches!(state.kind, StateKind::Approval(_)))
}

/// Notes one, or ends one.
pub(super) async fn note(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Problem> {
    let change = match fields.get("end") {
        Some(id) => Ok(Change::Return { id: id.into() }),
        None => {
            let Typed { entry, wrong } =
                typed(&fields, app.desk().company(visitor.caller.tenant()).await?.today(), &visitor);
            if wrong.is_empty() { Ok(Change::Absence(entry)) } else { Err((entry, wrong)) }
        }
    };
    let done = match change {
        Ok(change) => {
            let command = fields.command(&visitor.caller, "/away", Verb::Change(change))?;
            app.submit(command).await.map_err(Problem::from)
        }
        Err((entry, unclear)) => Err(all_wrong(&app, &visitor, &fields, entry, unclear).await?),
    };
    match done {
        Ok(done) => {
            let warned = done.answer.record["warnings"].as_array();
            let warned: Vec<String> =
                warned.into_iter().flatten().filter_map(|one| Some(one.as_str()?.to_owned())).collect();
            if warned.is_empty() {
                return Ok(onward("/away?done=saved"));
            }
            let said = Said { done: done_in_words("saved"), warned, ..Said::default() };
            html(page(&app, &visitor, &Fields(Vec::new()), said).await?)
        }
        Err(problem) => {
            let text = page(
                &app,
                &visitor,
                &fields,
                Said { failed: Some(&in_its_words(&problem, &visitor.words)), ..Said::default() },
            )
            .await?;
            refused(&problem, text)
        }
    }
}

/// All that is wrong with a form that is not clear: the engine says what else is.
async fn all_wrong(
    app: &App,
    visitor: &Visitor,
    fields: &Fields,
    entry: Substitution,
    unclear: Vec<String>,
) -> Result<Problem, Problem> {
    let is_named = entry.substitute.as_str() != NOBODY;
    let command = fields.command(&visitor.caller, "/away", Verb::Change(Change::Absence(never(entry))))?;
    let wrong = match app.submit(command).await {
        Err(NotDone::Refused(Refusal::Invalid(wrong))) => others(wrong, is_named),
        // He may not note it at all: that is told, and nothing else.
        Err(other) => return Err(other.into()),
        Ok(_) => Vec::new(),
    };
    let unclear = unclear.into_iter().map(|why| (String::new(), why));
    Ok(Refusal::Invalid(unclear.chain(wrong).collect()).into())
}

/// Nobody's name, and that of no workflow.
const NOBODY: &str = "\u{1}";

/// What the form calls what programs know by these names.
const CALLED: &[(&str, &str)] = &[
    ("person", "Who is away"),
    ("substitute", "Who stands in"),
    ("from", "First day away"),
    ("until", "First day back"),
    ("note", "Note"),
    ("workflow", "Only in"),
    ("category", "Only in the category"),
    ("max_amount", "Only up to"),
];

/// All that is wrong, by the form's own names.
fn in_its_words(problem: &Problem, speak: &Words) -> String {
    let called = |name: &str| CALLED.iter().find(|(known, _)| *known == name).map(|(_, called)| *called);
    let plain = |why: &str| {
        CALLED
            .iter()
            .fold(why.to_owned(), |text, (name, called)| text.replace(&format!("`{name}`"), &format!("“{called}”")))
    };
    let errors = problem.errors().unwrap_or_default();
    let known = errors.iter().map(|(at, why)| match called(at.trim_start_matches('/')) {
        Some(called) => ended(format!("{called}: {}", nobody(&plain(why), Some(speak)))),
        None if at.is_empty() => plain(why),
        None => ended(format!("{at}: {why}")),
    });
    let all: Vec<String> = known.collect();
    if all.is_empty() { plain(problem.detail()) } else { all.join(" ") }
}

/// A sentence with its end; a question has it.
fn ended(sentence: String) -> String {
    if sentence.ends_with('?') { sentence } else { sentence + "." }
}

/// What the form says, and all that it does not say clearly.
struct Typed {
    entry: Substitution,
    wrong: Vec<String>,
}

/// What a field says that is read; what is wrong with it is noted.
fn noted<T>(read: Result<T, String>, wrong: &mut Vec<String>) -> Option<T> {
    read.map_err(|why| wrong.push(why)).ok()
}

/// Reads the form.
fn typed(fields: &Fields, today: Date, visitor: &Visitor) -> Typed {
    let mut wrong = Vec::new();
    let substitute = noted(substitute(fields, &visitor.words), &mut wrong);
    let days = noted(days(fields, today), &mut wrong);
    let max_amount = noted(most(fields), &mut wrong).flatten();
    let person = fields.get("person").map_or_else(|| visitor.person().clone(), PersonId::from);
    let (from, until) = days.unwrap_or((today, None));
    let entry = Substitution {
        // Where nobody is named that is told already.
        substitute: substitute.unwrap_or_else(|| NOBODY.into()),
        person,
        from: Some(from),
        until,
        workflow: fields.get("workflow").map(Into::into),
        category: fields.get("category").map(Into::into),
        max_amount,
        note: fields.get("note").map(Into::into),
        noted_by: None,
    };
    Typed { entry, wrong }
}

/// Who stands in.
fn substitute(fields: &Fields, speak: &Words) -> Result<PersonId, String> {
    let Some(typed) = fields.get("substitute") else { return Err("Say who stands in.".to_owned()) };
    match speak.several(typed) {
        Some(why) => Err(format!("Who stands in: {why}.")),
        None => Ok(speak.person(typed)),
    }
}

/// Up to how much.
fn most(fields: &Fields) -> Result<Option<Money>, String> {
    let Some(typed) = fields.get("max_amount") else { return Ok(None) };
    if let Some(why) = doubtful(typed) {
        return Err(format!("Only up to: {why}."));
    }
    money_typed(typed).parse().map(Some).map_err(|why| format!("Only up to: {why}."))
}

/// An absence that is not taken whatever else it says: of a workflow that there is not.
fn never(entry: Substitution) -> Substitution {
    Substitution { workflow: Some(NOBODY.into()), ..entry }
}

/// What else is wrong, beside what the form says not clearly: of nobody, and of no workflow, all is said.
fn others(wrong: Vec<(String, String)>, is_named: bool) -> Vec<(String, String)> {
    wrong.into_iter().filter(|(at, _)| at != "/workflow" && (is_named || at != "/substitute")).collect()
}

/// The first day away, and the first day back. What is chosen and what is written must not say two things.
fn days(fields: &Fields, today: Date) -> Result<(Date, Option<Date>), String> {
    let chosen = choices(today).into_iter().find(|choice| Some(choice.name) == fields.get("when"));
    let Some(choice) = chosen else { return Err("Say how long.".to_owned()) };
    let date = |name: &str, what: &str| match fields.get(name).map(str::parse::<Date>) {
        None => Ok(None),
        Some(Ok(date)) => Ok(Some(date)),
        Some(Err(_)) => Err(format!("The first day {what} is a date such as 2026-03-09.")),
    };
    let (from, back) = (date("from", "away")?, date("back", "back")?);
    // The form says today unless somebody says otherwise.
    let from = from.filter(|from| *from != today).unwrap_or(choice.from);
    let Some(until) = choice.until else { return Ok((from, back)) };
    let title = choice.title;
    if back.is_some_and(|back| back != until) {
        return Err(format!(
            "“{title}” is back on {}, and the first day back says another: choose “until a date”, or leave the first day back empty.",
            day(until)
        ));
    }
    if from < choice.from || from >= until {
        return Err(format!(
            "“{title}” is from {} until {}, and the first day away, {}, is not in it: choose “until a date”.",
            day(choice.from),
            day(until),
            day(from)
        ));
    }
    Ok((from, Some(until)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Contacts;
    use fluxor_engine::clock::Timestamp;

    #[test]
    fn all_that_is_wrong_is_said_by_the_names_of_the_form() {
        let document =
            r#"{ "people": [{ "id": "zoo", "active": true }], "contacts": { "zoo": { "name": "Zoo Zimmer" } } }"#;
        let speak = Words::new(Arc::new(Contacts::read(document).unwrap()), Timestamp::from_micros(0));
        let wrong = vec![
            (
                "/until".to_owned(),
                "it is not after it: `until` is the first day back, and so a day after `from`".to_owned(),
            ),
            ("/substitute".to_owned(), "nobody in the organisation has the id `zoe`".to_owned()),
        ];
        assert_eq!(
            in_its_words(&Problem::from(Refusal::Invalid(wrong)), &speak),
            "First day back: it is not after it: “First day back” is the first day back, and so a day after “First day away”. \
             Who stands in: nobody in the organisation has the id or the full name `zoe`: did you mean `zoo` (Zoo Zimmer)?"
        );
        assert_eq!(in_its_words(&Problem::invalid("", "Say who stands in."), &speak), "Say who stands in.");
    }

    #[test]
    fn what_stands_for_nothing_is_not_told() {
        let wrong = ["/until", "/substitute", "/workflow"].map(|at| (at.to_owned(), "wrong".to_owned())).to_vec();
        let places = |named: bool| others(wrong.clone(), named).into_iter().map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(
            (places(true), places(false)),
            (vec!["/until".into(), "/substitute".into()], vec!["/until".to_owned()])
        );
        let both = [("", "Say how long."), ("/until", "it is over")].map(|(at, why)| (at.to_owned(), why.to_owned()));
        let speak = Words::new(Arc::new(Contacts::read("{}").unwrap()), Timestamp::from_micros(0));
        let told = in_its_words(&Problem::from(Refusal::Invalid(both.to_vec())), &speak);
        assert_eq!(told, "Say how long. First day back: it is over.");
    }

    #[test]
    fn the_amount_that_it_is_limited_to_is_one() {
        let most = |text: &str| most(&Fields(vec![("max_amount".to_owned(), text.to_owned())]));
        assert_eq!(most("1,200.00 EUR"), Ok("1200.00 EUR".parse().ok()));
        assert!(most("4.000 EUR").is_err_and(|why| why.starts_with("Only up to: “4.000 EUR” may mean two amounts")));
        assert!(most("40 €").is_err_and(|why| why.ends_with("write “40 EUR”.")));
    }

    #[test]
    fn what_is_chosen_and_what_is_written_say_one_thing() {
        let today: Date = "2026-03-04".parse().unwrap();
        let said = |when: &str, from: &str, back: &str| {
            let typed = [("when", when), ("from", from), ("back", back)];
            let typed = typed.iter().filter(|(_, text)| !text.is_empty());
            let fields = Fields(typed.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
            days(&fields, today).map(|(from, until)| {
                format!("{from} {}", until.map_or_else(|| "open".to_owned(), |until| until.to_string()))
            })
        };
        for (when, from, back, days) in [
            ("this_week", "", "", "2026-03-04 2026-03-09"),
            ("this_week", "2026-03-04", "", "2026-03-04 2026-03-09"),
            ("this_week", "2026-03-06", "2026-03-09", "2026-03-06 2026-03-09"),
            ("next_week", "2026-03-04", "", "2026-03-09 2026-03-16"),
            ("next_week", "2026-03-11", "", "2026-03-11 2026-03-16"),
            ("until_a_date", "2026-03-04", "", "2026-03-04 open"),
            ("until_a_date", "2026-04-01", "2026-04-20", "2026-04-01 2026-04-20"),
        ] {
            assert_eq!(said(when, from, back).as_deref(), Ok(days), "{when} {from} {back}");
        }
        for (when, from, back, why) in [
            ("", "", "", "Say how long."),
            ("this_week", "", "2026-03-12", "the first day back says another: choose “until a date”"),
            ("next_week", "2026-03-05", "", "the first day away, Thu, 5 Mar 2026, is not in it"),
            ("this_week", "2026-03-09", "", "is not in it: choose “until a date”."),
            ("until_a_date", "soon", "", "The first day away is a date such as 2026-03-09."),
            ("until_a_date", "", "soon", "The first day back is a date"),
        ] {
            let told = said(when, from, back).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }
}
