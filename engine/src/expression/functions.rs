//! All operators and functions, one row each in `functions/operators.rs` and `functions/table.rs`. To add a function,
//! add a row: the checker resolves it, the evaluator runs it, and messages and suggestions know it. What holds for
//! every row: it is total, exact, and takes no more steps than its row says, for arguments as long as assumed.

mod amounts;
mod compare;
mod convert;
mod extent;
mod format;
mod lists;
mod math;
mod numbers;
mod operators;
mod pattern;
mod table;
mod text;
mod time;
mod working;

pub(super) use extent::Extent;
pub(super) use format::fits as template_fits;
pub(super) use lists::sorted;
pub(super) use pattern::Pattern;
pub(super) use time::zone;
pub(super) use working::CALENDAR;

use super::types::Type;
use super::value::Value;
use super::working::WorkingTime;

/// The longest text that an expression may build.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// What is left of the steps that an evaluation may take, and what it may ask.
pub(super) struct Fuel<'a> {
    left: u64,
    pub(super) calendar: Option<&'a dyn WorkingTime>,
}

impl<'a> Fuel<'a> {
    pub(super) const fn new(left: u64, calendar: Option<&'a dyn WorkingTime>) -> Self {
        Self { left, calendar }
    }

    /// Takes `steps`.
    pub(super) fn spend(&mut self, steps: u64) -> Result<(), String> {
        match self.left.checked_sub(steps) {
            Some(left) => self.left = left,
            None => {
                // Nothing may run on after this, not even the other side of an `||`.
                self.left = 0;
                return Err("it takes more steps than an expression may".to_owned());
            }
        }
        Ok(())
    }

    /// Pays for `bytes` of text that are read or written.
    pub(super) fn text(&mut self, bytes: usize) -> Result<(), String> {
        self.spend(bytes as u64 / 64)
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
    /// A list of this type.
    ListIs(Type),
    /// A list of ints and decimals.
    Numbers,
    /// A list of values that have an order.
    OrderedList,
    /// Any list.
    AnyList,
    /// Any map.
    AnyMap,
    /// A map whose keys are of the type of the argument before.
    MapUnder,
    /// A key of the map before.
    KeyOf,
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
    /// The type of the first argument.
    First,
    /// The element of the first argument.
    Element,
    /// The list that the elements of the first argument make, if they are lists.
    Flat,
    /// A list of text.
    Texts,
}

// The commonest of both, as the rows name them.
const BOOL: Out = Out::Is(Type::Bool);
const INT: Param = Param::Is(Type::Int);
const TEXT: Param = Param::Is(Type::Text);
const MONEY: Param = Param::Is(Type::Money);
const QUANTITY: Param = Param::Is(Type::Quantity);
const DURATION: Param = Param::Is(Type::Duration);
const TIMESTAMP: Param = Param::Is(Type::Timestamp);
const DATE: Param = Param::Is(Type::Date);

/// How much of its arguments it looks at, which its cost grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A part of fixed size.
    Fixed,
    /// Every element of a list.
    Elements,
    /// All of the text or list that it makes.
    Made,
    /// Everything inside both, side by side: as far as the smaller goes.
    Compare,
    /// Everything inside, texts too, and all that it makes.
    Deep,
    /// A text, for a pattern that is not known.
    Search,
    /// Every element against every other.
    Square,
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
    /// The result may be `null`.
    pub(super) nullable: bool,
    /// It asks the calendar.
    pub(super) calendar: bool,
    pub(super) reach: Reach,
    /// The steps of its own.
    pub(super) cost: u64,
    /// How large the result is at most.
    pub(super) extent: fn(&[Extent]) -> Extent,
    pub(super) run: Run,
}

/// An implementation: the arguments have been checked by type at load, but it must be total all the same.
pub(super) type Run = fn(&[Value], &mut Fuel<'_>) -> Result<Value, String>;

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const fn row(name: &'static str, style: Style, params: &'static [Param], out: Out, run: Run) -> Function {
    Function {
        name,
        style,
        params,
        out,
        agree: false,
        nulls: false,
        nullable: false,
        calendar: false,
        reach: Reach::Fixed,
        cost: 1,
        extent: extent::joined,
        run,
    }
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

    const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    const fn calendar(mut self) -> Self {
        self.calendar = true;
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

    const fn extent(mut self, extent: fn(&[Extent]) -> Extent) -> Self {
        self.extent = extent;
        self
    }
}

/// The unary minus, apart from the binary one by its name.
pub(super) const NEGATE: &str = "-_";
/// The name of `list[at]`.
pub(super) const INDEX: &str = "[]";
/// `optional.ofNonZeroValue`
pub(super) const NON_ZERO: &str = "optional.ofNonZeroValue";

/// What `math` calls functions that have a plain name here.
const ALIASES: &[(&str, &str)] = &[("math.greatest", "max"), ("math.least", "min"), ("math.abs", "abs")];

/// Every operator and function. The first row that fits is taken.
pub(super) fn functions() -> impl Iterator<Item = &'static Function> + Clone {
    operators::OPERATORS.iter().chain(table::FUNCTIONS)
}

/// The name that the rows have for `name`.
pub(super) fn canonical(name: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name)
}

/// The failure of an implementation whose arguments are not of the types in its row: a value in the scope is not
/// of its declared type.
fn mistyped(args: &[Value]) -> String {
    let types: Vec<_> = args.iter().map(Value::type_name).collect();
    format!("a value is not of its declared type: found {}", types.join(" and "))
}
