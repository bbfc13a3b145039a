//! Walking charts without any domain: what a definition's text alone makes of commands.

mod bounds;
mod held;
mod incidents;
mod migrations;
mod notices;
mod parallel;
mod repairs;
mod scxml;
mod starts;
mod tables;
mod undo;
mod working;

use std::sync::Arc;

use super::*;
use crate::calendar::Calendars;
use crate::command::Verb;
use crate::domain::{ActionType, Call, Done, FactType, MessageType, NotDone, Source, Vocabulary};
use crate::effect::NoticeKind;
use crate::expression::{Type, Value};
use crate::ids::{Digest, PersonId, TenantId};

/// A domain with next to nothing in it: an action that adds a word to the subject's `log`, a fact of its `n`, and a message.
#[derive(Debug)]
pub(crate) struct Bare {
    vocabulary: Vocabulary,
}

impl Default for Bare {
    fn default() -> Self {
        let mut vocabulary = Vocabulary::default();
        let (params, none) = (vec![("word".into(), Type::Text, true)], Vec::new);
        let log = ActionType {
            major: 1,
            params,
            subjects: Vec::new(),
            payload: none(),
            writes: vec![("log".into(), Source::Param("word".into()))],
            help: "".into(),
        };
        vocabulary.actions.insert("log".into(), log.clone());
        vocabulary.actions.insert("strike".into(), log);
        for name in ["invite", "disinvite"] {
            vocabulary.messages.insert(name.into(), MessageType { major: 1, sent_event: None, help: "".into() });
        }
        let band = FactType { major: 1, ty: Type::Text, nullable: true, reads: vec!["n".into()], help: "".into() };
        vocabulary.facts.insert("band_of_n".into(), band);
        let sent_event = Some("sent".into());
        vocabulary.messages.insert("order".into(), MessageType { major: 1, sent_event, help: "".into() });
        Self { vocabulary }
    }
}

impl Domain for Bare {
    type Need = ();
    type Facts = ();
    type Op = ();
    type Undo = ();

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn fact(&self, _: &str, _: &Call<'_, ()>) -> Result<Value, NotDone<()>> {
        Ok(Value::Null)
    }

    fn act(&self, name: &str, call: &Call<'_, ()>) -> Result<Done<()>, NotDone<()>> {
        let word = call.params.get("word").map(ToString::to_string).unwrap_or_default();
        if word == "never" {
            return Err(NotDone::Refused { code: "never", sentence: "Never.".to_owned() });
        }
        let log = call.subject.get("log").and_then(|log| log.as_str()).unwrap_or_default();
        let sign = if name == "strike" { "-" } else { "" };
        let mut done = Done::default();
        done.set.insert("log".to_owned(), format!("{log}{sign}{word} ").into());
        Ok(done)
    }

    fn apply(&self, (): &mut (), _: TenantId, (): &()) {}

    fn undo(&self, (): &mut (), (): ()) {}

    fn message(&self, _: &str, _: &Call<'_, ()>) -> Result<Document, NotDone<()>> {
        Ok(Document::new())
    }
}

/// One instance of a definition that stands in a test.
struct Story {
    domain: Bare,
    library: Library,
    workflow: Arc<str>,
    organisation: Arc<OrganisationAt>,
    now: Timestamp,
    instance: Option<Instance>,
    count: u32,
    /// What the last command sent.
    sent: Vec<Arc<str>>,
    /// Messages that were given up, and whether they are tried again.
    resumed: Vec<(Arc<str>, bool)>,
    /// Messages that are not to go out any more.
    withdrawn: Vec<Arc<str>>,
    /// Who is told what by it.
    notices: Vec<(NoticeKind, Vec<PersonId>)>,
    /// Why, of each of them.
    reasons: Vec<Option<String>>,
    /// Where it waits for them, if that is told.
    places: Vec<Option<Arc<str>>>,
    /// What it reported to whom.
    reported: Vec<Document>,
    /// What it has started.
    children: Vec<Instance>,
    /// The rows of tables that it chose.
    tables: Vec<(Arc<str>, Vec<usize>)>,
    /// What came to an end, and what was entered.
    heard: (Vec<&'static str>, Vec<Arc<str>>),
    /// What was done about tasks.
    acted: Vec<(u32, Acted)>,
}

impl Story {
    fn new(text: &str) -> Self {
        Self::with(text, &Document::new())
    }

    fn with(text: &str, organisation: &Document) -> Self {
        Self::among(text, organisation, Calendars::default())
    }

    fn with_all(texts: &[&str], organisation: &Document) -> Self {
        Self::of(texts, organisation, Calendars::default())
    }

    fn among(text: &str, organisation: &Document, calendars: Calendars) -> Self {
        Self::of(&[text], organisation, calendars)
    }

    fn of(texts: &[&str], organisation: &Document, calendars: Calendars) -> Self {
        let domain = Bare::default();
        let named = |(n, text): (usize, &&str)| (format!("test{n}.yaml"), (*text).to_owned());
        let files = texts.iter().enumerate().map(named).collect();
        let library = match Library::load_with(files, domain.vocabulary(), calendars) {
            Ok((library, _)) => library,
            Err(refused) => panic!(
                "{}",
                refused.iter().flat_map(|(p, s, d)| d.iter().map(move |d| d.render(p, s))).collect::<String>()
            ),
        };
        let workflow = library.names().next().unwrap().clone();
        let organisation = Arc::new(read_organisation(organisation, 1, Timestamp::default()).unwrap());
        Self {
            domain,
            library,
            workflow,
            organisation,
            now: Timestamp::from_micros(1_000_000),
            instance: None,
            count: 0,
            sent: Vec::new(),
            resumed: Vec::new(),
            withdrawn: Vec::new(),
            notices: Vec::new(),
            reasons: Vec::new(),
            places: Vec::new(),
            reported: Vec::new(),
            children: Vec::new(),
            tables: Vec::new(),
            heard: Default::default(),
            acted: Vec::new(),
        }
    }

