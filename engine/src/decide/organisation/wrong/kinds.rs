//! The entries of an organisation, and what each field of them takes.

/// What a field takes.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    Text,
    Person,
    Truth,
    Day,
    Money,
    Limits,
    Roles,
}

/// A kind of entry: what it is called, its fields, and which of them it must have.
pub(super) struct Kind {
    pub(super) called: &'static str,
    pub(super) fields: &'static [(&'static str, Takes)],
    pub(super) needs: &'static [&'static str],
}

impl Kind {
    /// Where a field stands that people write here, if it stands elsewhere.
    pub(super) fn elsewhere(&self, field: &str) -> Option<&'static str> {
        let place = ELSEWHERE.iter().find(|(kind, fields, _)| *kind == self.called && fields.contains(&field));
        place.map(|(.., hint)| *hint)
    }
}

/// Fields that people write into the wrong kind of entry, each with where they stand.
const ELSEWHERE: &[(&str, &[&str], &str)] = &[
    (
        PERSON.called,
        &["role", "roles", "unit", "units"],
        "; who holds a role stands in its unit: `units: [{ id: it, roles: { buyer: [ann] } }]`",
    ),
    (PERSON.called, &["name", "email", "mail"], "; names and addresses of people stand in the part `contacts`"),
    (
        PERSON.called,
        &["substitute", "substitutes"],
        "; it stands in the part `substitutes`: `substitutes: [{ person: ann, substitute: bob }]`",
    ),
];

pub(super) const PERSON: Kind = Kind {
    called: "a person",
    fields: &[
        ("id", Takes::Text),
        ("active", Takes::Truth),
        ("from", Takes::Day),
        ("until", Takes::Day),
        ("manager", Takes::Person),
        ("limits", Takes::Limits),
        ("self_limits", Takes::Limits),
    ],
    needs: &["id"],
};
pub(super) const LIMIT: Kind =
    Kind { called: "a limit", fields: &[("amount", Takes::Money), ("category", Takes::Text)], needs: &["amount"] };
pub(super) const UNIT: Kind =
    Kind { called: "a unit", fields: &[("id", Takes::Text), ("roles", Takes::Roles)], needs: &["id"] };
pub(super) const SUBSTITUTION: Kind = Kind {
    called: "a substitution",
    fields: &[
        ("person", Takes::Person),
        ("substitute", Takes::Person),
        ("from", Takes::Day),
        ("until", Takes::Day),
        ("workflow", Takes::Text),
        ("category", Takes::Text),
        ("max_amount", Takes::Money),
        ("note", Takes::Text),
        ("noted_by", Takes::Person),
    ],
    needs: &["person", "substitute"],
};

/// Fields that may be null: it says that there is nothing.
pub(super) const MAY_BE_NULL: [&str; 8] =
    ["from", "until", "manager", "category", "workflow", "max_amount", "note", "noted_by"];
