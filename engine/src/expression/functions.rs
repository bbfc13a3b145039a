//! All operators and functions, one row each. To add a function, add a row: the checker resolves it, the evaluator
//! runs it, and messages and suggestions know it.

mod amounts;
mod compare;
mod convert;
mod numbers;

use super::types::Type;
use super::value::Value;

/// The longest text that an expression may build.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// What is left of the steps that an evaluation may take.
#[derive(Debug)]
pub(super) struct Fuel(pub(super) u64);

impl Fuel {
    /// Takes `steps`.
    pub(super) fn spend(&mut self, steps: u64) -> Result<(), String> {
        match self.0.checked_sub(steps) {
            Some(left) => self.0 = left,
            None => {
                // Nothing may run on after this, not even the other side of an `||`.
                self.0 = 0;
                return Err("it takes more steps than an expression may".to_owned());
            }
        }
        Ok(())
    }
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Between its operands, or before its one operand.
    Operator,
    /// `name(a, b)`
    Function,
    /// `a.name(b)`
    Method,
    /// Either.
    Both,
}

/// What an argument may be; for a method the receiver comes first.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Param {
    /// This type.
    Is(Type),
    /// An int or a decimal.
    Number,
    /// A type whose values have an order.
    Ordered,
    /// The type of the argument before; ints and decimals mix.
    Like,
    /// A list of such values as the argument before.
    ListOf,
    /// Any list.
    AnyList,
    /// Any map.
    AnyMap,
    /// Any type.
    Any,
    /// Any type but list, map and record.
    Scalar,
}

/// What the result is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Out {
    /// This type.
    Is(Type),
    /// The type that holds both arguments.
    Join,
    /// The element of the first argument.
    Element,
}

/// How much of its arguments it looks at, which its cost grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A part of fixed size.
    Fixed,
    /// Every element of a list.
    Elements,
    /// Everything inside.
    Deep,
}

/// An operator or a function with its types.
#[derive(Clone)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) style: Style,
    pub(super) params: &'static [Param],
    pub(super) out: Out,
    /// The arguments have one currency or unit; refused at load where it is known there.
    pub(super) agree: bool,
    /// `null` is a value to it.
    pub(super) nulls: bool,
    pub(super) reach: Reach,
    /// The steps of its own, with text taken as 256 bytes long.
    pub(super) cost: u64,
    pub(super) run: Run,
}

/// An implementation: the arguments have been checked by type at load, but it must be total all the same.
pub(super) type Run = fn(&[Value], &mut Fuel) -> Result<Value, String>;

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn row(name: &'static str, style: Style, params: &'static [Param], out: Out, run: Run) -> Function {
    Function { name, style, params, out, agree: false, nulls: false, reach: Reach::Fixed, cost: 1, run }
}

const fn op(name: &'static str, params: &'static [Param], out: Out, run: Run) -> Function {
    row(name, Style::Operator, params, out, run)
}

impl Function {
    const fn agree(mut self) -> Self {
        self.agree = true;
        self
    }

    const fn nulls(mut self) -> Self {
        self.nulls = true;
        self
    }

    const fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    const fn cost(mut self, cost: u64) -> Self {
        self.cost = cost;
        self
    }
}

use Param::{Any, AnyList, AnyMap, Is, Like, ListOf, Number, Ordered, Scalar};
use Style::{Both, Function as Free, Method};

const BOOL: Out = Out::Is(Type::Bool);
const INT: Param = Is(Type::Int);
const TEXT: Param = Is(Type::Text);
const MONEY: Param = Is(Type::Money);
const QUANTITY: Param = Is(Type::Quantity);
const DURATION: Param = Is(Type::Duration);
const TIMESTAMP: Param = Is(Type::Timestamp);
const DATE: Param = Is(Type::Date);

/// The unary minus, apart from the binary one by its name.
pub(super) const NEGATE: &str = "-_";
/// The name of `list[at]`.
pub(super) const INDEX: &str = "[]";

