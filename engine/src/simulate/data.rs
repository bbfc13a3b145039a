//! What nobody knows beforehand: what is entered into forms, and what the answers to messages bring.

use crate::command::Verb;
use crate::decide::{self, CHANGE_ORGANISATION, Stop};
use crate::domain::Domain;
use crate::ids::{InstanceId, PersonId, TaskId};
use crate::instance::Document;
use crate::rehearsal::Step;

use super::halt::Halt;
use super::play::Play;
use super::report::EndKind;

/// What came of telling somebody something.
type Told<Need> = Result<Step, Stop<Need>>;

impl<D: Domain> Play<'_, D>
where
    D::Facts: Clone,
{
    /// A task that asks for data gets what was given for it, on top of what stands in its fields at first.
    pub(super) fn fill_in(
        &mut self,
        id: TaskId,
        (by, on_behalf_of): (PersonId, Option<PersonId>),
    ) -> Result<(), Halt<D::Need>> {
        let Some((instance, definition)) = self.instance_of(id) else { return Ok(()) };
        let Some(task) = instance.tasks.iter().find(|task| task.id == id) else { return Ok(()) };
        let fields = decide::asked_for(&definition, task, &instance.subject, self.now).unwrap_or_default();
        let names = [format!("{}/{}", instance.workflow, task.state), task.state.to_string()];
        let given = names.iter().find_map(|name| self.asked.data.get_key_value(name.as_str()));
        let mut data: Document =
            fields.iter().filter_map(|field| Some((field.name.to_string(), field.default.clone()?))).collect();
        if let Some((name, given)) = given {
            data.extend(given.clone());
            self.used.insert(name.clone());
        }
        let missing: Vec<String> = (fields.iter().filter(|field| field.required && !data.contains_key(&*field.name)))
            .map(|field| format!("`{}` ({})", field.name, field.ty))
            .collect();
        let state = &task.state;
        if !missing.is_empty() {
            let sentence = format!(
                "{by} is asked for data in `{state}`, and nobody knows it beforehand: {}. Give it as `data` of `{state}`.",
                missing.join(", ")
            );
            return Err(Halt::end(EndKind::NeedsData, sentence));
        }
        let with = if given.is_some() { "the data given" } else { "what stands in its fields at first" };
        self.assume(format!("`{state}` is filled in with {with}."));
        let what = format!("fills in {state}");
        let done = Verb::Complete { task: id, etag: self.etag(id), on_behalf_of, data };
        let done = self.stage.submit(Self::actor(&by), done, self.now);
        self.came(done, by.as_str(), &what)
    }

    /// Tells what is told next by the engine or arrives from outside; `None`: nothing.
    pub(super) fn deliver(&mut self) -> Result<Option<Told<D::Need>>, Halt<D::Need>> {
        let revision = self.organisation().map_or(0, |at| at.revision);
        let Some(post) = self.stage.next_post() else { return Ok(None) };
        let (to, event, sent) = (post.to, post.event.clone(), post.sent.clone());
        if let Some(sent) = sent {
            match self.asked.data.get_key_value(&*event) {
                Some((name, given)) => {
                    post.payload = given.clone();
                    self.used.insert(name.clone());
                }
                None if self.brings_data(to, &event) => {
                    let sentence = format!(
                        "The answer to the message `{sent}` is not known beforehand. Give what it brings as `data` of `{event}`."
                    );
                    return Err(Halt::end(EndKind::NeedsData, sentence));
                }
                // The engine itself takes this one, and answers as it would.
                None if *sent == *CHANGE_ORGANISATION => {
                    if let Some(post) = self.stage.next_post() {
                        post.payload.insert("revision".to_owned(), (revision + 1).into());
                    }
                }
                None => {}
            }
            self.assume(format!("The message `{sent}` arrives at once."));
        }
        Ok(self.stage.deliver(self.now))
    }

    /// Whether an event of an instance brings data that must be there.
    pub(super) fn brings_data(&self, to: InstanceId, event: &str) -> bool {
        let Some(instance) = self.stage.instance(to) else { return false };
        let Ok(definition) = self.stage.definition_of(instance) else { return false };
        let declared = definition.events.get(event);
        declared.is_some_and(|event| event.payload.fields.values().any(|field| !field.nullable))
    }
}
