//! What a decision brings about besides the instance's new image: closed enums, performed by `plan` and the store.

use std::sync::Arc;

use serde::Serialize;

use crate::approval::{Fired, WhyAsked};
use crate::clock::Timestamp;
use crate::command::Command;
use crate::decide::Acted;
use crate::definition::chart::{Definition, Retry};
use crate::domain::Tell;
use crate::ids::{CalendarHash, InstanceId, PersonId};
use crate::instance::{Document, Instance, Undelivered};

/// One effect.
#[derive(Clone, Debug)]
pub enum Effect<Op> {
    /// A row of the domain changes.
    Row(Op),
    /// A message goes to the outside, where a sink for it is configured.
    Send(Outgoing),
    /// People are told something, where a sink for notices is configured.
    Notice(Notice),
    /// Another instance starts, in the same commit.
    Start(Box<Child<Op>>),
    /// The instance is told something later, in a commit of its own.
    Tell(Tell),
    /// Another instance is told something later, in a commit of its own.
    Report(Report),
    /// What becomes of a message to the outside that was given up.
    Resume(Resume),
    /// Nobody waits for the messages of this name any more that entries before this one have sent: what of them has not
    /// gone out does not.
    Withdraw(Arc<str>),
}

/// A message to the outside that was given up, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Which.
    pub message: Undelivered,
    /// It is tried again, as often as at first; else nobody wants it any more.
    pub again: bool,
}

/// What one instance tells another: a call's end, or that nobody waits for it any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Whom.
    pub to: InstanceId,
    /// What, as the event of a message.
    pub event: &'static str,
    /// What it brings.
    pub payload: Document,
}

impl Report {
    /// The id of the message, unique for the target: the entry `seq` of `from` reports each event once.
    #[must_use]
    pub fn id(&self, from: InstanceId, seq: i64) -> Arc<str> {
        format!("{}:{from}:{seq}", self.event).into()
    }
}

/// An instance that an action starts, decided with the command that the action is part of.
#[derive(Clone, Debug)]
pub struct Child<Op> {
    /// The start, by whoever gave the parent's command.
    pub command: Command,
    /// What it is pinned to.
    pub definition: Arc<Definition>,
    /// The start's decision.
    pub decision: Decision<Op>,
}

/// What the ids of messages begin with that an instance tells itself. The stores' polls know it, too.
const TOLD: &str = "tell:";

/// The id of the message `name` that the entry `seq` tells: unique among all of its instance.
#[must_use]
pub fn tell_id(seq: i64, name: &str) -> Arc<str> {
    format!("{TOLD}{seq}:{name}").into()
}

/// Whether the instance has told itself the message with this id.
#[must_use]
pub fn is_tell(message: &str) -> bool {
    message.starts_with(TOLD)
}

/// A message to the outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    /// The vocabulary's name, and the destination.
    pub message: Arc<str>,
    /// What it carries.
    pub payload: Document,
    /// How it is tried.
    pub retry: Retry,
    /// The event that its success becomes.
    pub sent_event: Option<Arc<str>>,
}

/// The destination of notices to people.
pub const NOTICES: &str = "notices";

/// How notices are tried: for about six hours. A mail server may be away for a while, and yet somebody hears on the same
/// day that people are not told.
pub const NOTICE_RETRY: Retry = Retry { times: 16, from: 5_000_000, to: 3_600_000_000 };

/// The destination of what is heard of transitions.
pub const EVENTS: &str = "events";

/// How that is tried: until it is taken. Whoever takes it only writes it down, and no instance has an incident because of it.
pub const EVENT_RETRY: Retry = Retry { times: 1_000_000, from: 1_000_000, to: 60_000_000 };

/// Something that people should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The task's ordinal.
    pub task: u32,
    /// The step, where one is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Arc<str>>,
    /// Who is told.
    pub people: Vec<PersonId>,
    /// In whose place they are asked, if it is not they whom a rule named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<PersonId>,
    /// By when the step should be decided.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub due: Option<Timestamp>,
    /// Why it was rejected, sent back, moved or ended; the question, or the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
    /// What was asked, where this is the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Arc<str>>,
    /// The state that waits for them, where it is not that of the task.
    #[serde(skip)]
    pub state: Option<Arc<str>>,
}

fn as_text<S: serde::Serializer>(at: &Option<Timestamp>, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(&at.map_or_else(String::new, |at| at.to_string()))
}

