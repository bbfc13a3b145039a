//! Hit policies: which of the rows that match are taken, and what becomes of their outputs.

use std::fmt;

use crate::diagnostic::nearest;

/// Which of the matching rows count (DMN 1.5, 8.2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Hit {
    /// At most one row matches.
    #[default]
    Unique,
    /// Several may match if their outputs are equal.
    Any,
    /// The first that matches.
    First,
    /// The one whose outputs come first in the columns' `values`.
    Priority,
    /// All, by the columns' `values`.
    OutputOrder,
    /// All, in the order of the table.
    RuleOrder,
    /// All; their order means nothing (it is that of the table).
    Collect,
    /// The sum of the one output.
    Sum,
    /// The smallest of the one output.
    Min,
    /// The largest of the one output.
    Max,
    /// How many rows match.
    Count,
}

const NAMES: &[(&str, Hit)] = &[
    ("unique", Hit::Unique),
    ("any", Hit::Any),
    ("first", Hit::First),
    ("priority", Hit::Priority),
    ("output_order", Hit::OutputOrder),
    ("rule_order", Hit::RuleOrder),
    ("collect", Hit::Collect),
    ("collect sum", Hit::Sum),
    ("collect min", Hit::Min),
    ("collect max", Hit::Max),
    ("collect count", Hit::Count),
];

/// DMN's letters and what other tools write.
const FOREIGN: &[(&str, &str)] = &[
    ("u", "unique"),
    ("a", "any"),
    ("f", "first"),
    ("p", "priority"),
    ("o", "output_order"),
    ("r", "rule_order"),
    ("c", "collect"),
    ("c+", "collect sum"),
    ("c<", "collect min"),
    ("c>", "collect max"),
    ("c#", "collect count"),
    ("sum", "collect sum"),
    ("min", "collect min"),
    ("max", "collect max"),
    ("count", "collect count"),
    ("all", "collect"),
    ("output order", "output_order"),
    ("rule order", "rule_order"),
];

impl Hit {
    /// Reads a hit policy.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let plain = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((_, hit)) = NAMES.iter().find(|(name, _)| *name == plain) {
            return Ok(*hit);
        }
        let lower = plain.to_lowercase();
        let ours = FOREIGN.iter().find(|(foreign, _)| *foreign == lower).map(|(_, ours)| *ours);
        match ours.or_else(|| nearest(&lower, NAMES.iter().map(|(name, _)| *name))) {
            Some(ours) => Err(format!("write `{ours}`")),
            None => Err(format!("write {}", NAMES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "))),
        }
    }

    /// The names that authors write.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Whether one row is chosen.
    #[must_use]
    pub const fn is_single(self) -> bool {
        matches!(self, Self::Unique | Self::Any | Self::First | Self::Priority)
    }

    /// Whether the outputs of all rows are folded into one value.
    #[must_use]
    pub const fn is_aggregate(self) -> bool {
        matches!(self, Self::Sum | Self::Min | Self::Max | Self::Count)
    }

    /// Whether the outputs' `values` give an order.
    #[must_use]
    pub const fn is_ordered(self) -> bool {
        matches!(self, Self::Priority | Self::OutputOrder)
    }
}

/// As it is written in a table.
impl fmt::Display for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.iter().find(|(_, hit)| hit == self).map_or("", |(name, _)| name))
    }
}
