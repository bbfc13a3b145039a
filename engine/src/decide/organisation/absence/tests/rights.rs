//! What an absence gives and takes, over random organisations, policies and histories.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::approval::tests_world::{PEOPLE, Tape, World, described, tapes, told};
use crate::approval::{Ballot, Event, OpenVoice, Person, Review, Verb as Act};

const EVENTS: usize = 8;

/// The people whom the policy excludes, and, where it says so, who stands in for one of them today.
fn excluded(world: &World, review: &Review, organisation: &Organisation, today: Date) -> BTreeSet<PersonId> {
    let mut never = BTreeSet::new();
    for field in &world.policy.never {
        match &**field {
            "editors" => never.extend(review.editors.iter().cloned()),
            field => never.extend(review.subject.get(field).people().map(PersonId::from)),
        }
    }
    if world.policy.never_substitutes {
        let today = Days { from: Some(today), until: today.tomorrow().ok() };
        let stands_in = |entry: &&Substitution| {
            never.contains(&entry.person)
                && entry.max_amount.is_none()
                && Days::of(entry).common(today).is_some()
                && organisation.person(&entry.person).is_some()
                && organisation.person(&entry.substitute).is_some_and(|one| one.active && is_there(one, today))
                && organisation.may_stand_in(&entry.person, &entry.substitute)
        };
        let more: Vec<PersonId> =
            organisation.parts().substitutes.iter().filter(stands_in).map(|entry| entry.substitute.clone()).collect();
        never.extend(more);
    }
    never
}

fn is_there(person: &Person, today: Days) -> bool {
    Days { from: person.from, until: person.until }.common(today).is_some()
}

fn row_of(organisation: &Organisation) -> OrganisationRow {
    let mut document = json!(organisation.parts());
    document.as_object_mut().unwrap().remove("revision");
    row(&document)
}

/// Somebody away today, at times since days ago: as a rule one of those who are asked.
fn drawn(tape: &mut Tape<'_>, asked: &[PersonId], today: Date) -> Json {
    let anybody = |tape: &mut Tape<'_>| PersonId::from(format!("p{}", tape.below(PEOPLE)));
    let absent = match asked.len() {
        some if some > 0 && tape.below(4) > 0 => asked[tape.below(some)].clone(),
        _ => anybody(tape),
    };
    let days = i64::try_from(tape.below(3)).unwrap();
    let mut entry = json!({
        "person": absent, "substitute": anybody(tape), "from": today.checked_sub(days.days()).unwrap(),
        "until": today.checked_add((1 + days).days()).unwrap(),
    });
    if tape.below(4) == 3 {
        entry["max_amount"] = "1000.00 EUR".into();
    }
    entry
}

fn open(
    world: &World,
    review: &Review,
    organisation: &Organisation,
    at: Timestamp,
) -> BTreeSet<(String, PersonId, Option<PersonId>)> {
    let all = world.view(review, organisation, at).open;
    all.into_iter().map(|OpenVoice { step, person, on_behalf_of }| (step.to_string(), person, on_behalf_of)).collect()
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(200);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_absence_lets_nobody_act_who_is_excluded_and_its_end_takes_all_back(tape in tapes(), more in prop::collection::vec(any::<u8>(), 8)) {
        let (world, beats) = told(&tape, EVENTS);
        let Some(beat) = beats.last() else { return Ok(()) };
        let (review, at) = (&beat.applied.review, beat.event.at);
        let today = beat.organisation.date(at);
        let then = open(&world, review, &beat.organisation, at);
        let asked: Vec<PersonId> = then.iter().map(|(_, person, _)| person.clone()).collect();
        let mut tape = Tape::of(&more);
        let what = entry(drawn(&mut tape, &asked, today));
        let by = |verb| command(Actor::System, Verb::Change(verb));
        let before = row_of(&beat.organisation);
        let done = note::<()>(&by(Change::Absence(what.clone())), &what, Some(&before), (&Library::default(), at));
        let Ok(done) = done else { return Ok(()) };
        if done.is_nothing() {
            return Ok(());
        }
        let id = id_of(&done);
        let away = next(Ok(done));
        let (there, _) = read(Some(&away), at).unwrap();
        let story = || format!("{what:?}\n{}", described(&world, &beats));

        let now = open(&world, review, &there.organisation, at);
        let never = excluded(&world, review, &there.organisation, today);
        for voice in &now {
            prop_assert!(!never.contains(&voice.1), "{voice:?} {}", story());
            prop_assert!(then.contains(voice) || voice.2.is_some(), "a new right is one on behalf: {voice:?} {}", story());
        }
        if !world.policy.never_substitutes {
            prop_assert!(now.is_superset(&then), "whoever is away keeps his right: {}", story());
        }
        for person in &never {
            for (step, _) in world.view(review, &there.organisation, at).steps {
                for whom in (0..=PEOPLE).map(|n| (n < PEOPLE).then(|| PersonId::from(format!("p{n}")))) {
                    let ballot = Ballot { step: step.clone(), on_behalf_of: whom, seen: None, reason: None };
                    let vote = Event { at, verb: Act::Approve(ballot), by: Some(person.clone()) };
                    prop_assert!(world.apply(review, &there.organisation, &vote).outcome.is_err(), "{vote:?} {}", story());
                }
            }
        }

        // Somebody who is excluded does not choose either who stands in for others.
        let noter = never.iter().nth(tape.below(never.len().max(1))).cloned();
        if let Some(noter) = noter.filter(|noter| *noter != what.person && *noter != what.substitute) {
            let actor = administrator(noter.as_str());
            let verb = Verb::Change(Change::Absence(what.clone()));
            let done = note::<()>(&command(actor, verb), &what, Some(&before), (&Library::default(), at));
            let (chosen, _) = read(Some(&next(done)), at).unwrap();
            let voices = open(&world, review, &chosen.organisation, at);
            prop_assert!(then.is_superset(&voices), "{noter} chose: {voices:?} {}", story());
        }

        let back = next(end::<()>(&by(Change::Return { id: id.as_str().into() }), &id, Some(&away), at));
        let (back, _) = read(Some(&back), at).unwrap();
        prop_assert_eq!(open(&world, review, &back.organisation, at), then, "{}", story());
    }
}
