#![doc = include_str!("../README.md")]
//! Procurement on the engine.
//!
//! This file is the one list of the vocabulary: every subject, fact, action and message that a definition may name (the
//! actions of records stand in `vocabulary.rs`, what facts read and actions write of a subject in `ties.rs`). A rule is a pure function in the folder of its noun; a row change is a
//! variant of [`Op`]. What must hold: an entry's `major` is raised when its meaning changes, because definitions are
//! pinned to `name@major`.

#![allow(clippy::duplicate_mod, reason = "`sql/` is mounted once for each driver: see sql/mod.rs")]

mod action;
mod bank;
mod budgets;
mod digests;
mod facts;
mod fold;
pub mod import;
mod inventory;
mod memory;
mod money;
mod naming;
mod organisation;
mod persist;
mod postgres;
mod preferences;
mod procurement;
mod purchasing;
mod quantity;
mod reads;
mod records;
pub mod reorder;
mod row;
mod sessions;
mod settings;
mod sinks;
mod sqlite;
mod statement;
#[cfg(test)]
mod testing;
mod ties;
mod traffic;
mod vocabulary;
mod webhooks;

use fluxor_engine::expression::{RecordType, Type};

pub use action::Call;
pub use bank::Iban;
pub use digests::{
    DigestClaim, DigestItem, DigestWaiting, claim_digest, digests_waiting, finish_digest, postpone_digest,
    put_digest_item,
};
pub use facts::{Facts, Undo};
pub use memory::Memory;
pub use money::{exponent, grouped, line_total, round_half_up, shown};
pub use naming::{supplier_fields, unit_fields};
pub use organisation::unknown_unit;
pub use preferences::{MOST_TIMES, Preference, Way};
pub use procurement::Procurement;
pub use purchasing::{MOST_LINES, lines_digest, mistakes_in_lines};
pub use quantity::Quantity;
pub use reads::{
    Around, Left, Order, Totals, around, company, item, item_units, items, location, locations, movements, open_demand,
    order, order_by_number, orders, orders_from, policies, policy, preference, preferences_by_person, setting,
    settings_by_name, shortfalls, stock_at, stock_level, stock_levels, stock_of, supplier, suppliers, terms, totals,
    unit, units,
};
pub use row::{
    BankAccount, BudgetKey, BudgetRow, Compact, CompanyRow, DemandRow, Factor, ItemRow, ItemUnitKey, ItemUnitRow,
    Keyed, LineRow, LineSet, LocationRow, MaximumRule, Method, MovementKind, MovementRow, Need, Op, OrderRow,
    OrderStatus, PaidRow, Percent, PolicyRow, PreferenceRow, ReorderLineRow, Reservation, Rows, SeriesKey, SeriesRow,
    SettingRow, ShortfallRow, StockKey, StockRow, SupplierRow, TermKey, TermRow, Trigger, UnitRow, Written,
};
pub use sessions::{
    LinkRow, Purpose, SessionRow, begin_session, end_session, end_sessions_of_key, forget_sessions, keep_link, link,
    session, session_seen, sessions_of, use_link,
};
pub use settings::Settings;
pub use sinks::{Sinks, sinks, sinks_that_take_all};
pub use statement::{MIGRATIONS, Sql, statements, webhook_statements};
pub use traffic::{
    RefusedCall, RefusedCalls, Stretch, TrafficRow, forget_traffic, forget_traffic_beyond, keep_refused, keep_traffic,
    refused_calls, traffic, traffic_sizes,
};

pub use webhooks::{
    ClaimedWebhook, FailedWebhooks, MOST_SECRETS, NewWebhook, SettledWebhook, WebhookCounts, WebhookEndpoint,
    WebhookHealth, WebhookRow, WebhookSecret, WebhookState, WebhooksAsked, add_webhook_secret, claim_webhooks,
    forget_other_webhooks, forget_webhooks, forget_webhooks_beyond, keep_webhooks, note_webhook,
    replay_failed_webhooks, replay_webhooks, settings_of_all, settle_webhooks, webhook_counts, webhook_deliveries,
    webhook_delivery, webhook_due, webhook_health, webhook_secrets,
};

use action::{Act, Compose, Tell};

