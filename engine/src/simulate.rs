//! What would happen: of a document and an organisation, who is asked, in what order, why and by when. Nothing is written.
//!
//! What must hold: it stands on [`crate::rehearsal`], so that what it says is what the engine would do
//! (`tests/it/simulations.rs` compares the two); what nobody knows beforehand (who answers what, and when) is an
//! assumption that it names; and it always ends. `asked` is what may be assumed, `report` what is told, `play` goes on
//! step by step (`next` says who answers, `data` what is entered), `people` gathers whom open tasks ask, `search` finds the way
//! to the first task, `halt` and `end` are how it stops, `words` how steps are told.

mod asked;
mod data;
mod end;
mod halt;
mod next;
mod people;
mod play;
mod report;
mod search;
mod words;

#[cfg(test)]
mod tests;

use crate::decide::Stop;
use crate::domain::Domain;
use crate::rehearsal::Setting;

pub use asked::{Act, Answer, Asked, Doing, Pace};
pub use report::{
    Accepted, AskedStep, End, EndKind, LateStep, PathStep, PersonAsked, PersonNotAsked, Simulation, Table,
};

/// How many people a simulation looks at, all steps together: each costs some microseconds, several times.
const MOST_PEOPLE_LOOKED_AT: usize = 300_000;

/// How many steps a simulation has at most.
pub const MOST_STEPS: usize = 200;

/// How many people are told of a step at most.
pub const MOST_PEOPLE: usize = 100;

/// Plays a workflow as [`Asked`] says, from the start to where it ends or nobody knows what comes next. It is deterministic.
///
/// # Errors
/// [`Stop::Refused`], where there is nothing to play: no such workflow, a starter whom nobody knows, an input that does not
/// fit. [`Stop::Needs`]: rows to load into `facts` first; then play again, from the start. Every other end is told in the
/// simulation.
pub fn simulate<D: Domain>(
    setting: Setting<'_, D>,
    facts: &D::Facts,
    asked: &Asked,
) -> Result<Simulation, Stop<D::Need>>
where
    D::Facts: Clone,
{
    play::Play::new(setting, facts.clone(), asked).run()
}
