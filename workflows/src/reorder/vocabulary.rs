//! What the workflow of a reorder run may name.

use fluxor_engine::expression::{RecordType, Type};

use super::run;
use crate::{Action, Message, Subject};

const ON_RUNS: &[&str] = &["reorder_run"];

/// The subject.
pub(crate) const SUBJECT: Subject = Subject {
    name: "reorder_run",
    major: 1,
    variable: "run",
    record: reorder_run,
    computed: &["items", "short", "not_ordered", "parts", "done", "orders", "lines"],
    options: &[],
    told: &[],
    about: None,
    mirrored: &[],
};

fn reorder_run() -> RecordType {
    RecordType::new("reorder_run")
        .with("requester", Type::Person)
        .with_nullable("unit", Type::Text)
        .with_nullable("as_of", Type::Date)
        .with("items", Type::Int)
        .with("short", Type::Int)
        .with("not_ordered", Type::Int)
        .with("parts", Type::Int)
        .with("done", Type::Int)
        .with("orders", Type::Int)
        .with("lines", Type::Int)
}

/// The actions.
pub(crate) static ACTIONS: &[Action] = &[
    Action {
        name: "begin_run",
        major: 1,
        params: &[],
        subjects: ON_RUNS,
        payload: &[],
        help: "At the start: the day that the run is for, the company's `today` unless the input brings `as_of`.",
        run: run::begin_run,
    },
    Action {
        name: "take_proposals",
        major: 1,
        params: &[],
        subjects: ON_RUNS,
        payload: &["chunks", "unplaceable", "totals"],
        help: "Takes in what was found short; the run tells itself the event `order_part` for each order to make.",
        run: run::take_proposals,
    },
    Action {
        name: "order_part",
        major: 1,
        params: &[],
        subjects: ON_RUNS,
        payload: &["supplier", "location", "currency", "part", "lines"],
        help: "Computes the lines of a part again under lock and starts their purchase order; counts `done` up.",
        run: run::order_part,
    },
];

/// The message to the worker that looks.
pub(crate) const MESSAGE: Message = Message {
    name: "propose_reorder",
    major: 1,
    sent_event: Some("proposed"),
    help: "Asks the worker what is short; its answer is the event `proposed`.",
    run: run::propose_reorder,
};
