//! The stable codes of findings in mapping files of migrations, beside those that any YAML file of ours has (FLX0001 to
//! FLX0015) and those of expressions (FLX0100 to FLX0199).

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        $(#[doc = $meaning] pub(super) const $name: &str = $code;)*
        /// Every code of a mapping file of a migration with one sentence that explains it.
        pub const CODES: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    UNKNOWN_WORKFLOW = "FLX0740": "No definition of a workflow of this name is known.";
    UNKNOWN_VERSION = "FLX0741": "No definition that is in force, or that a running instance has, is this one.";
    SEVERAL = "FLX0742": "Several definitions have this version, or a hash that begins so.";
    SAME = "FLX0743": "Instances are moved from a definition to another one, not to itself.";
    UNKNOWN_STATE = "FLX0744": "The definition has no state of this path.";
    NOT_INNERMOST = "FLX0745": "An instance goes to innermost states, and a state with states inside is none.";
    INTO_END = "FLX0746": "A migration ends nothing: a final state takes only what has ended there.";
    NOWHERE = "FLX0747": "Instances in this state have nowhere to go.";
    UNKNOWN_STEP = "FLX0748": "No approval of the definition has a step of this name.";
    UNKNOWN_FIELD = "FLX0749": "Neither subject has a field of this name.";
    MISSING_FIELD = "FLX0750": "The new subject has a field that must have a value, and nothing gives it one.";
    LOST_FIELD = "FLX0751": "The new subject has no place for a field of the old one.";
    FIXED_FIELD = "FLX0752": "The field is one that no migration changes.";
    OTHER_SUBJECT = "FLX0753": "The definitions are about different kinds of documents.";
}