/// Every operator and function. The first row that fits is taken.
pub(super) static FUNCTIONS: &[Function] = &[
    op("==", &[Any, Like], BOOL, compare::equals).agree().nulls().reach(Reach::Deep).cost(6),
    op("!=", &[Any, Like], BOOL, compare::differs).agree().nulls().reach(Reach::Deep).cost(6),
    op("<", &[Ordered, Like], BOOL, compare::less).agree().cost(6),
    op("<=", &[Ordered, Like], BOOL, compare::less_equal).agree().cost(6),
    op(">", &[Ordered, Like], BOOL, compare::greater).agree().cost(6),
    op(">=", &[Ordered, Like], BOOL, compare::greater_equal).agree().cost(6),
    op("in", &[Any, ListOf], BOOL, compare::member).agree().reach(Reach::Deep),
    op("in", &[TEXT, AnyMap], BOOL, compare::key),
    op("!", &[Is(Type::Bool)], BOOL, compare::not),
    op(NEGATE, &[INT], Out::Is(Type::Int), numbers::negate),
    op(NEGATE, &[Number], Out::Is(Type::Decimal), numbers::negate),
    op(NEGATE, &[MONEY], Out::Is(Type::Money), amounts::negate),
    op(NEGATE, &[QUANTITY], Out::Is(Type::Quantity), amounts::negate),
    op(NEGATE, &[DURATION], Out::Is(Type::Duration), amounts::negate),
    op("+", &[INT, INT], Out::Is(Type::Int), numbers::add),
    op("+", &[Number, Number], Out::Is(Type::Decimal), numbers::add),
    op("+", &[TEXT, TEXT], Out::Is(Type::Text), convert::join_text).cost(4),
    op("+", &[MONEY, MONEY], Out::Is(Type::Money), amounts::add).agree(),
    op("+", &[QUANTITY, QUANTITY], Out::Is(Type::Quantity), amounts::add).agree(),
    op("+", &[DURATION, DURATION], Out::Is(Type::Duration), amounts::add).agree(),
    op("+", &[TIMESTAMP, DURATION], Out::Is(Type::Timestamp), amounts::later),
    op("+", &[DURATION, TIMESTAMP], Out::Is(Type::Timestamp), amounts::later),
    op("+", &[DATE, DURATION], Out::Is(Type::Date), amounts::later),
    op("+", &[DURATION, DATE], Out::Is(Type::Date), amounts::later),
    op("+", &[AnyList, Like], Out::Join, convert::join_lists).reach(Reach::Elements),
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
    op(INDEX, &[AnyList, INT], Out::Element, convert::at),
    op(INDEX, &[AnyMap, TEXT], Out::Element, convert::under),
    row("size", Both, &[TEXT], Out::Is(Type::Int), convert::size).cost(4),
    row("size", Both, &[AnyList], Out::Is(Type::Int), convert::size),
    row("size", Both, &[AnyMap], Out::Is(Type::Int), convert::size),
    row("startsWith", Method, &[TEXT, TEXT], BOOL, convert::starts_with).cost(4),
    row("endsWith", Method, &[TEXT, TEXT], BOOL, convert::ends_with).cost(4),
    row("contains", Method, &[TEXT, TEXT], BOOL, convert::contains).cost(4),
    row("abs", Free, &[INT], Out::Is(Type::Int), numbers::abs),
    row("abs", Free, &[Number], Out::Is(Type::Decimal), numbers::abs),
    row("abs", Free, &[MONEY], Out::Is(Type::Money), amounts::abs),
    row("abs", Free, &[QUANTITY], Out::Is(Type::Quantity), amounts::abs),
    row("abs", Free, &[DURATION], Out::Is(Type::Duration), amounts::abs),
    row("min", Free, &[Ordered, Like], Out::Join, compare::min).agree().cost(6),
    row("max", Free, &[Ordered, Like], Out::Join, compare::max).agree().cost(6),
    row("int", Free, &[Number], Out::Is(Type::Int), convert::int),
    row("int", Free, &[TEXT], Out::Is(Type::Int), convert::int),
    row("decimal", Free, &[Number], Out::Is(Type::Decimal), convert::decimal),
    row("decimal", Free, &[TEXT], Out::Is(Type::Decimal), convert::decimal),
    row("string", Free, &[Scalar], Out::Is(Type::Text), convert::string).cost(4),
    row("person", Free, &[TEXT], Out::Is(Type::Person), convert::person),
    row("date", Free, &[TEXT], Out::Is(Type::Date), convert::date),
    row("timestamp", Free, &[TEXT], Out::Is(Type::Timestamp), convert::timestamp),
];

/// The failure of an implementation whose arguments are not of the types in its row: a value in the scope is not
/// of its declared type.
pub(super) fn mistyped(args: &[Value]) -> String {
    let types: Vec<_> = args.iter().map(Value::type_name).collect();
    format!("a value is not of its declared type: found {}", types.join(" and "))
}
