//! The operators, a row each.

use super::Param::{Any, AnyList, AnyMap, Is, KeyOf, Like, ListOf, MapUnder, Number, Ordered};
use super::{
    BOOL, DATE, DURATION, Function, INDEX, INT, MONEY, NEGATE, Out, Param, QUANTITY, Reach, Run, Style, TEXT,
    TIMESTAMP, amounts, compare, extent, lists, numbers, row, text,
};
use crate::expression::types::Type;

const fn op(name: &'static str, params: &'static [Param], out: Out, run: Run) -> Function {
    row(name, Style::Operator, params, out, run)
}

pub(super) static OPERATORS: &[Function] = &[
    op("==", &[Any, Like], BOOL, compare::equals).agree().nulls().reach(Reach::Compare),
    op("!=", &[Any, Like], BOOL, compare::differs).agree().nulls().reach(Reach::Compare),
    op("<", &[Ordered, Like], BOOL, compare::less).agree().reach(Reach::Compare),
    op("<=", &[Ordered, Like], BOOL, compare::less_equal).agree().reach(Reach::Compare),
    op(">", &[Ordered, Like], BOOL, compare::greater).agree().reach(Reach::Compare),
    op(">=", &[Ordered, Like], BOOL, compare::greater_equal).agree().reach(Reach::Compare),
    op("in", &[Any, ListOf], BOOL, compare::member).agree().reach(Reach::Deep),
    op("in", &[Any, MapUnder], BOOL, compare::key).reach(Reach::Fixed).cost(8),
    op("!", &[Is(Type::Bool)], BOOL, compare::not),
    op(NEGATE, &[INT], Out::Is(Type::Int), numbers::negate),
    op(NEGATE, &[Number], Out::Is(Type::Decimal), numbers::negate),
    op(NEGATE, &[MONEY], Out::Is(Type::Money), amounts::negate),
    op(NEGATE, &[QUANTITY], Out::Is(Type::Quantity), amounts::negate),
    op(NEGATE, &[DURATION], Out::Is(Type::Duration), amounts::negate),
    op("+", &[INT, INT], Out::Is(Type::Int), numbers::add),
    op("+", &[Number, Number], Out::Is(Type::Decimal), numbers::add),
    op("+", &[TEXT, TEXT], Out::Is(Type::Text), text::concat).reach(Reach::Made).extent(extent::appended),
    op("+", &[MONEY, MONEY], Out::Is(Type::Money), amounts::add).agree(),
    op("+", &[QUANTITY, QUANTITY], Out::Is(Type::Quantity), amounts::add).agree(),
    op("+", &[DURATION, DURATION], Out::Is(Type::Duration), amounts::add).agree(),
    op("+", &[TIMESTAMP, DURATION], Out::Is(Type::Timestamp), amounts::later),
    op("+", &[DURATION, TIMESTAMP], Out::Is(Type::Timestamp), amounts::later),
    op("+", &[DATE, DURATION], Out::Is(Type::Date), amounts::later),
    op("+", &[DURATION, DATE], Out::Is(Type::Date), amounts::later),
    op("+", &[AnyList, Like], Out::Join, lists::concat).reach(Reach::Elements).extent(extent::sum),
    op("-", &[INT, INT], Out::Is(Type::Int), numbers::subtract),
    op("-", &[Number, Number], Out::Is(Type::Decimal), numbers::subtract),
    op("-", &[MONEY, MONEY], Out::Is(Type::Money), amounts::subtract).agree(),
    op("-", &[QUANTITY, QUANTITY], Out::Is(Type::Quantity), amounts::subtract).agree(),
    op("-", &[DURATION, DURATION], Out::Is(Type::Duration), amounts::subtract).agree(),
    op("-", &[TIMESTAMP, DURATION], Out::Is(Type::Timestamp), amounts::earlier),
    op("-", &[DATE, DURATION], Out::Is(Type::Date), amounts::earlier),
    op("-", &[TIMESTAMP, TIMESTAMP], Out::Is(Type::Duration), amounts::between),
    op("-", &[DATE, DATE], Out::Is(Type::Duration), amounts::between),
    op("*", &[INT, INT], Out::Is(Type::Int), numbers::multiply),
    op("*", &[Number, Number], Out::Is(Type::Decimal), numbers::multiply),
    op("*", &[MONEY, Number], Out::Is(Type::Money), amounts::multiply),
    op("*", &[Number, MONEY], Out::Is(Type::Money), amounts::multiply),
    op("*", &[QUANTITY, Number], Out::Is(Type::Quantity), amounts::multiply),
    op("*", &[Number, QUANTITY], Out::Is(Type::Quantity), amounts::multiply),
    op("*", &[DURATION, Number], Out::Is(Type::Duration), amounts::multiply),
    op("*", &[Number, DURATION], Out::Is(Type::Duration), amounts::multiply),
    op("/", &[INT, INT], Out::Is(Type::Int), numbers::divide),
    op("/", &[Number, Number], Out::Is(Type::Decimal), numbers::divide),
    op("/", &[MONEY, MONEY], Out::Is(Type::Decimal), amounts::ratio).agree(),
    op("/", &[QUANTITY, QUANTITY], Out::Is(Type::Decimal), amounts::ratio).agree(),
    op("/", &[DURATION, DURATION], Out::Is(Type::Decimal), amounts::ratio).agree(),
    op("/", &[MONEY, Number], Out::Is(Type::Money), amounts::divide),
    op("/", &[QUANTITY, Number], Out::Is(Type::Quantity), amounts::divide),
    op("/", &[DURATION, Number], Out::Is(Type::Duration), amounts::divide),
    op("%", &[INT, INT], Out::Is(Type::Int), numbers::remainder),
    op("%", &[Number, Number], Out::Is(Type::Decimal), numbers::remainder),
    op(INDEX, &[AnyList, INT], Out::Element, lists::at).extent(extent::element),
    op(INDEX, &[AnyMap, KeyOf], Out::Element, lists::under).cost(8).extent(extent::element),
];
