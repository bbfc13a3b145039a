//! The stable codes of findings in mapping files of event logs, beside those that any YAML file of ours has (FLX0001 to
//! FLX0015).

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        $(#[doc = $meaning] pub(super) const $name: &str = $code;)*
        /// Every code of a mapping file of an event log with one sentence that explains it.
        pub const CODES: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    UNKNOWN_EVENT = "FLX0720": "The definition has no event of this name.";
    UNKNOWN_STATE = "FLX0721": "The definition has no state of this name that asks for this.";
    UNKNOWN_STEP = "FLX0722": "No approval of the definition has a step of this name.";
    UNKNOWN_FIELD = "FLX0723": "The subject, payload or form has no field of this name.";
    ONE_MEANING = "FLX0724": "An activity is one of an event, an act on a task, completed data, a start, or is skipped.";
    MISSING_VALUE = "FLX0725": "A field that must have a value is not given any.";
    BAD_VALUE = "FLX0726": "The value does not fit the type of its field.";
    COLUMN_OR_VALUE = "FLX0727": "A value comes from a column (`column`) or is written out (`value`).";
    NEVER_SEEN = "FLX0728": "The log has no event of this activity.";
    BAD_TIME = "FLX0729": "A time zone, or a format made of fields such as %Y, %m and %d, is expected.";
    UNREACHABLE = "FLX0730": "What stands behind a meaning without `when`, or with the same, is never reached.";
    NO_HOLDER = "FLX0731": "The definition asks for a role that nobody in the log or the organisation has.";
    NO_UNIT = "FLX0732": "The definition asks for a role in a unit that is not there.";
    NO_MANAGERS = "FLX0733": "The definition asks for managers, and no organisation says who they are.";
    NO_COLUMN = "FLX0734": "The log has no column of this name, or more than one.";
    CAPITALS = "FLX0735": "With `fold: case` the organisation's ids are written in small letters.";
}
