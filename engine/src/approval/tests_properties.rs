//! What must always hold (approvals.md section 14), over random organisations, policies and histories.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::tests_world::{Beat, PEOPLE, World, begun, described, draw_edit, tapes, told};
use super::*;
use crate::ids::PersonId;

const EVENTS: usize = 14;

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(80);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Checks something after every event of a history.
fn after_each(tape: &[u8], check: impl Fn(&World, &Beat) -> TestCaseResult) -> TestCaseResult {
    let (world, beats) = told(tape, EVENTS);
    beats.iter().try_for_each(|beat| check(&world, beat))
}

/// Whether all of it was on one day, under one organisation.
fn one_day(beats: &[Beat]) -> bool {
    let days: BTreeSet<_> =
        beats.iter().map(|b| (b.organisation.date(b.event.at), b.organisation.revision())).collect();
    days.len() == 1
}

fn seen(world: &World, beat: &Beat) -> View {
    world.view(&beat.applied.review, &beat.organisation, beat.event.at)
}

fn vote_on(one: &OpenVoice, at: &Beat) -> Event {
    let ballot = Ballot { step: one.step.clone(), on_behalf_of: one.on_behalf_of.clone(), ..Ballot::default() };
    Event { at: at.event.at, verb: Verb::Approve(ballot), by: Some(one.person.clone()) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn p01_a_refusal_changes_nothing(tape in tapes()) {
        after_each(&tape, |world, beat| {
            if beat.applied.outcome.is_err() {
                let time = Event { verb: Verb::Time, by: None, ..beat.event.clone() };
                let by_time = world.apply(&beat.before, &beat.organisation, &time);
                prop_assert_eq!(&by_time.review, &beat.applied.review);
            }
            Ok(())
        })?;
    }

    #[test]
    fn p02_votes_are_only_appended(tape in tapes()) {
        after_each(&tape, |_, beat| {
            let (old, new) = (&beat.before.votes, &beat.applied.review.votes);
            prop_assert!(new.len() >= old.len());
            for (old, new) in old.iter().zip(new) {
                // The one thing that may happen to a vote is that it is withdrawn.
                let withdrawn = Vote { withdrawn: new.withdrawn, ..old.clone() };
                prop_assert!(*new == withdrawn && (new.withdrawn || !old.withdrawn));
            }
            Ok(())
        })?;
    }

    #[test]
    fn p03_nobody_in_never_votes_or_is_asked(tape in tapes()) {
        after_each(&tape, |world, beat| {
            let review = &beat.applied.review;
            let mut never: BTreeSet<PersonId> = BTreeSet::new();
            for field in &world.policy.never {
                match &**field {
                    "editors" => never.extend(review.editors.iter().cloned()),
                    field => never.extend(review.subject.get(field).people().map(PersonId::from)),
                }
            }
            let view = seen(world, beat);
            for one in &view.counting {
                prop_assert!(!never.contains(&one.person));
                prop_assert!(one.on_behalf_of.as_ref().is_none_or(|who| !never.contains(who)));
            }
            for one in &view.open {
                prop_assert!(!never.contains(&one.person));
                prop_assert!(one.on_behalf_of.as_ref().is_none_or(|who| !never.contains(who)));
            }
            Ok(())
        })?;
    }

    #[test]
    fn p04_one_counting_vote_a_person_and_step(tape in tapes()) {
        after_each(&tape, |world, beat| {
            let counting = seen(world, beat).counting;
            let people: BTreeSet<_> = counting.iter().map(|one| (&one.step, &one.person)).collect();
            prop_assert_eq!(people.len(), counting.len());
            Ok(())
        })?;
    }

    #[test]
    fn p05_a_carried_vote_was_cast_in_ones_own_name(tape in tapes()) {
        after_each(&tape, |_, beat| {
            let votes = &beat.applied.review.votes;
            for vote in votes {
                let Some(origin) = vote.carried else { continue };
                let origin = &votes[origin as usize];
                prop_assert!(origin.carried.is_none() && origin.holder.is_none() && origin.author == vote.author);
                prop_assert_eq!(origin.kind, VoteKind::Approve);
                prop_assert_eq!(origin.seen, vote.seen);
            }
            Ok(())
        })?;
    }

    #[test]
    fn p06_distinct_steps_share_nobody(tape in tapes()) {
        after_each(&tape, |world, beat| {
            let counting = seen(world, beat).counting;
            for [a, b] in &world.policy.distinct {
                let people = |step: &str| -> BTreeSet<PersonId> {
                    let votes = counting.iter().filter(|one| *one.step == *step);
                    votes.flat_map(|one| one.on_behalf_of.iter().chain([&one.person])).cloned().collect()
                };
                prop_assert!(people(a).is_disjoint(&people(b)));
            }
            Ok(())
        })?;
    }

    #[test]
    fn p07_approved_has_an_approval_in_each_step(tape in tapes()) {
        after_each(&tape, |world, beat| {
            let view = seen(world, beat);
            let now = view.state == State::Approved && beat.before.state != State::Approved;
            for (step, status) in view.steps.iter().filter(|_| now) {
                prop_assert_eq!(*status, Status::Approved);
                prop_assert!(view.counting.iter().any(|one| one.step == *step && one.vote == VoteKind::Approve));
            }
            Ok(())
        })?;
    }

    #[test]
    fn p08_in_review_each_open_step_has_somebody_to_act(tape in tapes()) {
        after_each(&tape, |world, beat| {
            let view = seen(world, beat);
            let open = view.steps.iter().filter(|(_, status)| view.state == State::InReview && *status == Status::Open);
            for (step, _) in open {
                prop_assert!(view.open.iter().any(|one| one.step == *step), "{}", step);
            }
            Ok(())
        })?;
    }

    #[test]
    fn p09_exactly_those_open_may_approve(tape in tapes()) {
        let (world, beats) = told(&tape, EVENTS);
        for beat in beats.iter().rev().take(2) {
            let view = seen(&world, beat);
            let review = &beat.applied.review;
            for (step, _) in &view.steps {
                for person in (0..PEOPLE).map(|n| PersonId::from(format!("p{n}"))) {
                    for other in (0..PEOPLE).map(|n| PersonId::from(format!("p{n}"))) {
                        let on_behalf_of = Some(other).filter(|other| *other != person);
                        let one = OpenVoice { step: step.clone(), person: person.clone(), on_behalf_of };
                        let repeat = view.counting.iter().any(|vote| vote.step == *step && vote.person == person);
                        let accepted = world.apply(review, &beat.organisation, &vote_on(&one, beat)).outcome;
                        // Without saying for whom, the only one is meant (section 5.5).
                        let meant = |open: &&OpenVoice| open.step == one.step && open.person == one.person;
                        let listed = if one.on_behalf_of.is_none() && accepted.is_ok() {
                            view.open.iter().any(|open| meant(&open))
                        } else {
                            view.open.contains(&one)
                        };
                        prop_assert!(repeat || accepted.is_ok() == listed, "{:?} {:?}", one, accepted);
                    }
                }
            }
        }
    }

    #[test]
    fn p10_an_edit_there_and_back_keeps_the_votes_cast(tape in tapes()) {
        let (world, beats) = told(&tape, EVENTS);
        let Some(beat) = beats.last() else { return Ok(()) };
        let (_, mut rest) = begun(&tape);
        let set = draw_edit(&mut rest);
        let before = &beat.applied.review;
        let back: Fields = set.keys().map(|field| (field.clone(), before.subject.get(field).clone())).collect();
        let edit = |set: Fields| Event { at: beat.event.at, verb: Verb::Edit { set }, by: Some("p0".into()) };
        let there = world.apply(before, &beat.organisation, &edit(set)).review;
        let again = world.apply(&there, &beat.organisation, &edit(back)).review;
        let editors = world.policy.never.iter().any(|field| **field == *"editors");
        if !one_day(&beats) || again.votes_from != before.votes_from || !world.policy.distinct.is_empty() || editors {
            return Ok(());
        }
        let cast = |review: &Review| {
            let votes = world.view(review, &beat.organisation, beat.event.at).counting.into_iter();
            votes.filter(|one| one.carried_from.is_none()).collect::<Vec<_>>()
        };
        prop_assert_eq!(cast(before), cast(&again), "{}", described(&world, &beats));
    }

    #[test]
    fn p11_bringing_up_to_an_instant_twice_is_once(tape in tapes()) {
        after_each(&tape, |world, beat| {
            let time = Event { verb: Verb::Time, by: None, ..beat.event.clone() };
            let once = world.apply(&beat.before, &beat.organisation, &time);
            let twice = world.apply(&once.review, &beat.organisation, &time);
            prop_assert!(twice.fired.is_empty());
            prop_assert_eq!(once.review, twice.review);
            Ok(())
        })?;
    }

    #[test]
    fn a_late_worker_changes_nothing(tape in tapes()) {
        after_each(&tape, |world, beat| {
            let mut punctual = beat.before.clone();
            let mut fired = Vec::new();
            while let Some(at) = next_due(&punctual, &world.policy).filter(|at| *at <= beat.event.at) {
                let time = Event { at, verb: Verb::Time, by: None };
                let applied = world.apply(&punctual, &beat.organisation, &time);
                (punctual, fired) = (applied.review, [fired, applied.fired].concat());
            }
            let applied = world.apply(&punctual, &beat.organisation, &beat.event);
            prop_assert_eq!([fired, applied.fired].concat(), beat.applied.fired.clone());
            prop_assert_eq!(&applied.review, &beat.applied.review);
            Ok(())
        })?;
    }

    #[test]
    fn p12_without_substitutions_ones_own_rights_are_the_same(tape in tapes()) {
        after_each(&tape, |world, beat| {
            let mut parts = beat.organisation.parts().clone();
            parts.substitutes.clear();
            let alone = world.view(&beat.applied.review, &Organisation::new(parts).unwrap(), beat.event.at);
            let own = |view: View| view.open.into_iter().filter(|one| one.on_behalf_of.is_none()).collect::<Vec<_>>();
            // Under `never_substitutes` a substitution excludes.
            prop_assert!(world.policy.never_substitutes || own(alone) == own(seen(world, beat)));
            Ok(())
        })?;
    }

    #[test]
    fn p13_the_order_of_accepted_votes_does_not_matter(tape in tapes()) {
        let (world, mut rest) = begun(&tape);
        let submit = world.play(&mut rest, 1).remove(0);
        let mut votes: Vec<Event> = Vec::new();
        let all = |votes: &[Event]| {
            let mut review = submit.applied.review.clone();
            let accepted = votes.iter().all(|vote| {
                let applied = world.apply(&review, &submit.organisation, vote);
                review = applied.review;
                applied.outcome.is_ok()
            });
            accepted.then_some(review)
        };
        // One vote a person, all on the steps that were open from the start.
        for one in seen(&world, &submit).open {
            let mut vote = vote_on(&one, &submit);
            let Verb::Approve(ballot) = vote.verb.clone() else { continue };
            vote.verb = match rest.below(4) {
                0 => Verb::Reject(Ballot { reason: Some("no".into()), ..ballot }),
                1 => Verb::Abstain(ballot),
                _ => Verb::Approve(ballot),
            };
            let more: Vec<Event> = votes.iter().cloned().chain([vote]).collect();
            votes = if all(&more).is_some() { more } else { votes };
        }
        let mut other = votes.clone();
        other.rotate_left(rest.below(votes.len().max(1)));
        if rest.below(2) == 1 {
            other.reverse();
        }
        // Distinct steps and `once` depend on who came first, by their rules (8.3, 8.4).
        let ordered = !world.policy.distinct.is_empty() || world.policy.same_person == SamePerson::Once;
        if let (Some(one), Some(other), false) = (all(&votes), all(&other), ordered) {
            prop_assert_eq!((one.state, one.why), (other.state, other.why));
        }
    }

    #[test]
    fn p15_a_vote_repeated_on_one_version_changes_nothing(tape in tapes()) {
        after_each(&tape, |world, beat| {
            let votes = matches!(beat.event.verb, Verb::Approve(_) | Verb::Reject(_) | Verb::Abstain(_));
            if votes && beat.applied.outcome.is_ok() {
                let again = world.apply(&beat.applied.review, &beat.organisation, &beat.event);
                prop_assert_eq!(&again.review, &beat.applied.review);
            }
            Ok(())
        })?;
    }

    #[test]
    fn p16_a_walk_ends_within_five_hops_without_the_refused(edges in prop::collection::vec((0..9u32, 0..9u32), 0..30), no in 0..9u32) {
        let id = |n: u32| format!("p{n}");
        let people: Vec<_> = (0..9).map(|n| serde_json::json!({ "id": id(n), "active": true })).collect();
        let standing: Vec<_> =
            edges.iter().map(|(a, b)| serde_json::json!({ "person": id(*a), "substitute": id(*b) })).collect();
        let organisation = serde_json::json!({ "revision": 1, "people": people, "substitutes": standing });
        let organisation: Organisation = serde_json::from_value(organisation).unwrap();
        let (policy, rates) = (Policy::default(), Rates::default());
        let frame = super::frame::Frame::new(&policy, &organisation, &rates, crate::clock::Timestamp::default());
        let reached = frame.trail(&Subject::default(), 0, &[], |ix, _| ix != no);
        let reached: Vec<u32> = reached.into_iter().skip(1).map(|met| met.ix).collect();
        // The same by its definition: closer than six hops over those who are not refused.
        let mut want: BTreeSet<u32> = BTreeSet::from([0]);
        for _ in 0..5 {
            let next: Vec<u32> = edges.iter().filter(|(a, b)| want.contains(a) && *b != no).map(|(_, b)| *b).collect();
            want.extend(next);
        }
        want.remove(&0);
        prop_assert_eq!(reached.len(), want.len());
        prop_assert_eq!(reached.into_iter().collect::<BTreeSet<_>>(), want);
    }

    #[test]
    fn p17_one_jump_or_many_edits_leave_the_same_votes(tape in tapes()) {
        let (world, beats) = told(&tape, 6);
        let (_, mut rest) = begun(&tape);
        let Some(beat) = beats.last() else { return Ok(()) };
        let before = &beat.applied.review;
        let edits: Vec<Fields> = (0..3).map(|_| draw_edit(&mut rest)).collect();
        let edit = |review: &Review, set: &Fields| {
            let event = Event { at: beat.event.at, verb: Verb::Edit { set: set.clone() }, by: Some("p0".into()) };
            world.apply(review, &beat.organisation, &event).review
        };
        let many = edits.iter().fold(before.clone(), |review, set| edit(&review, set));
        let jump: Fields = edits.into_iter().flatten().collect();
        let one = edit(before, &jump);
        let editors = world.policy.never.iter().any(|field| **field == *"editors");
        let restarted = many.votes_from != one.votes_from || editors;
        // As for 10; and what is carried depends on which steps were undecided between.
        if restarted || !one_day(&beats) || !world.policy.distinct.is_empty() || world.policy.same_person == SamePerson::Once {
            return Ok(());
        }
        let counting = |review: &Review| world.view(review, &beat.organisation, beat.event.at).counting;
        prop_assert_eq!(counting(&many), counting(&one), "{:?}\n{}", jump, described(&world, &beats));
    }

    #[test]
    fn questions_and_answers_change_nothing_else(tape in tapes()) {
        let (world, beats) = told(&tape, EVENTS);
        let Some(first) = beats.first() else { return Ok(()) };
        let (mut review, mut held) = (first.before.clone(), &first.organisation);
        for beat in &beats {
            if beat.event.verb == Verb::Organisation {
                let time = Event { verb: Verb::Time, ..beat.event.clone() };
                review = world.apply(&review, held, &time).review;
                held = &beat.organisation;
            }
            let applied = world.apply(&review, &beat.organisation, &beat.event);
            prop_assert_eq!(&applied.outcome, &beat.applied.outcome, "{}", described(&world, &beats));
            prop_assert_eq!(&applied.fired, &beat.applied.fired);
            review = applied.review;
            let silent = Review { questions: Vec::new(), ..review.clone() };
            prop_assert_eq!(&silent, &beat.applied.review, "{}", described(&world, &beats));
            let (org, at) = (&beat.organisation, beat.event.at);
            for one in world.view(&review, org, at).open.into_iter().take(2) {
                let (on_behalf_of, reason) = (one.on_behalf_of, Some("really?".into()));
                let ballot = Ballot { step: one.step, on_behalf_of, reason, ..Ballot::default() };
                let to = Some(one.person.clone()).filter(|_| tape.len() % 2 == 0);
                let asked = world.apply(&review, org, &Event { at, verb: Verb::Ask { ballot, to }, by: Some(one.person) });
                prop_assert_eq!(asked.outcome, Ok(()));
                prop_assert_eq!(asked.review.questions.len(), review.questions.len() + 1);
                review = asked.review;
            }
            let answer = Verb::Answer { reason: Some("really".into()), question: None };
            let open = review.questions.iter().any(|one| one.answered.is_none());
            let done = world.apply(&review, org, &Event { at, verb: answer, by: review.subject.requester() });
            if done.outcome.is_ok() {
                prop_assert!(open && done.review.questions.iter().all(|one| one.answered.is_some()));
            }
            review = done.review;
        }
    }

    #[test]
    fn a_stored_review_behaves_the_same(tape in tapes()) {
        after_each(&tape, |_, beat| {
            let stored = serde_json::to_string(&beat.applied.review).unwrap();
            let read: Review = serde_json::from_str(&stored).unwrap();
            prop_assert_eq!(&read, &beat.applied.review);
            Ok(())
        })?;
    }
}
