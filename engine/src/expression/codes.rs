//! The stable codes of findings in expressions, FLX0100 to FLX0199.

/// Every code with what it means.
pub const CODES: &[(&str, &str)] = &[
    (CHARACTER, "a character that is not part of the language"),
    (OPEN_TEXT, "text that does not end"),
    (ESCAPE, "an escape sequence that does not exist"),
    (EXPONENT, "a floating-point literal"),
    (RANGE, "a number, or an amount with a unit, that is too large or too fine"),
    (SYNTAX, "something else was expected here"),
    (DEPTH, "nested too deep"),
    (LENGTH, "too long"),
    (RESERVED, "a word that the language reserves"),
    (UNIT, "an amount without its blank, or with a unit that has no fixed meaning"),
    (NAME, "an unknown name"),
    (FIELD, "an unknown field"),
    (FUNCTION, "an unknown function"),
    (TYPE, "a value of the wrong type"),
    (OPERATOR, "an operator that does not apply to these types"),
    (MIXED_UNITS, "two currencies or units that cannot be compared or added"),
    (BARE_NUMBER, "an amount of money or a quantity together with a number without a unit"),
    (ARGUMENTS, "a function that does not take these arguments"),
    (UNSUPPORTED, "a part of CEL that is not supported"),
    (NEVER_NULL, "a comparison with null of what always has a value"),
    (MIXED_LIST, "a list or map of values of different types"),
    (VARIABLE, "a macro's variable that is not a plain new name"),
    (COST, "too many steps"),
    (ALWAYS_FAILS, "a part that can never be evaluated"),
    (NO_CALENDAR, "working time where there is no calendar"),
    (PATTERN, "a regular expression that cannot be read"),
    (ZONE, "a time zone that does not exist"),
    (TEMPLATE, "a text for `format` that does not fit its values"),
    (MAY_BE_NULL, "warning: a value that may be missing is used without a guard"),
    (NEVER_MISSING, "warning: a default for what always has a value"),
    (EVALUATION, "an expression could not be evaluated; the instance has an incident"),
];

pub(super) const CHARACTER: &str = "FLX0100";
pub(super) const OPEN_TEXT: &str = "FLX0101";
pub(super) const ESCAPE: &str = "FLX0102";
pub(super) const EXPONENT: &str = "FLX0103";
pub(super) const RANGE: &str = "FLX0104";
pub(super) const SYNTAX: &str = "FLX0105";
pub(super) const DEPTH: &str = "FLX0106";
pub(super) const LENGTH: &str = "FLX0107";
pub(super) const RESERVED: &str = "FLX0108";
pub(super) const UNIT: &str = "FLX0109";
pub(super) const NAME: &str = "FLX0110";
pub(super) const FIELD: &str = "FLX0111";
pub(super) const FUNCTION: &str = "FLX0112";
pub(super) const TYPE: &str = "FLX0113";
pub(super) const OPERATOR: &str = "FLX0114";
pub(super) const MIXED_UNITS: &str = "FLX0115";
pub(super) const BARE_NUMBER: &str = "FLX0116";
pub(super) const ARGUMENTS: &str = "FLX0117";
pub(super) const UNSUPPORTED: &str = "FLX0118";
pub(super) const NEVER_NULL: &str = "FLX0119";
pub(super) const MIXED_LIST: &str = "FLX0120";
pub(super) const VARIABLE: &str = "FLX0121";
pub(super) const COST: &str = "FLX0122";
pub(super) const ALWAYS_FAILS: &str = "FLX0123";
pub(crate) const NO_CALENDAR: &str = "FLX0124";
pub(super) const PATTERN: &str = "FLX0125";
pub(super) const ZONE: &str = "FLX0126";
pub(super) const TEMPLATE: &str = "FLX0127";
pub(super) const MAY_BE_NULL: &str = "FLX0150";
pub(super) const NEVER_MISSING: &str = "FLX0151";
pub(super) const EVALUATION: &str = "FLX0190";

/// What to do about a finding of `code` where its place knows nothing better.
pub(super) fn usual_help(code: &str) -> &'static str {
    match code {
        CHARACTER => "leave it out; a text stands in quotes",
        RANGE => "leave digits out: an int has 64 bits, a decimal 28 digits, money 4 places, a quantity 6",
        SYNTAX => "look at what stands before it: an operator, a quote or a bracket may be missing",
        DEPTH => "divide it: put a part into a field or a decision table",
        RESERVED => "write a name that no language keeps for itself",
        FIELD => "only a record, such as the subject, has fields: leave the point and the name out",
        FUNCTION => {
            "text has `contains` and `startsWith`, lists have `size`, `exists` and `sum`, numbers `min` and `max`"
        }
        TYPE => "write an expression of the type that is expected here; a comparison such as `==` gives a bool",
        OPERATOR => "both sides are of one type: convert one, or compare something else",
        MIXED_UNITS => "amounts are never converted: use one unit on both sides, or keep them in two fields",
        ARGUMENTS => "give it what its description says, no less and no more",
        MIXED_LIST => "leave it out, or give all of them one type; a list may leave out what is missing: `[?x]`",
        VARIABLE => "write a name of your own, such as `x`: `po.tags.exists(x, x == \"it\")`",
        ALWAYS_FAILS => "leave this part out, or change its constants",
        ZONE => "write a name such as Europe/Berlin, or an offset such as +02:00",
        TEMPLATE => "write one `%s` for each value, and `%%` for a percent sign",
        _ => "",
    }
}