/// A subject type that definitions may name.
struct Subject {
    name: &'static str,
    major: u32,
    variable: &'static str,
    record: fn() -> RecordType,
    computed: &'static [&'static str],
    /// Fields that have one of these values and no other.
    options: &'static [(&'static str, &'static [&'static str])],
    /// What fields are called, and what they mean, for people; an empty title: as their names say.
    told: &'static [(&'static str, &'static str, &'static str)],
    /// The field that says in words what an instance is about.
    about: Option<&'static str>,
    /// Fields that its rows hold as well, each with the action that changes both; empty: none does.
    mirrored: &'static [(&'static str, &'static str)],
}

/// An action that definitions, or changes of a record, may name.
struct Action {
    name: &'static str,
    major: u32,
    /// Name, type, required.
    params: &'static [(&'static str, Type, bool)],
    /// Empty: works on a record, not on a subject.
    subjects: &'static [&'static str],
    /// Keys of the input or payload that it reads and validates itself.
    payload: &'static [&'static str],
    help: &'static str,
    run: Act,
}

/// A fact that conditions may name.
struct Fact {
    name: &'static str,
    major: u32,
    ty: fn() -> Type,
    nullable: bool,
    help: &'static str,
    run: Tell,
}

/// A message that definitions may send.
struct Message {
    name: &'static str,
    major: u32,
    sent_event: Option<&'static str>,
    help: &'static str,
    run: Compose,
}

static SUBJECTS: &[Subject] =
    &[ORDERS, EMERGENCIES, reorder::SUBJECT, organisation::SUBJECT, bank::SUBJECT, budgets::SUBJECT];

const ORDERS: Subject = Subject {
    name: "purchase_order",
    major: 1,
    variable: "po",
    record: purchase_order,
    computed: &["amount", "lines", "lines_digest", "lines_open", "number"],
    options: &[],
    told: &[],
    about: None,
    mirrored: MIRRORED,
};

/// An order that is issued before anybody has approved it.
const EMERGENCIES: Subject = Subject {
    name: "emergency_order",
    record: emergency_order,
    computed: &[
        "amount",
        "lines",
        "lines_digest",
        "lines_open",
        "number",
        "explanation",
        "answer",
        "not_approved_before",
        "open_amount",
        "goods",
    ],
    options: &[("kind", &purchasing::EMERGENCIES)],
    ..ORDERS
};

/// What the rows of an order hold as well.
const MIRRORED: &[(&str, &str)] = &[
    ("amount", "change_order"),
    ("category", "change_order"),
    ("expected_on", ""),
    ("lines", "change_order"),
    ("lines_digest", "change_order"),
    ("lines_open", "receive_goods"),
    ("note", "change_order"),
    ("number", "number_order"),
    ("ordered_on", ""),
    ("source", ""),
    ("supplier", "change_order"),
    ("unit", "change_order"),
];

fn purchase_order() -> RecordType {
    RecordType::new("purchase_order")
        .with("requester", Type::Person)
        .with("amount", Type::Money)
        .with_nullable("category", Type::Text)
        .with_nullable("unit", Type::Text)
        .with("supplier", Type::Text)
        .with("lines", Type::Int)
        .with("lines_digest", Type::Text)
        .with("lines_open", Type::Int)
        .with_nullable("number", Type::Text)
        .with_nullable("note", Type::Text)
        .with_nullable("ordered_on", Type::Date)
        .with_nullable("expected_on", Type::Date)
        .with_nullable("source", Type::Text)
}

/// An order with what kind of emergency it is, and what its requester says about it.
fn emergency_order() -> RecordType {
    let order = RecordType { name: "emergency_order".to_owned(), ..purchase_order() };
    order
        .with("kind", Type::Text)
        .with("reason", Type::Text)
        .with_nullable("explanation", Type::Text)
        .with_nullable("answer", Type::Text)
        .with_nullable("not_approved_before", Type::Int)
        .with_nullable("open_amount", Type::Money)
        .with_nullable("goods", Type::Text)
}

const ON_ORDERS: &[&str] = &["purchase_order", "emergency_order"];

