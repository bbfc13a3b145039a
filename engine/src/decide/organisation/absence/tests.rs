//! Who may note and end absences, what is refused and warned of, and what stays in the document.

mod rights;

use serde_json::{Value as Json, json};

use super::*;
use crate::command::{Change, Verb};
use crate::decide::organisation::NEEDS_APPROVAL;
use crate::domain::Vocabulary;
use crate::ids::TenantId;

const TENANT: TenantId = TenantId(1);

/// Noon of Monday, 2 March 2026, in Berlin.
const NOON: i64 = 1_772_449_200_000_000;

fn now() -> Timestamp {
    Timestamp::from_micros(NOON)
}

fn company() -> Json {
    json!({
        "zone": "Europe/Berlin",
        "people": [
            { "id": "ann", "active": true, "manager": "bob" }, { "id": "bob", "active": true, "manager": "cyd" },
            { "id": "cyd", "active": true }, { "id": "dan", "active": true, "manager": "cyd" },
            { "id": "hal", "active": true, "manager": "bob" }, { "id": "old", "active": false, "manager": "ann" },
            { "id": "off", "active": true, "until": "2026-03-05" }, { "id": "new", "active": true, "from": "2026-03-04" },
        ],
        "units": [{ "id": "it", "roles": { "buyer": ["ann", "hal"] } }],
    })
}

fn row(document: &Json) -> OrganisationRow {
    OrganisationRow { tenant: TENANT, revision: 3, at: now(), document: document.to_string().into() }
}

fn with(more: Json) -> OrganisationRow {
    let (mut document, Json::Object(more)) = (company(), more) else { panic!("an object") };
    document.as_object_mut().unwrap().extend(more);
    row(&document)
}

fn person(id: &str) -> Actor {
    Actor::Person { id: id.into(), via: "http".into(), administrator: false }
}

fn administrator(id: &str) -> Actor {
    Actor::Person { id: id.into(), via: "http".into(), administrator: true }
}

fn entry(json: Json) -> Substitution {
    serde_json::from_value(json).unwrap()
}

/// ann is away for a week, and hal stands in.
fn week() -> Json {
    json!({ "person": "ann", "substitute": "hal", "from": "2026-03-09", "until": "2026-03-14" })
}

fn week_with(more: Json) -> Json {
    let (mut week, Json::Object(more)) = (week(), more) else { panic!("an object") };
    week.as_object_mut().unwrap().extend(more);
    week
}

/// Three workflows: two exclude, and one of these also whoever stands in for those it excludes.
fn library() -> Library {
    let file = |name: &str, more: &str| {
        let text = format!(
            "workflow: {name}\nversion: 1\nsubject: {{ name: paper, fields: {{ requester: person }} }}\nstart: {{ to: review }}\nstates:\n  review:\n    approval:\n      \
             never: [requester]\n{more}      steps: [{{ name: one, who: [{{ person: [bob] }}] }}]\n    on: {{ approved: over, \
             rejected: over, changes_requested: over }}\n  over: {{ final: true }}\n"
        );
        (format!("{name}.yaml"), text)
    };
    let files = vec![file("loose", ""), file("strict", "      never_substitutes: true\n")];
    Library::load(files, &Vocabulary::default()).unwrap_or_else(|wrong| panic!("{wrong:?}")).0
}

fn command(actor: Actor, verb: Verb) -> Command {
    Command { tenant: TENANT, request: "r".into(), request_hash: Digest::of("r"), actor, verb }
}

fn noted(row: &OrganisationRow, actor: Actor, what: Json) -> Result<Changed<()>, Refusal> {
    noted_in(row, actor, what, &Library::default())
}

fn noted_in(row: &OrganisationRow, actor: Actor, what: Json, library: &Library) -> Result<Changed<()>, Refusal> {
    let entry = entry(what);
    note(&command(actor, Verb::Change(Change::Absence(entry.clone()))), &entry, Some(row), (library, now()))
}

fn ended(row: &OrganisationRow, actor: Actor, id: &str, now: Timestamp) -> Result<Changed<()>, Refusal> {
    end(&command(actor, Verb::Change(Change::Return { id: id.into() })), id, Some(row), now)
}

#[track_caller]
fn next(done: Result<Changed<()>, Refusal>) -> OrganisationRow {
    done.unwrap().organisation.expect("another revision")
}

fn substitutes(row: &OrganisationRow) -> Json {
    Json::Object(stored_organisation(Some(row)).unwrap())[PART].clone()
}

fn id_of(changed: &Changed<()>) -> String {
    changed.answer["id"].as_str().unwrap().to_owned()
}

