//! The list of the vocabulary as the engine sees it: names to check by, functions to call.

use std::sync::Arc;

use fluxor_engine::definition::chart::Told;
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::domain::{ActionType, Call, Domain, Done, FactType, MessageType, NotDone, SubjectType, Vocabulary};
use fluxor_engine::expression::Value;
use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Document;

use crate::action::{Answer, fail};
use crate::facts::{Facts, Undo};
use crate::row::{Need, Op};
use crate::settings::Settings;
use crate::vocabulary::RECORDS;
use crate::{ACTIONS, Action, FACTS, MESSAGES, SUBJECTS, bank, budgets, organisation, reorder, ties};

/// The domain of procurement.
#[derive(Clone, Debug)]
pub struct Procurement {
    vocabulary: Vocabulary,
    settings: Settings,
}

impl Default for Procurement {
    fn default() -> Self {
        Self::new()
    }
}

impl Procurement {
    /// With the usual settings.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// With other settings.
    #[must_use]
    pub fn with(settings: Settings) -> Self {
        Self { vocabulary: vocabulary(), settings }
    }
}

fn told(title: &str, help: &str) -> Told {
    Told { title: Some(title.into()).filter(|_| !title.is_empty()), help: help.into() }
}

fn vocabulary() -> Vocabulary {
    let names = |names: &[&str]| names.iter().map(|name| Arc::from(*name)).collect::<Vec<Arc<str>>>();
    let subjects = SUBJECTS.iter().map(|subject| {
        let by = |action: &&str| Some(Arc::from(*action)).filter(|_| !action.is_empty());
        let mirrored = subject.mirrored.iter().map(|(field, action)| (Arc::from(*field), by(action)));
        let ty = SubjectType {
            major: subject.major,
            variable: subject.variable.into(),
            record: Arc::new((subject.record)()),
            computed: names(subject.computed),
            options: subject.options.iter().map(|(field, options)| (Arc::from(*field), names(options))).collect(),
            told: subject.told.iter().map(|(field, title, help)| (Arc::from(*field), told(title, help))).collect(),
            about: subject.about.map(Arc::from),
            mirrored: mirrored.collect(),
        };
        (Arc::from(subject.name), ty)
    });
    let facts = FACTS.iter().map(|fact| {
        let ty = FactType {
            major: fact.major,
            ty: (fact.ty)(),
            nullable: fact.nullable,
            reads: names(ties::reads(fact.name)),
            help: fact.help.into(),
        };
        (Arc::from(fact.name), ty)
    });
    let actions = actions().map(|action| {
        let params = action.params.iter().map(|(name, ty, required)| (Arc::from(*name), ty.clone(), *required));
        let ty = ActionType {
            major: action.major,
            params: params.collect(),
            subjects: names(action.subjects),
            payload: names(action.payload),
            writes: ties::writes(action.name),
            help: action.help.into(),
        };
        (Arc::from(action.name), ty)
    });
    let messages = MESSAGES.iter().map(|message| {
        let sent_event = message.sent_event.map(Arc::from);
        (Arc::from(message.name), MessageType { major: message.major, sent_event, help: message.help.into() })
    });
    Vocabulary {
        subjects: subjects.collect(),
        facts: facts.collect(),
        actions: actions.collect(),
        messages: messages.collect(),
        roles: Vec::new(),
        units: Vec::new(),
    }
}

/// Every action.
fn actions() -> impl Iterator<Item = &'static Action> + Clone {
    ACTIONS
        .iter()
        .chain(RECORDS)
        .chain(reorder::ACTIONS)
        .chain(organisation::ACTIONS)
        .chain(bank::ACTIONS)
        .chain(budgets::ACTIONS)
}

/// The entry of that name. A definition that was checked names nothing else.
fn entry<'a, T: 'a>(
    mut list: impl Iterator<Item = &'a T> + Clone,
    kind: &str,
    name: &str,
    named: fn(&T) -> &'static str,
) -> Answer<&'a T> {
    let names = list.clone();
    match list.find(|entry| named(entry) == name) {
        Some(entry) => Ok(entry),
        None => {
            let near = nearest(name, names.map(named));
            let hint = near.map_or(String::new(), |near| format!("; a similar one is `{near}`"));
            fail(format!("procurement has no {kind} `{name}`{hint}"))
        }
    }
}

impl Domain for Procurement {
    type Need = Need;
    type Facts = Facts;
    type Op = Op;
    type Undo = Undo;

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn is_own_record(&self, kind: &str, action: &str) -> bool {
        (kind, action) == ("preference", "set_preference")
    }

    fn fact(&self, name: &str, call: &Call<'_, Facts>) -> Result<Value, NotDone<Need>> {
        (entry(FACTS.iter(), "fact", name, |fact| fact.name)?.run)(&self.settings, call)
    }

    fn act(&self, name: &str, call: &Call<'_, Facts>) -> Result<Done<Op>, NotDone<Need>> {
        (entry(actions(), "action", name, |action| action.name)?.run)(&self.settings, call)
    }

    fn apply(&self, facts: &mut Facts, tenant: TenantId, op: &Op) -> Undo {
        facts.apply(tenant, op)
    }

    fn undo(&self, facts: &mut Facts, undo: Undo) {
        facts.undo(undo);
    }

    fn message(&self, name: &str, call: &Call<'_, Facts>) -> Result<Document, NotDone<Need>> {
        (entry(MESSAGES.iter(), "message", name, |message| message.name)?.run)(&self.settings, call)
    }
}
