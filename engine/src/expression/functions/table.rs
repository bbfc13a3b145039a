//! The functions and methods, a row each.

use super::Param::{Any, AnyList, AnyMap, Is, Like, ListIs, Number, Numbers, Ordered, OrderedList, Scalar};
use super::Style::{Both, Function as Free, Method};
use super::{
    BOOL, DATE, DURATION, Function, INT, MONEY, Out, QUANTITY, Reach, TEXT, TIMESTAMP, amounts, compare, convert,
    extent, format, lists, math, numbers, pattern, row, text, time, working,
};
use crate::expression::types::Type;

const TO_INT: Out = Out::Is(Type::Int);
const TO_DECIMAL: Out = Out::Is(Type::Decimal);
const TO_TEXT: Out = Out::Is(Type::Text);

/// What a zone costs to look up.
const ZONE: u64 = 20;

pub(super) static FUNCTIONS: &[Function] = &[
    // Text.
    row("size", Both, &[TEXT], TO_INT, convert::size).reach(Reach::Deep),
    row("size", Both, &[AnyList], TO_INT, convert::size),
    row("size", Both, &[AnyMap], TO_INT, convert::size),
    row("startsWith", Method, &[TEXT, TEXT], BOOL, text::starts_with).reach(Reach::Deep),
    row("endsWith", Method, &[TEXT, TEXT], BOOL, text::ends_with).reach(Reach::Deep),
    row("contains", Method, &[TEXT, TEXT], BOOL, text::contains).reach(Reach::Deep),
    row("matches", Both, &[TEXT, TEXT], BOOL, pattern::matches).reach(Reach::Search).cost(pattern::COMPILING),
    row("charAt", Method, &[TEXT, INT], TO_TEXT, text::char_at).reach(Reach::Deep),
    row("indexOf", Method, &[TEXT, TEXT], TO_INT, text::index_of).reach(Reach::Deep),
    row("indexOf", Method, &[TEXT, TEXT, INT], TO_INT, text::index_of).reach(Reach::Deep),
    row("lastIndexOf", Method, &[TEXT, TEXT], TO_INT, text::last_index_of).reach(Reach::Deep),
    row("lastIndexOf", Method, &[TEXT, TEXT, INT], TO_INT, text::last_index_of).reach(Reach::Deep),
    row("substring", Method, &[TEXT, INT], TO_TEXT, text::substring).reach(Reach::Deep),
    row("substring", Method, &[TEXT, INT, INT], TO_TEXT, text::substring).reach(Reach::Deep),
    row("replace", Method, &[TEXT, TEXT, TEXT], TO_TEXT, text::replace).reach(Reach::Deep).extent(extent::replaced),
    row("replace", Method, &[TEXT, TEXT, TEXT, INT], TO_TEXT, text::replace)
        .reach(Reach::Deep)
        .extent(extent::replaced),
    row("split", Method, &[TEXT, TEXT], Out::Texts, text::split).reach(Reach::Deep).extent(extent::parts),
    row("split", Method, &[TEXT, TEXT, INT], Out::Texts, text::split).reach(Reach::Deep).extent(extent::parts),
    row("join", Method, &[ListIs(Type::Text)], TO_TEXT, text::join).reach(Reach::Deep).extent(extent::spliced),
    row("join", Method, &[ListIs(Type::Text), TEXT], TO_TEXT, text::join).reach(Reach::Deep).extent(extent::spliced),
    row("trim", Method, &[TEXT], TO_TEXT, text::trim).reach(Reach::Deep),
    row("lowerAscii", Method, &[TEXT], TO_TEXT, text::lower).reach(Reach::Deep),
    row("upperAscii", Method, &[TEXT], TO_TEXT, text::upper).reach(Reach::Deep),
    row("reverse", Method, &[TEXT], TO_TEXT, text::reverse).reach(Reach::Deep),
    row("format", Method, &[TEXT, AnyList], TO_TEXT, format::format).reach(Reach::Deep).extent(extent::formatted),
    row("strings.quote", Free, &[TEXT], TO_TEXT, text::quote).reach(Reach::Deep).extent(extent::quoted),
    // Lists.
    row("first", Method, &[AnyList], Out::Element, lists::first).nullable().extent(extent::element),
    row("last", Method, &[AnyList], Out::Element, lists::last).nullable().extent(extent::element),
    row("slice", Method, &[AnyList, INT, INT], Out::First, lists::slice).reach(Reach::Elements),
    row("reverse", Method, &[AnyList], Out::First, lists::reverse).reach(Reach::Elements),
    row("flatten", Method, &[AnyList], Out::Flat, lists::flatten).reach(Reach::Deep).extent(extent::flat),
    row("distinct", Method, &[AnyList], Out::First, lists::distinct).reach(Reach::Square),
    row("sort", Method, &[OrderedList], Out::First, lists::sort).reach(Reach::Square),
    row("sum", Method, &[ListIs(Type::Int)], TO_INT, lists::sum_ints).reach(Reach::Elements),
    row("sum", Method, &[Numbers], TO_DECIMAL, lists::sum_numbers).reach(Reach::Elements),
    row("sum", Method, &[ListIs(Type::Money)], Out::Element, lists::sum_amounts).reach(Reach::Elements),
    row("sum", Method, &[ListIs(Type::Money), MONEY], Out::Is(Type::Money), lists::sum_amounts)
        .agree()
        .reach(Reach::Elements),
    row("sum", Method, &[ListIs(Type::Quantity)], Out::Element, lists::sum_amounts).reach(Reach::Elements),
    row("sum", Method, &[ListIs(Type::Quantity), QUANTITY], Out::Is(Type::Quantity), lists::sum_amounts)
        .agree()
        .reach(Reach::Elements),
    row("sum", Method, &[ListIs(Type::Duration)], Out::Element, lists::sum_amounts).reach(Reach::Elements),
    row("sum", Method, &[ListIs(Type::Duration), DURATION], Out::Is(Type::Duration), lists::sum_amounts)
        .agree()
        .reach(Reach::Elements),
    // Numbers and amounts.
    row("abs", Free, &[INT], TO_INT, numbers::abs),
    row("abs", Free, &[Number], TO_DECIMAL, numbers::abs),
    row("abs", Free, &[MONEY], Out::First, amounts::abs),
    row("abs", Free, &[QUANTITY], Out::First, amounts::abs),
    row("abs", Free, &[DURATION], Out::First, amounts::abs),
    row("min", Free, &[Ordered, Like], Out::Join, compare::min).agree().reach(Reach::Compare),
    row("max", Free, &[Ordered, Like], Out::Join, compare::max).agree().reach(Reach::Compare),
    row("min", Free, &[OrderedList], Out::Element, lists::min).reach(Reach::Deep).extent(extent::element),
    row("max", Free, &[OrderedList], Out::Element, lists::max).reach(Reach::Deep).extent(extent::element),
    row("min", Free, &[Ordered], Out::First, compare::only),
    row("max", Free, &[Ordered], Out::First, compare::only),
    row("math.ceil", Free, &[Number], Out::First, math::ceil),
    row("math.floor", Free, &[Number], Out::First, math::floor),
    row("math.trunc", Free, &[Number], Out::First, math::trunc),
    row("math.round", Free, &[Number], Out::First, math::round),
    row("math.round", Free, &[Number, INT], TO_DECIMAL, math::round_to),
    row("math.round", Free, &[MONEY, INT], Out::First, math::round_to),
    row("math.sign", Free, &[Number], Out::First, math::sign),
    row("math.bitAnd", Free, &[INT, INT], TO_INT, math::bit_and),
    row("math.bitOr", Free, &[INT, INT], TO_INT, math::bit_or),
    row("math.bitXor", Free, &[INT, INT], TO_INT, math::bit_xor),
    row("math.bitNot", Free, &[INT], TO_INT, math::bit_not),
    row("math.bitShiftLeft", Free, &[INT, INT], TO_INT, math::bit_left),
    row("math.bitShiftRight", Free, &[INT, INT], TO_INT, math::bit_right),
    // Conversions.
    row("bool", Free, &[Is(Type::Bool)], BOOL, convert::bool),
    row("bool", Free, &[TEXT], BOOL, convert::bool),
    row("int", Free, &[Number], TO_INT, convert::int),
    row("int", Free, &[TEXT], TO_INT, convert::int),
    row("int", Free, &[TIMESTAMP], TO_INT, convert::int),
    row("decimal", Free, &[Number], TO_DECIMAL, convert::decimal),
    row("decimal", Free, &[TEXT], TO_DECIMAL, convert::decimal),
    row("string", Free, &[Scalar], TO_TEXT, convert::string).reach(Reach::Made).extent(extent::written),
    row("person", Free, &[TEXT], Out::Is(Type::Person), convert::person),
    row("date", Free, &[TEXT], Out::Is(Type::Date), time::date),
    row("date", Free, &[DATE], Out::Is(Type::Date), time::date),
    row("date", Free, &[TIMESTAMP, TEXT], Out::Is(Type::Date), time::date).cost(ZONE),
    row("timestamp", Free, &[TEXT], Out::Is(Type::Timestamp), time::timestamp),
    row("timestamp", Free, &[INT], Out::Is(Type::Timestamp), time::timestamp),
    row("timestamp", Free, &[TIMESTAMP], Out::Is(Type::Timestamp), time::timestamp),
    row("timestamp", Free, &[DATE, TEXT], Out::Is(Type::Timestamp), time::timestamp).cost(ZONE),
    row("duration", Free, &[TEXT], Out::Is(Type::Duration), time::duration),
    row("duration", Free, &[DURATION], Out::First, time::duration),
    // Parts of instants, days and lengths of time.
    row("getFullYear", Method, &[TIMESTAMP], TO_INT, time::year),
    row("getFullYear", Method, &[TIMESTAMP, TEXT], TO_INT, time::year).cost(ZONE),
    row("getFullYear", Method, &[DATE], TO_INT, time::year),
    row("getMonth", Method, &[TIMESTAMP], TO_INT, time::month),
    row("getMonth", Method, &[TIMESTAMP, TEXT], TO_INT, time::month).cost(ZONE),
    row("getMonth", Method, &[DATE], TO_INT, time::month),
    row("getDate", Method, &[TIMESTAMP], TO_INT, time::day_of_month),
    row("getDate", Method, &[TIMESTAMP, TEXT], TO_INT, time::day_of_month).cost(ZONE),
    row("getDate", Method, &[DATE], TO_INT, time::day_of_month),
    row("getDayOfMonth", Method, &[TIMESTAMP], TO_INT, time::day_of_month_from_zero),
    row("getDayOfMonth", Method, &[TIMESTAMP, TEXT], TO_INT, time::day_of_month_from_zero).cost(ZONE),
    row("getDayOfMonth", Method, &[DATE], TO_INT, time::day_of_month_from_zero),
    row("getDayOfWeek", Method, &[TIMESTAMP], TO_INT, time::day_of_week),
    row("getDayOfWeek", Method, &[TIMESTAMP, TEXT], TO_INT, time::day_of_week).cost(ZONE),
    row("getDayOfWeek", Method, &[DATE], TO_INT, time::day_of_week),
    row("getDayOfYear", Method, &[TIMESTAMP], TO_INT, time::day_of_year),
    row("getDayOfYear", Method, &[TIMESTAMP, TEXT], TO_INT, time::day_of_year).cost(ZONE),
    row("getDayOfYear", Method, &[DATE], TO_INT, time::day_of_year),
    row("getHours", Method, &[TIMESTAMP], TO_INT, time::hours),
    row("getHours", Method, &[TIMESTAMP, TEXT], TO_INT, time::hours).cost(ZONE),
    row("getHours", Method, &[DURATION], TO_INT, time::hours),
    row("getMinutes", Method, &[TIMESTAMP], TO_INT, time::minutes),
    row("getMinutes", Method, &[TIMESTAMP, TEXT], TO_INT, time::minutes).cost(ZONE),
    row("getMinutes", Method, &[DURATION], TO_INT, time::minutes),
    row("getSeconds", Method, &[TIMESTAMP], TO_INT, time::seconds),
    row("getSeconds", Method, &[TIMESTAMP, TEXT], TO_INT, time::seconds).cost(ZONE),
    row("getSeconds", Method, &[DURATION], TO_INT, time::seconds),
    row("getMilliseconds", Method, &[TIMESTAMP], TO_INT, time::milliseconds),
    row("getMilliseconds", Method, &[TIMESTAMP, TEXT], TO_INT, time::milliseconds).cost(ZONE),
    row("getMilliseconds", Method, &[DURATION], TO_INT, time::milliseconds),
    // Working time.
    row("isWorkingTime", Free, &[TIMESTAMP], BOOL, working::is_working_time).calendar(),
    row("isWorkingDay", Free, &[DATE], BOOL, working::is_working_day).calendar(),
    row("nextOpening", Free, &[TIMESTAMP], Out::Is(Type::Timestamp), working::next_opening).calendar(),
    row("workingTimeBetween", Free, &[TIMESTAMP, TIMESTAMP], Out::Is(Type::Duration), working::time_between).calendar(),
    row("workingDaysBetween", Free, &[DATE, DATE], TO_INT, working::days_between).calendar(),
    // What has a zero value, for `optional.ofNonZeroValue`.
    row(super::NON_ZERO, Free, &[Any], Out::First, convert::non_zero).nulls().nullable(),
];