/// The pointers of everything that is wrong, and all sentences in one.
#[track_caller]
fn wrong(row: &OrganisationRow, what: Json) -> (Vec<String>, String) {
    match noted(row, administrator("cyd"), what).unwrap_err() {
        Refusal::Invalid(errors) => {
            (errors.iter().map(|(at, _)| at.clone()).collect(), errors.into_iter().map(|(_, why)| why).collect())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn whoever_it_is_and_those_above_note_it_and_nobody_else() {
    for approval in [json!({}), json!({ "approval": "organisation_change" })] {
        let needs = approval["approval"].is_string();
        let row = with(approval);
        for (actor, right) in [
            (person("ann"), "the person himself"),
            (person("bob"), "somebody above him on the chain of managers"),
            (person("cyd"), "somebody above him on the chain of managers"),
            (administrator("dan"), "a key with administrator rights"),
            (Actor::System, "the console"),
        ] {
            let done = noted(&row, actor.clone(), week());
            if needs && matches!(&actor, Actor::Person { administrator: true, .. }) {
                assert_eq!(done.unwrap_err().code(), NEEDS_APPROVAL, "it is a change of the organisation like others");
                continue;
            }
            let done = done.unwrap();
            let id = id_of(&done);
            assert_eq!(done.allowed.as_deref(), Some(right));
            assert_eq!(json!(done.request), json!({ "id": id, "person": "ann", "substitute": "hal" }));
            assert_eq!(done.answer["revision"], 4);
            let after = next(Ok(done));
            let others = actor.person().filter(|by| by.as_str() != "ann");
            let by = others.map_or(json!({}), |by| json!({ "noted_by": by }));
            assert_eq!(substitutes(&after), json!([week_with(by)]), "who noted it for somebody else is kept");
            let back = ended(&after, actor, &id, now()).unwrap();
            assert_eq!((back.allowed.as_deref(), &back.answer["revision"]), (Some(right), &json!(5)));
            assert_eq!(substitutes(&next(Ok(back))), json!([]));
        }
        let after = next(noted(&row, person("ann"), week()));
        let id = absences(&read(Some(&after), now()).unwrap().0.organisation)[0].id.clone();
        for actor in [person("hal"), person("dan"), person("stranger"), Actor::Timer, Actor::Message] {
            for refused in [noted(&row, actor.clone(), week()), ended(&after, actor.clone(), &id, now())] {
                let refused = refused.unwrap_err();
                assert!(refused.code() == "not_allowed" && refused.on_authority(), "{actor:?}: {refused:?}");
            }
        }
        // Who may not learns nothing of what is wrong with it.
        assert_eq!(
            noted(&row, person("dan"), json!({ "person": "nobody", "substitute": "" })).unwrap_err().code(),
            "not_allowed"
        );
    }
}

#[test]
fn a_circle_of_managers_ends() {
    let mut document = company();
    document["people"][2]["manager"] = "ann".into();
    let row = row(&document);
    for who in ["ann", "bob", "cyd"] {
        assert!(noted(&row, person(who), week()).is_ok(), "{who}");
    }
    assert!(noted(&row, person("hal"), week()).is_err());
    let own = |substitute| json!({ "person": "hal", "substitute": substitute, "from": "2026-03-09" });
    assert!(noted(&row, person("dan"), own("bob")).is_err());
    assert!(noted(&row, person("ann"), own("bob")).is_ok(), "ann is above bob, and he above hal");
    assert_eq!(
        noted(&row, person("ann"), own("ann")).unwrap_err().code(),
        "not_allowed",
        "nobody takes another's place"
    );
}

#[test]
fn what_could_have_no_effect_is_refused_with_its_place() {
    let free = with(json!({}));
    for (what, at, why) in [
        (json!({ "substitute": "ann" }), "/substitute", "himself"),
        (json!({ "substitute": "hall" }), "/substitute", "did you mean `hal`?"),
        (json!({ "substitute": "old" }), "/substitute", "not active"),
        (json!({ "substitute": "off" }), "/substitute", "not there in that time: active to 2026-03-04"),
        (json!({ "person": "old" }), "/person", "not active"),
        (json!({ "person": "anm" }), "/person", "did you mean `ann`?"),
        (json!({ "from": null }), "/from", "first day"),
        (json!({ "until": "2026-03-09" }), "/until", "not after 2026-03-09"),
        (json!({ "until": "2026-03-08" }), "/until", "first day back"),
        (json!({ "from": "2026-02-01", "until": "2026-03-02" }), "/until", "over already: today is 2026-03-02"),
        (json!({ "workflow": "strickt" }), "/workflow", "no workflow `strickt`"),
        (json!({ "max_amount": "-1.00 EUR" }), "/max_amount", "above 0"),
        (json!({ "max_amount": "0 EUR" }), "/max_amount", "nobody decides anything up to 0.00 EUR"),
        (json!({ "category": "" }), "/category", "1 to 200"),
        (json!({ "note": "a\nb" }), "/note", "one line"),
        (json!({ "note": "x".repeat(201) }), "/note", "1 to 200"),
    ] {
        let (places, told) = wrong(&free, week_with(what.clone()));
        assert!(places == [at] && told.contains(why), "{what}: {places:?} {told}");
    }
    let (places, _) = wrong(&free, json!({ "person": "old", "substitute": "none", "workflow": "w" }));
    assert_eq!(places, ["/from", "/person", "/substitute", "/workflow"], "all at once");

    let rates = with(json!({ "rates": { "EUR": "1", "USD": "0.92" } }));
    let (places, told) = wrong(&rates, week_with(json!({ "max_amount": "5 XYZ" })));
    assert!(places == ["/max_amount"] && told.contains("no rate of `XYZ`") && told.contains("`EUR`, `USD`"), "{told}");
    assert!(noted(&rates, person("ann"), week_with(json!({ "max_amount": "5 USD" }))).is_ok());
    let by_unit = with(json!({ "substitutes_from": "unit" }));
    assert!(noted(&by_unit, person("ann"), week()).is_ok(), "both buy");
    let (places, told) = wrong(&by_unit, week_with(json!({ "substitute": "dan" })));
    assert!(places == ["/substitute"] && told.contains("common unit"), "{told}");
    assert_eq!(wrong(&row(&json!({})), week()).0, ["/person", "/substitute"], "before there is anybody");
}

#[test]
fn one_of_the_same_people_and_matters_has_its_own_days() {
    let one = next(noted(&with(json!({})), person("ann"), week_with(json!({ "note": " at the sea " }))));
    assert_eq!(substitutes(&one)[0]["note"], "at the sea");
    let same = noted(&one, person("bob"), week_with(json!({ "note": "at the sea" }))).unwrap();
    assert!(same.is_nothing(), "word for word the same is there already");
    assert_eq!(same.answer["revision"], 4);
    for other in [
        json!({ "note": "elsewhere" }),
        json!({ "from": "2026-03-13", "until": null }),
        json!({ "until": "2026-03-10" }),
    ] {
        let refused = noted(&one, person("ann"), week_with(other)).unwrap_err();
        assert_eq!(refused.code(), "absence_overlaps");
        assert!(
            refused.sentence().contains("from 2026-03-09 to 2026-03-13") && refused.sentence().contains(&id_of(&same))
        );
    }
    for other in [
        json!({ "from": "2026-03-14", "until": null }),
        json!({ "from": "2026-03-05", "until": "2026-03-09" }),
        json!({ "substitute": "dan" }),
        json!({ "category": "desks" }),
        json!({ "max_amount": "100.00 EUR" }),
    ] {
        let done = noted(&one, person("ann"), week_with(other)).unwrap();
        assert_ne!(id_of(&done), id_of(&same));
        assert_eq!(substitutes(&next(Ok(done))).as_array().unwrap().len(), 2);
    }
}

#[test]
fn one_that_has_begun_ends_today_and_stays_as_history() {
    let day = |n: i64| Timestamp::from_micros(NOON + n * 86_400_000_000);
    let row = next(noted(&with(json!({})), person("ann"), week()));
    let id = absences(&read(Some(&row), now()).unwrap().0.organisation)[0].id.clone();
    assert_eq!(ended(&row, person("ann"), "0123456789abcdef", now()).unwrap_err().code(), "unknown_absence");
    // On its first day it has not lasted one.
    for (n, until, left) in
        [(0, json!(null), 0), (7, json!(null), 0), (8, json!("2026-03-10"), 1), (11, json!("2026-03-13"), 1)]
    {
        let done = ended(&row, person("bob"), &id, day(n)).unwrap();
        assert_eq!(done.answer, json!({ "revision": 5, "id": *id, "until": until }), "day {n}");
        let after = next(Ok(done));
        assert_eq!(substitutes(&after).as_array().unwrap().len(), left);
        if left == 1 {
            assert_eq!(substitutes(&after), json!([week_with(json!({ "until": until }))]));
            let again = ended(&after, person("bob"), &id, day(n)).unwrap();
            assert!(again.is_nothing() && again.answer["until"] == until, "the id stays, and it is over already");
        }
    }
    assert!(ended(&row, person("bob"), &id, day(12)).unwrap().is_nothing());
}

#[test]
fn history_is_bounded_and_others_is_left() {
    let mut list: Vec<Json> = (1..=120).map(|n| {
        let from = Date::constant(2025, 6, 1).checked_add(n.days()).unwrap();
        json!({ "person": "ann", "substitute": "hal", "from": from, "until": from.tomorrow().unwrap(), "category": format!("{n}") })
    }).collect();
    list.push(json!({ "person": "ann", "substitute": "hal", "from": "2025-01-01", "until": "2025-03-01" }));
    list.push(json!({ "person": "ann", "substitute": "cyd", "until": "2025-03-02" }));
    list.push(json!({ "person": "bob", "substitute": "hal", "until": "2020-01-01" }));
    list.push(json!({ "person": "ann", "substitute": "dan" }));
    let after = next(noted(&with(json!({ "substitutes": list })), person("ann"), week()));
    let kept = substitutes(&after);
    let kept = kept.as_array().unwrap();
    let mut expected = list[20..120].to_vec();
    // What ended a year ago to the day is not over for more than that, but a hundred have ended later.
    expected.extend([list[122].clone(), list[123].clone(), week()]);
    assert_eq!(kept, &expected);

    let few = json!([list[120], list[121], list[122]]);
    let after = next(noted(&with(json!({ "substitutes": few })), person("ann"), week()));
    assert_eq!(substitutes(&after), json!([list[121], list[122], week()]), "a year and a day is too long ago");
}

#[test]
fn nobody_has_absences_without_end() {
    let list: Vec<Json> = (0..50).map(|n| week_with(json!({ "category": format!("c{n}") }))).collect();
    let full = with(json!({ "substitutes": list }));
    assert_eq!(noted(&full, person("ann"), week()).unwrap_err().code(), "too_many_absences");
    let other = json!({ "person": "bob", "substitute": "hal", "from": "2026-03-09" });
    assert!(noted(&full, person("bob"), other).is_ok());
}

#[test]
fn entries_that_are_alike_have_ids_of_their_own() {
    let twice = json!([week(), week_with(json!({ "until": "2026-03-20" })), week_with(json!({ "substitute": "dan" }))]);
    let row = with(json!({ "substitutes": twice }));
    let (at, _) = read(Some(&row), now()).unwrap();
    let ids: Vec<Arc<str>> = absences(&at.organisation).into_iter().map(|one| one.id).collect();
    assert_eq!(*ids[1], format!("{}-2", ids[0]));
    assert!(ids[0].len() == 16 && ids[2].len() == 16 && ids[0] != ids[2]);
    let after = next(ended(&row, person("ann"), &ids[1], now()));
    assert_eq!(substitutes(&after), json!([week(), week_with(json!({ "substitute": "dan" }))]));
}

#[test]
fn what_may_surprise_is_told_and_not_refused() {
    let warned = |row: &OrganisationRow, what: Json| -> Vec<String> {
        let done = noted_in(row, administrator("cyd"), what, &library()).unwrap();
        done.answer["warnings"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
    };
    let loose = |more: Json| {
        week_with(
            more.as_object()
                .map(|more| {
                    let mut more = more.clone();
                    more.insert("workflow".into(), "loose".into());
                    Json::Object(more)
                })
                .unwrap(),
        )
    };
    let free = with(json!({}));
    assert_eq!(warned(&free, loose(json!({}))), Vec::<String>::new());

    let away = with(json!({ "substitutes": [
        { "person": "hal", "substitute": "dan", "from": "2026-03-12" },
        { "person": "hal", "substitute": "bob", "until": "2026-03-09" },
    ] }));
    assert_eq!(
        warned(&away, loose(json!({}))),
        ["`hal` is away as well from 2026-03-12 to 2026-03-13: then `dan` stands in for him, as far as that goes."]
    );

    // One in each of two matters.
    let two = with(json!({ "substitutes": [
        { "person": "ann", "substitute": "dan", "from": "2026-03-12" },
        { "person": "ann", "substitute": "dan", "from": "2026-03-12", "workflow": "strict" },
    ] }));
    assert_eq!(
        warned(&two, loose(json!({}))),
        ["`dan` stands in for `ann` as well from 2026-03-12 to 2026-03-13: then either of them may act."]
    );

    let from_now = json!({ "from": "2026-03-02", "until": "2026-03-10" });
    let (mut leaves, mut comes) = (from_now.clone(), from_now);
    leaves["substitute"] = "off".into();
    assert_eq!(
        warned(&free, loose(leaves)),
        ["Of the time of standing in `off` is active only from 2026-03-02 to 2026-03-04."]
    );
    comes["substitute"] = "new".into();
    assert_eq!(
        warned(&free, loose(comes)),
        ["Of the time of standing in `new` is active only from 2026-03-04 to 2026-03-09."]
    );

    // Only `strict` excludes whoever stands in; of one who reports to the absent nobody expects to decide.
    for (who, told) in [("hal", 1), ("bob", 1)] {
        let told_of = warned(&free, week_with(json!({ "substitute": who })));
        assert_eq!(told_of.len(), told, "{told_of:?}");
        assert!(told_of[0].contains("`strict`: what `ann` asks for"), "{told_of:?}");
    }
    let down = json!({ "person": "bob", "substitute": "hal", "from": "2026-03-09", "workflow": "strict" });
    assert_eq!(warned(&free, down), Vec::<String>::new());
}
