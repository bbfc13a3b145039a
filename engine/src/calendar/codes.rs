//! The stable codes of findings in calendars and holiday rules, FLX0604 to FLX0631 (what stands before is the mail's).
//! Those of any file's shape stand with `definition`.

macro_rules! codes {
    ($($name:ident = $code:literal: $meaning:literal;)*) => {
        $(#[doc = $meaning] pub(crate) const $name: &str = $code;)*
        /// Every code of calendars and holiday rules with one sentence that explains it.
        pub const CODES: &[(&str, &str)] = &[$(($code, $meaning)),*];
    };
}

codes! {
    BAD_HOURS = "FLX0604": "Hours are `09:00-17:30`, from 00:00 to 24:00, the end after the begin.";
    OVERLAP = "FLX0605": "Two hours of one day overlap.";
    NO_HOURS = "FLX0606": "The calendar has no hours at all: nothing would ever be due.";
    UNKNOWN_ZONE = "FLX0607": "The time zone database has no zone of this name.";
    UNKNOWN_COUNTRY = "FLX0608": "There is no file of holidays for this country.";
    UNKNOWN_REGION = "FLX0609": "The country's file of holidays has no region of this code.";
    SAME_CALENDAR = "FLX0610": "Two files define a calendar of one name.";
    SAME_COUNTRY = "FLX0611": "Two files hold the holidays of one country.";
    OPEN_AND_CLOSED = "FLX0612": "A date is both closed and open or a half day; closed would win.";
    NO_EFFECT = "FLX0613": "A date changes nothing as the other keys stand.";
    SAME_DATE = "FLX0614": "A date is written twice.";
    SAME_HOLIDAYS = "FLX0615": "A country is named twice, or beside one of its regions.";
    BAD_COUNTRY = "FLX0616": "A country is the two capital letters of ISO 3166-1, such as `DE`.";
    BAD_REGION = "FLX0617": "A region is the part of its ISO 3166-2 code after the country: capital letters and digits.";

    WHEN = "FLX0620": "A holiday says when it is in exactly one way.";
    BAD_RULE = "FLX0621": "A rule is `12-25`, `4th thursday of november` or `monday on or after 10-31`, perhaps `+ 1 day`.";
    BAD_DAYS = "FLX0622": "A number of days or years lies outside what such a rule can mean.";
    BAD_YEARS = "FLX0623": "Years run from 1900 to 2199, the earlier first.";
    BAD_TARGET = "FLX0624": "A substitute is the next or previous working day, or a named day of the week.";
    NO_COUNTRY = "FLX0625": "A region is named that the head of the file does not list.";
    REGIONS_TWICE = "FLX0626": "A holiday has `regions` or `except_regions`, not both.";
    NEVER = "FLX0627": "The holiday is never.";
    BAD_DATE = "FLX0628": "A date is `2026-12-24`, or `12-24` in every year, and has to exist.";
    BAD_RANGE = "FLX0629": "A range of dates is `2026-12-28 to 2026-12-31`, both days included, the earlier first.";
    BAD_WEEKDAYS = "FLX0630": "Days of the week are `monday`, `monday to friday`, `saturday and sunday` or `every day`.";
    SAME_WEEKDAY = "FLX0631": "A day of the week is given hours twice.";
}