/// What an instance is told in place of the answer of a message that was withdrawn and has arrived all the same, while another of its kind
/// waits to go out: nobody waits for it, and it answers nothing.
pub const WITHDRAWN_ARRIVED: &str = "withdrawn_arrived";

/// The kinds of [`Notice`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// You are asked.
    TaskOpened,
    /// You have not answered yet.
    Reminder,
    /// You are asked in place of somebody.
    Escalated,
    /// Your request, or one that you watch, was approved.
    Approved,
    /// Your request, or one that you watch, was rejected.
    Rejected,
    /// Your request came back with a question.
    ChangesRequested,
    /// Somebody wants to know something from you.
    QuestionAsked,
    /// Somebody has answered what you asked.
    QuestionAnswered,
    /// Your request has come to an end that none of these tells.
    Ended,
    /// Your request waits for you again, and none of these tells it.
    YourTurn,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::TaskOpened,
        Self::Reminder,
        Self::Escalated,
        Self::Approved,
        Self::Rejected,
        Self::ChangesRequested,
        Self::QuestionAsked,
        Self::QuestionAnswered,
        Self::Ended,
        Self::YourTurn,
    ];

    /// Whether it asks somebody for something in a task that is open.
    #[must_use]
    pub const fn asks(self) -> bool {
        match self {
            Self::TaskOpened | Self::Reminder | Self::Escalated | Self::QuestionAsked => true,
            Self::Approved
            | Self::Rejected
            | Self::ChangesRequested
            | Self::QuestionAnswered
            | Self::Ended
            | Self::YourTurn => false,
        }
    }

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TaskOpened => "task_opened",
            Self::Reminder => "reminder",
            Self::Escalated => "escalated",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::ChangesRequested => "changes_requested",
            Self::QuestionAsked => "question_asked",
            Self::QuestionAnswered => "question_answered",
            Self::Ended => "ended",
            Self::YourTurn => "your_turn",
        }
    }
}

/// What `decide` says: everything that is to be, and nothing done yet.
#[derive(Clone, Debug)]
pub struct Decision<Op> {
    /// The instance afterwards; `seq` and `head` are still those before.
    pub after: Instance,
    /// In order.
    pub effects: Vec<Effect<Op>>,
    /// What the entry says.
    pub record: Record,
}

impl<Op> Decision<Op> {
    /// The instances that it starts, and those that they start.
    pub fn each_child(&self, see: &mut impl FnMut(&Child<Op>)) {
        for effect in &self.effects {
            if let Effect::Start(child) = effect {
                see(child);
                child.decision.each_child(see);
            }
        }
    }
}

/// The instance and the entry by which another was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parent {
    /// The instance.
    pub instance: InstanceId,
    /// The number of its entry.
    pub seq: i64,
}

/// What an entry says besides the changed fields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The event that the verb was about.
    pub event: Option<Arc<str>>,
    /// The task that was decided.
    pub task: Option<u32>,
    /// On whose behalf.
    pub behalf: Option<PersonId>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
    /// Input or payload as it came.
    pub request: Document,
    /// The numbers of the arrows walked.
    pub walked: Vec<usize>,
    /// What reviews, forms, regions and calls came to, as the events that were walked for it. For whoever hears of it, not in the trail.
    pub outcomes: Vec<&'static str>,
    /// The paths of the states that were entered, the outer ones first. Likewise.
    pub entered: Vec<Arc<str>>,
    /// Rungs that fell due, by the task's ordinal.
    pub fired: Vec<(u32, Fired)>,
    /// Timers that fired: name and due instant; the entry's instant less that is the lateness.
    pub timers: Vec<(Arc<str>, Timestamp)>,
    /// What the approval found, by the task's ordinal: who is asked, and why.
    pub asked: Vec<(u32, WhyAsked)>,
    /// Acts on tasks, by the task's ordinal: whose, by what right, on what document.
    pub acted: Vec<(u32, Acted)>,
    /// Rows of tables that were chosen, from 0; none: what holds otherwise.
    pub tables: Vec<(Arc<str>, Vec<usize>)>,
    /// The calendar that working time was counted in, and what it was then.
    pub calendar: Option<(Arc<str>, CalendarHash)>,
    /// Which rule let somebody start it or tell it of an event.
    pub allowed: Option<Arc<str>>,
    /// What was taken back, in order: the action or message, and the one that did it. The row changes tell the rest.
    pub undone: Vec<(Arc<str>, Arc<str>)>,
    /// The same that an operator has left out.
    pub left_out: Vec<(Arc<str>, Arc<str>)>,
    /// Which instance started this one, if one did.
    pub parent: Option<Parent>,
}
