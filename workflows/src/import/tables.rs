//! The canonical set: which CSV files there are, and what stands in their columns. `definitions/imports/README.md`
//! says the same to people, and a test compares the two.

/// A table of the set, in the order in which they are written: what is named comes before what names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    Company,
    Units,
    Suppliers,
    Items,
    ItemUnits,
    Locations,
    Terms,
    Policies,
    People,
    Roles,
    Substitutes,
    Budgets,
    Stock,
    Movements,
    Demand,
    Orders,
    OrderLines,
}

/// What a cell may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 1 to 60 bytes without blanks, `@` and `/`: it becomes a record's key.
    Code,
    /// A person's id: 1 to 64 characters without `/`.
    Person,
    /// An id of the source: 1 to 200 bytes, no control characters.
    Reference,
    /// One line or more of text.
    Text,
    /// `true` or `false`; `yes`, `no`, `1` and `0` are read too.
    Truth,
    /// A quantity with at most six places.
    Quantity,
    /// A quantity of zero or more.
    Amount,
    /// An amount of money without its currency, at most four places.
    Money,
    /// A percentage with at most four places.
    Percent,
    /// A whole number of zero or more.
    Count,
    /// A whole number above zero.
    Factor,
    /// A day.
    Date,
    /// An instant.
    Instant,
    /// A currency's code.
    Currency,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

const fn must(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: true }
}

const fn may(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, required: false }
}

use Kind::{Amount, Code, Count, Currency, Date, Factor, Instant, Money, Percent, Person, Quantity, Reference, Text};
use Kind::{Truth, Word};

/// Kinds of movements.
pub(crate) const MOVEMENTS: &[&str] = &["opening", "receipt", "issue", "adjustment"];
/// What became of an order.
pub(crate) const STATUSES: &[&str] = &["ordered", "closed", "cancelled", "rejected"];

const COMPANY: &[Column] = &[must("name", Text), must("currency", Currency), must("zone", Text), may("today", Date)];
const UNITS: &[Column] = &[
    must("code", Code),
    must("name", Text),
    may("grid", Amount),
    may("base", Code),
    may("numerator", Factor),
    may("denominator", Factor),
];
const SUPPLIERS: &[Column] = &[
    must("code", Code),
    must("name", Text),
    may("active", Truth),
    may("approved", Truth),
    may("currency", Currency),
    may("email", Text),
    may("payment_days", Count),
    may("note", Text),
    may("iban", Text),
    may("account_holder", Text),
];
const ITEMS: &[Column] =
    &[must("code", Code), must("name", Text), may("category", Text), must("stock_unit", Code), may("active", Truth)];
const ITEM_UNITS: &[Column] =
    &[must("item", Code), must("unit", Code), must("numerator", Factor), may("denominator", Factor)];
const LOCATIONS: &[Column] = &[must("code", Code), must("name", Text), may("active", Truth)];
const TERMS: &[Column] = &[
    must("item", Code),
    must("supplier", Code),
    may("term", Code),
    must("unit", Code),
    must("price", Money),
    may("currency", Currency),
    may("price_per", Amount),
    may("discount", Percent),
    may("break_quantity", Amount),
    may("minimum", Amount),
    may("multiple", Amount),
    may("maximum", Amount),
    may("lead_time_days", Count),
    may("valid_from", Date),
    may("valid_to", Date),
    may("sequence", Count),
    may("active", Truth),
];
const POLICIES: &[Column] = &[
    must("item", Code),
    must("location", Code),
    may("method", Word(&["min_max", "s_S", "s_Q"])),
    may("trigger", Word(&["below", "at_or_below"])),
    must("order_point", Amount),
    may("order_up_to", Amount),
    may("quantity", Amount),
    may("maximum", Amount),
    may("maximum_rule", Word(&["need_wins", "maximum_wins", "minimum_wins"])),
    may("active", Truth),
    may("snoozed_until", Date),
];
const PEOPLE: &[Column] = &[
    must("id", Person),
    may("name", Text),
    may("email", Text),
    may("manager", Person),
    may("limit", Money),
    may("currency", Currency),
    may("active", Truth),
];
const ROLES: &[Column] = &[must("unit", Code), must("role", Code), must("person", Person)];
const SUBSTITUTES: &[Column] =
    &[must("person", Person), must("substitute", Person), may("from", Date), may("to", Date)];
