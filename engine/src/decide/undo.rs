//! Taking back: what an action or a message did is undone by what the definition names for it, the last first.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::chart::{Retry, Undoing};
use crate::domain::Domain;
use crate::expression::Value;
use crate::instance::{Document, MOST_UNDOS, Undo};

use super::Halt;
use super::run::Run;

impl<D: Domain> Run<'_, '_, D> {
    /// Keeps how `of` is taken back.
    pub(super) fn keep(&mut self, of: &Arc<str>, by: &Arc<str>, params: Option<Document>) -> Result<(), Halt<D::Need>> {
        let kept = &mut self.work.detail.undo;
        if kept.len() >= MOST_UNDOS {
            let why = format!("more than {MOST_UNDOS} actions wait to be undone: some arrow back lacks its `undo`");
            return Err(Halt::Broken("too_many_undos", why));
        }
        kept.push(Undo { of: of.clone(), by: by.clone(), params });
        Ok(())
    }

    /// Takes back what an arrow says, the last first. What is refused refuses the command.
    pub(super) fn undo(&mut self, what: &Undoing) -> Result<(), Halt<D::Need>> {
        let undone = |undo: &Undo| match what {
            Undoing::Nothing => false,
            Undoing::All => true,
            Undoing::These(names) => names.contains(&undo.of),
        };
        let kept = std::mem::take(&mut self.work.detail.undo);
        let (undo, stay): (Vec<Undo>, Vec<Undo>) = kept.into_iter().partition(undone);
        self.work.detail.undo = stay;
        for undo in undo.into_iter().rev() {
            self.trying.undo = Some(undo.clone());
            let Undo { of, by, params } = undo;
            match params {
                Some(params) => {
                    let params = self.typed_params(&by, &params)?;
                    self.perform(&by, &params)?;
                }
                None => self.post(&by, Retry::default())?,
            }
            self.record.undone.push((of, by));
        }
        self.trying.undo = None;
        Ok(())
    }

    /// Parameters as they were kept, read back by the types of the vocabulary.
    pub(super) fn typed_params(
        &self,
        action: &str,
        kept: &Document,
    ) -> Result<BTreeMap<Arc<str>, Value>, Halt<D::Need>> {
        let broken = |why: String| Halt::Broken("undo_failed", format!("`{action}` cannot undo: {why}"));
        let Some(declared) = self.ground.domain.vocabulary().actions.get(action) else {
            return Err(broken("the vocabulary does not have it any more".to_owned()));
        };
        let mut params = BTreeMap::new();
        for (name, ty, _) in &declared.params {
            match kept.get(&**name) {
                None => {}
                Some(serde_json::Value::Null) => drop(params.insert(name.clone(), Value::Null)),
                Some(json) => {
                    let value = Value::from_json(json, ty).map_err(|why| broken(format!("`{name}`: {why}")))?;
                    params.insert(name.clone(), value);
                }
            }
        }
        Ok(params)
    }
}