    fn command(&mut self, verb: Verb, actor: Actor) -> Result<Option<String>, Refusal> {
        self.count += 1;
        let request = format!("r{}", self.count);
        let command =
            Command { tenant: TenantId(1), request_hash: Digest::of(&request), request: request.into(), actor, verb };
        let keys = Keys::default();
        let organisations = [self.organisation.clone()];
        let ground = Ground::new(&self.domain, &self.library, &keys, &organisations, self.now).unwrap();
        let pinned = self.instance.as_ref().and_then(|before| self.library.pinned(before.definition));
        let definition = pinned.or(self.library.current(&self.workflow)).unwrap();
        let mut facts = ();
        let mut layer = Layer::new(&self.domain, &mut facts);
        let decided = match &self.instance {
            None => start(&ground, definition, InstanceId(uuid::Uuid::from_u128(9)), &command, &mut layer),
            Some(before) => decide(&ground, definition, before, &command, &mut layer),
        };
        match decided {
            Ok(decision) => {
                let mut after = decision.after;
                let sent = decision.effects.iter().filter_map(|effect| match effect {
                    Effect::Send(out) => Some(out.message.clone()),
                    _ => None,
                });
                self.sent = sent.collect();
                let resumed = decision.effects.iter().filter_map(|effect| match effect {
                    Effect::Resume(resume) => Some((resume.message.destination.clone(), resume.again)),
                    _ => None,
                });
                self.resumed = resumed.collect();
                let withdrawn = decision.effects.iter().filter_map(|effect| match effect {
                    Effect::Withdraw(message) => Some(message.clone()),
                    _ => None,
                });
                self.withdrawn = withdrawn.collect();
                self.tells(&decision.effects);
                let reported = decision.effects.iter().filter_map(|effect| match effect {
                    Effect::Report(report) => Some(report.payload.clone()),
                    _ => None,
                });
                self.reported = reported.collect();
                self.children.extend(decision.effects.iter().filter_map(|effect| match effect {
                    Effect::Start(child) => Some(child.decision.after.clone()),
                    _ => None,
                }));
                self.tables.clone_from(&decision.record.tables);
                self.heard = (decision.record.outcomes, decision.record.entered);
                self.acted = decision.record.acted;
                let folded = crate::audit::image::image(&after);
                let told = crate::audit::told::changes(self.instance.as_ref(), &after);
                let mut image = self.instance.as_ref().map_or(serde_json::Value::Null, crate::audit::image::image);
                let changes: Vec<_> = told.iter().map(crate::audit::told::Told::read).collect();
                crate::audit::fold::apply(&mut image, &changes).unwrap();
                assert_eq!(image, folded, "the entry tells what changed");
                after.seq += 1;
                after.changed_at = self.now;
                let incident = after.detail.incident.as_ref().map(|incident| incident.message.clone());
                self.instance = Some(after);
                Ok(incident)
            }
            Err(Stop::Refused(refusal)) => Err(refusal),
            Err(Stop::Nothing) => Ok(None),
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Notes who is told what, why, and where it waits for them.
    fn tells<Op>(&mut self, effects: &[Effect<Op>]) {
        let told = effects.iter().filter_map(|effect| match effect {
            Effect::Notice(told) => Some(told),
            _ => None,
        });
        self.notices = told.clone().map(|told| (told.kind, told.people.clone())).collect();
        self.reasons = told.clone().map(|told| told.reason.as_deref().map(str::to_owned)).collect();
        self.places = told.map(|told| told.state.clone()).collect();
    }

    /// Starts the instance; the incident, if there is one.
    fn start(&mut self, input: &Document) -> Result<Option<String>, Refusal> {
        let verb = Verb::Start { workflow: self.workflow.clone(), key: None, input: input.clone() };
        self.command(verb, Actor::System)
    }

    fn signal_as(&mut self, event: &str, actor: Actor) -> Result<Option<String>, Refusal> {
        let instance = self.instance.as_ref().unwrap().id;
        let (payload, reason, state_revision) = (Document::new(), None, None);
        self.command(Verb::Signal { instance, event: event.into(), payload, reason, state_revision }, actor)
    }

    fn signal(&mut self, event: &str) -> Result<Option<String>, Refusal> {
        self.signal_as(event, Actor::System)
    }

    fn wait(&mut self, micros: i64) -> Result<Option<String>, Refusal> {
        self.now = self.now.plus_micros(micros);
        let instance = self.instance.as_ref().unwrap().id;
        self.command(Verb::Wake { instance }, Actor::Timer)
    }

    /// The innermost states, joined by blanks.
    fn inside(&self) -> String {
        self.instance.as_ref().unwrap().inside().join(" ")
    }
}

fn person(id: &str) -> Actor {
    Actor::Person { id: id.into(), via: "test".into(), administrator: false }
}