const BUDGETS: &[Column] = &[must("unit", Code), must("currency", Currency), must("amount", Money)];
const STOCK: &[Column] = &[must("item", Code), must("location", Code), must("on_hand", Quantity)];
const MOVEMENT: &[Column] = &[
    must("reference", Reference),
    must("item", Code),
    must("location", Code),
    must("kind", Word(MOVEMENTS)),
    must("quantity", Quantity),
    must("at", Instant),
    may("order", Reference),
    may("note", Text),
];
const DEMAND: &[Column] = &[
    must("reference", Reference),
    must("item", Code),
    must("location", Code),
    must("quantity", Amount),
    must("ordered_on", Date),
    may("due_on", Date),
    may("done_at", Instant),
];
const ORDERS: &[Column] = &[
    must("number", Reference),
    must("supplier", Code),
    must("ordered_on", Date),
    may("expected_on", Date),
    may("currency", Currency),
    may("status", Word(STATUSES)),
    may("requester", Person),
    may("note", Text),
];
const ORDER_LINES: &[Column] = &[
    must("order", Reference),
    must("line", Factor),
    must("item", Code),
    may("location", Code),
    must("quantity", Amount),
    must("unit", Code),
    must("price", Money),
    may("received", Amount),
    may("rejected", Amount),
    may("description", Text),
];

/// Name, columns, and the columns that name a row.
type Shape = (&'static str, &'static [Column], &'static [&'static str]);

impl Table {
    /// All of them, in the order in which they are written.
    pub(crate) const ALL: [Self; 17] = [
        Self::Company,
        Self::Units,
        Self::Suppliers,
        Self::Items,
        Self::ItemUnits,
        Self::Locations,
        Self::Terms,
        Self::Policies,
        Self::People,
        Self::Roles,
        Self::Substitutes,
        Self::Budgets,
        Self::Stock,
        Self::Movements,
        Self::Demand,
        Self::Orders,
        Self::OrderLines,
    ];

    const fn shape(self) -> Shape {
        match self {
            Self::Company => ("company", COMPANY, &[]),
            Self::Units => ("units", UNITS, &["code"]),
            Self::Suppliers => ("suppliers", SUPPLIERS, &["code"]),
            Self::Items => ("items", ITEMS, &["code"]),
            Self::ItemUnits => ("item_units", ITEM_UNITS, &["item", "unit"]),
            Self::Locations => ("locations", LOCATIONS, &["code"]),
            Self::Terms => ("terms", TERMS, &["item", "supplier", "term"]),
            Self::Policies => ("policies", POLICIES, &["item", "location"]),
            Self::People => ("people", PEOPLE, &["id"]),
            Self::Roles => ("roles", ROLES, &["unit", "role", "person"]),
            Self::Substitutes => ("substitutes", SUBSTITUTES, &["person", "substitute", "from"]),
            Self::Budgets => ("budgets", BUDGETS, &["unit", "currency"]),
            Self::Stock => ("stock", STOCK, &["item", "location"]),
            Self::Movements => ("movements", MOVEMENT, &["reference"]),
            Self::Demand => ("demand", DEMAND, &["reference"]),
            Self::Orders => ("orders", ORDERS, &["number"]),
            Self::OrderLines => ("order_lines", ORDER_LINES, &["order", "line"]),
        }
    }

    /// `order_lines`; the file is `order_lines.csv`.
    pub(crate) const fn name(self) -> &'static str {
        self.shape().0
    }

    /// Its columns.
    pub(crate) const fn columns(self) -> &'static [Column] {
        self.shape().1
    }

    /// The columns that name a row: no two rows have the same.
    pub(crate) const fn key(self) -> &'static [&'static str] {
        self.shape().2
    }

    /// The table of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.name() == name)
    }

    /// The place of a column.
    pub(crate) fn at(self, column: &str) -> Option<usize> {
        self.columns().iter().position(|known| known.name == column)
    }

    /// The names of its columns.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        self.columns().iter().map(|column| column.name)
    }
}