static ACTIONS: &[Action] = &[
    Action {
        name: "record_order",
        major: 1,
        params: &[],
        subjects: ON_ORDERS,
        payload: &["lines"],
        help: "At the start: writes the order and the `lines` of the input; computes amount, lines and lines_digest.",
        run: purchasing::record_order,
    },
    Action {
        name: "change_order",
        major: 1,
        params: &[],
        subjects: ON_ORDERS,
        payload: &["lines"],
        help: "Replaces the lines if the payload brings `lines`; sets supplier, category, unit and note where it brings them.",
        run: purchasing::change_order,
    },
    Action {
        name: "record_imported_order",
        major: 1,
        params: &[],
        subjects: ON_ORDERS,
        payload: &["lines", "number", "status"],
        help: "At the start: writes an order that was placed elsewhere, with what has come of its `lines`.",
        run: purchasing::record_imported_order,
    },
    Action {
        name: "receive_goods",
        major: 1,
        params: &[],
        subjects: ON_ORDERS,
        payload: &["lines"],
        help: "Notes what has come: `lines`, each `{line, quantity}`; without, all that is open. Computes lines_open.",
        run: purchasing::receive_goods,
    },
    Action {
        name: "reserve_budget",
        major: 1,
        params: &[],
        subjects: ON_ORDERS,
        payload: &[],
        help: "Holds the amount of the budget of the order's unit; refuses with `budget_exceeded`. Again: the difference.",
        run: budgets::reserve_budget,
    },
    Action {
        name: "release_budget",
        major: 1,
        params: &[],
        subjects: ON_ORDERS,
        payload: &[],
        help: "Gives back exactly what the order holds of a budget.",
        run: budgets::release_budget,
    },
    Action {
        name: "number_order",
        major: 1,
        params: &[("series", Type::Text, false)],
        subjects: ON_ORDERS,
        payload: &[],
        help: "Gives the next official number of the year, such as PO-2026-00001; an order that has one keeps it.",
        run: purchasing::number_order,
    },
    Action {
        name: "set_order_status",
        major: 1,
        params: &[("status", Type::Text, true)],
        subjects: ON_ORDERS,
        payload: &[],
        help: "Sets the status: draft, in_review, ordered, received, closed, rejected or cancelled.",
        run: purchasing::set_order_status,
    },
    Action {
        name: "count_not_approved",
        major: 1,
        params: &[],
        subjects: &["emergency_order"],
        payload: &[],
        help: "Counts an emergency that nobody approved against its requester, once; notes how many there were this year.",
        run: purchasing::count_not_approved,
    },
    Action {
        name: "open_emergency",
        major: 1,
        params: &[("most", Type::Money, true)],
        subjects: &["emergency_order"],
        payload: &[],
        help: "Refuses more than `most` of the requester's emergencies that nobody has decided about; counts this as one.",
        run: purchasing::open_emergency,
    },
    Action {
        name: "settle_emergency",
        major: 1,
        params: &[],
        subjects: &["emergency_order"],
        payload: &[],
        help: "Counts the emergency no longer among those that nobody has decided about.",
        run: purchasing::settle_emergency,
    },
    Action {
        name: "set_budget",
        major: 1,
        params: &[("amount", Type::Money, true)],
        subjects: &[],
        payload: &[],
        help: "For the record `budget`, key `unit/currency`: sets what the unit may spend.",
        run: budgets::set_budget,
    },
];

static FACTS: &[Fact] = &[
    bank::FACT,
    Fact {
        name: "budget_left",
        major: 1,
        ty: || Type::Money,
        nullable: true,
        help: "What is left of the budget of the order's unit and currency; null where there is none.",
        run: budgets::budget_left,
    },
    Fact {
        name: "currency_known",
        major: 1,
        ty: || Type::Bool,
        nullable: false,
        help: "Whether the order's amount compares with amounts in the home currency: it is in that, or has a rate.",
        run: purchasing::currency_known,
    },
    Fact {
        name: "goods_received",
        major: 1,
        ty: || Type::Bool,
        nullable: false,
        help: "Whether anything of the order has come.",
        run: purchasing::goods_received,
    },
    Fact {
        name: "not_approved",
        major: 1,
        ty: || Type::Int,
        nullable: false,
        help: "How many emergencies of the requester were not approved this year.",
        run: purchasing::not_approved,
    },
    Fact {
        name: "order_lines",
        major: 1,
        ty: || Type::Int,
        nullable: false,
        help: "How many lines the order has.",
        run: purchasing::order_lines,
    },
    organisation::ROLES,
    organisation::STANDS,
];

static MESSAGES: &[Message] = &[ORDER_TO_SUPPLIER, reorder::MESSAGE, organisation::MESSAGE];

const ORDER_TO_SUPPLIER: Message = Message {
    name: "order_to_supplier",
    major: 1,
    sent_event: Some("sent"),
    help: "The order with its lines, for mail or EDI.",
    run: purchasing::order_to_supplier,
};
