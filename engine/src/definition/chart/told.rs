//! What a field of the subject is called and means, for people: as the subject says it, else as the form does that fills it.

use std::sync::Arc;

use super::{DONE, Definition, Outcome, StateKind};

/// What a field is called and what it means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What it is called; nothing: by its name.
    pub title: Option<Arc<str>>,
    /// Which end is good, of what unit it is, what it is for; may be empty.
    pub help: Arc<str>,
}

impl Definition {
    /// What a field of the subject is called and means. Where the subject does not say it, the task does whose form asks for it
    /// and whose arrow on `done` writes it as it is.
    #[must_use]
    pub fn told(&self, field: &str) -> Told {
        let own = self.subject.told.iter().find(|(name, _)| **name == *field);
        own.map(|(_, told)| told.clone()).or_else(|| self.told_by_form(field)).unwrap_or_default()
    }

    fn told_by_form(&self, field: &str) -> Option<Told> {
        self.states.iter().find_map(|state| {
            let StateKind::Approval(approval) = &state.kind else { return None };
            let form = approval.form.as_ref()?;
            let goes = state.on.get(DONE)?.iter().filter_map(|arrow| match &arrow.outcome {
                Outcome::Go(go) => Some(go),
                Outcome::Refuse(_) => None,
            });
            let mut sets = goes.flat_map(|go| &go.set).filter(|(name, _)| **name == *field);
            sets.find_map(|(_, value)| {
                let value = value.to_string();
                let asked = form.fields.iter().find(|asked| value.strip_prefix("event.") == Some(&*asked.name))?;
                Some(Told { title: Some(asked.title.clone()), help: asked.help.clone() })
            })
        })
    }
}
