//! The stable codes of findings in decision tables, FLX0640 to FLX0679.

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        $(#[doc = $meaning] pub(super) const $name: &str = $code;)*
        /// Every code of a decision table with one sentence that explains it.
        pub const CODES: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    HIT = "FLX0640": "The hit policy is one of unique, any, first, priority, output_order, rule_order and collect.";
    ROW_LENGTH = "FLX0641": "A row has one cell for each input, and then one for each output.";
    CELL = "FLX0642": "A cell is a test: `-`, a value, `< 5`, `[5..10]`, several by comma, `not(...)`, or a condition on `?`.";
    BARE_WORD = "FLX0643": "A text in a cell stands in quotes.";
    EMPTY_INTERVAL = "FLX0644": "No value lies in the interval.";
    MIXED_UNITS = "FLX0645": "The amounts of a column have one currency or unit.";
    COLUMN_TYPE = "FLX0646": "The type of a column does not exist, or its values cannot be tested.";
    VALUES = "FLX0647": "The values that a column allows are constants of its type.";
    NOT_ALLOWED = "FLX0648": "An output is not one of the values that its column allows.";
    PRIORITY = "FLX0649": "The hit policy orders by the outputs' `values`: at least one column has them.";
    AGGREGATE = "FLX0650": "A sum, minimum or maximum is taken of one output column that can be added or compared.";
    DATES = "FLX0651": "A row holds `from` a date `until` a date, both included, written 2026-12-31.";
    COLUMN_TWICE = "FLX0652": "Two columns have one name.";
    NULL_NEVER = "FLX0653": "The cell asks for `null`, and its column always has a value.";
    TOO_LARGE = "FLX0654": "The table has more rows or columns than any that people would read.";

    GAP = "FLX0660": "An input is matched by no row.";
    GAP_NULL = "FLX0661": "An input without a value is matched by no row.";
    GAP_DATE = "FLX0662": "Before the first row holds, or after the last one, no row matches.";
    OVERLAP = "FLX0663": "Two rows of a table whose rows exclude each other match one input.";
    DIFFERENT = "FLX0664": "Two rows match one input and have different outputs, where any of them may be taken.";
    SHADOWED = "FLX0665": "A row can never be chosen: other rows that go before it match all that it matches.";
    NEVER = "FLX0666": "A row matches nothing that can occur.";
    UNPROVED = "FLX0667": "Whether every input is matched depends on cells that only evaluation can decide.";
    TOO_MANY_STEPS = "FLX0668": "The table is too large to be proved in the steps that are allowed.";
}
