//! The stable codes of findings in mapping files, beside those that any YAML file of ours has (FLX0001 to FLX0015) and
//! those of expressions (FLX0100 to FLX0199).

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        $(#[doc = $meaning] pub(super) const $name: &str = $code;)*
        /// Every code of a mapping file with one sentence that explains it.
        pub const CODES: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    UNKNOWN_TABLE = "FLX0700": "The canonical set has no table of this name.";
    UNKNOWN_COLUMN = "FLX0701": "The table has no column of this name.";
    MISSING_COLUMN = "FLX0702": "A column that the table needs is not mapped.";
    NO_FILE = "FLX0703": "The company's folder has no file of this name, or it cannot be read.";
    NO_SUCH_COLUMN = "FLX0704": "The company's file has no column of this name.";
    SAME_NAME = "FLX0705": "Two columns, or a column and a joined file, have one name in expressions.";
    BAD_VALUE = "FLX0706": "The value is not one that the column can hold.";
    BAD_FORMAT = "FLX0707": "A date's format is made of fields such as %d, %m and %Y.";
    ROWS_OR_FROM = "FLX0708": "A source has either a file (`from`) or rows written out (`rows`).";
}
