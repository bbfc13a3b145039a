//! What is told in the end.

use crate::domain::Domain;
use crate::ids::DefinitionHash;
use crate::instance::{Instance, Status};

use super::halt::Ending;
use super::play::Play;
use super::report::{Accepted, End, Simulation};
use super::words;

impl<D: Domain> Play<'_, D>
where
    D::Facts: Clone,
{
    pub(super) fn waits_for(&self) -> String {
        let open = !self.open_tasks().is_empty();
        let time = match self.stage.next_due() {
            Some((due, _)) => format!(" Time alone does something at {due}: play it at the pace `due` to see."),
            None => String::new(),
        };
        let main = self.stage.instance(self.main);
        let accepts = main.map(|main| self.accepts(main)).unwrap_or_default();
        let events: Vec<String> =
            accepts.iter().map(|one| format!("`{}` ({})", one.event, one.by.join(", or "))).collect();
        match (open, events.is_empty()) {
            (true, true) => format!("It waits for those who are asked, and nothing is assumed of them.{time}"),
            (true, false) => format!(
                "It waits for those who are asked, and nothing is assumed of them. It accepts: {}.{time}",
                events.join("; ")
            ),
            (false, true) => format!("It waits, and accepts nothing from outside.{time}"),
            (false, false) => format!("It waits for one of these events: {}.{time}", events.join("; ")),
        }
    }

    fn accepts(&self, instance: &Instance) -> Vec<Accepted> {
        let Ok(definition) = self.stage.definition_of(instance) else { return Vec::new() };
        if instance.status == Status::Final { Vec::new() } else { words::accepted(&definition, instance) }
    }

    /// What is told in the end.
    pub(super) fn told(mut self, end: Ending) -> Simulation {
        for (step, _) in self.asked.answers.iter().filter(|(step, _)| &***step != "*" && !self.gathered.has(step)) {
            self.assumptions.push(format!("What was to be answered in `{step}` was not: no such step was asked."));
        }
        for name in self.asked.data.keys().filter(|name| !self.used.contains(*name)) {
            self.assumptions.push(format!("The data for `{name}` was not asked for."));
        }
        let main = self.stage.instance(self.main).cloned();
        let accepts = main.as_ref().map(|main| self.accepts(main)).unwrap_or_default();
        let current = self.setting.library.current(&self.asked.workflow);
        let Ending { kind, sentence, code } = end;
        Simulation {
            workflow: self.asked.workflow.clone(),
            version: current.map_or(0, |definition| definition.version),
            definition: current.map_or_else(|| DefinitionHash([0; 32]), |definition| definition.hash),
            at: self.asked.at,
            starter: self.asked.starter.clone(),
            path: self.path,
            asked: self.gathered.finish(),
            tables: self.tables,
            assumptions: self.assumptions,
            end: End {
                state: main.as_ref().map_or_else(String::new, |main| main.inside().join(", ")),
                status: main.map(|main| main.status.as_str()),
                kind,
                sentence,
                code,
                accepts,
            },
        }
    }
}
