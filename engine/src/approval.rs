//! Approvals: a pure function of organisation, policy, subject and events (`approvals.md` is its exact meaning).
//!
//! What must always hold: a refusal changes nothing, votes are only appended, and nothing reads a clock. Parts by
//! dependency: `value`, `amounts`, `organisation`, `resolver`, `policy`; `event`, `review`, `place`; `frame` and `facts` (who
//! is eligible, which votes count); `resolve`, `seats`, `quorum`; `voice`, `escalate`, `judge` (never mutates);
//! `rounds`, `settle`, `timers`, `apply`; `succeed` (other rules); `questions`; `view`, `foresee` and `standing` (by what right);
//! `declined` and `said` (why not, in words).

mod amounts;
mod apply;
mod because;
mod crowd;
mod declined;
mod escalate;
mod event;
mod facts;
mod foresee;
mod frame;
mod judge;
mod organisation;
mod place;
mod policy;
mod questions;
mod quorum;
mod refusal;
mod resolve;
mod resolver;
mod review;
mod rounds;
mod ruled;
mod said;
mod seating;
mod seats;
mod settle;
mod standing;
mod step;
mod succeed;
mod timers;
mod value;
mod view;
mod voice;
mod words;

#[cfg(test)]
mod tests_declined;
#[cfg(test)]
mod tests_example;
#[cfg(test)]
mod tests_hundreds;
#[cfg(test)]
mod tests_oracle;
#[cfg(test)]
mod tests_properties;
#[cfg(test)]
mod tests_questions;
#[cfg(test)]
mod tests_rules;
#[cfg(test)]
mod tests_standing;
#[cfg(test)]
pub(crate) mod tests_world;

pub use amounts::{Direction, Exact, Rates, Tolerance};
pub use apply::apply;
pub use because::Called;
pub use declined::declined;
pub use event::{Applied, Ballot, Event, Fired, FiredKind, Position, RepairAction, Verb};
pub(crate) use foresee::is_over_limits;
pub use foresee::{Foreseen, LateRung, PassedOver, foresee};
pub use frame::excluded;
pub use organisation::{
    Limit, Organisation, OrganisationChange, OrganisationParts, Person, SubstitutesFrom, Substitution, Unit,
};
pub use policy::{
    AfterChanges, AfterRejection, Hit, Mode, PLAN, Policy, Reapprove, ReapproveRule, Recall, Row, SamePerson, Table,
    When,
};
pub use questions::{Answered, Question, SeenQuestion};
pub use refusal::Refusal;
pub use resolver::{ChainStart, Resolver, UnitOf};
pub use review::{Definition, Looking, NamedBy, Paused, Resolved, Review, Seat, StepState, Vote};
pub use ruled::{Ruled, ruled};
pub use said::Declined;
pub use seating::{EachSeat, Seats};
pub use standing::{Chance, Link, Right, Standing, chances, deciders, seat_of};
pub use step::{EscalateTo, EscalationMode, OnEmpty, Quorum, RejectRule, Rung, RungAct, Step};
pub use succeed::{put_aside, renew, succeed};
pub use timers::{due_of, lapse, next_due, open_again};
pub use value::{FieldValue, Fields, Subject};
pub use view::{
    CountingVote, OpenVoice, Preview, Rule, SeenLooking, View, WhyAsked, explain_open, holders, preview, view,
};
pub use words::{NoPlan, State, Status, Stuck, VoteKind, Why};
