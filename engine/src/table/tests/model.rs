//! Small tables by chance, with a naive reading of their own: what the properties compare with.

use proptest::prelude::*;

use super::*;

/// A column's kind. Constants are 0 to 3, and the samples hold a value of every region that these cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Decimal,
    Money,
    Text,
    Bool,
}

/// A test of a cell over constants.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Compare(&'static str, i64),
    Between(bool, i64, i64, bool),
    Is(i64),
    Null,
    Not(Vec<Part>),
    /// A test over the variable `n`, which only evaluation can decide.
    Open(&'static str),
}

/// A row: cells (none is `-`), an output, from and until as days of January.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) cells: Vec<Vec<Part>>,
    pub(super) output: i64,
    pub(super) from: Option<i8>,
    pub(super) until: Option<i8>,
}

#[derive(Clone, Debug)]
pub(super) struct Small {
    pub(super) columns: Vec<(Kind, bool)>,
    pub(super) lines: Vec<Line>,
}

/// A value on the way of a column: `None` is null; tenths, so that 5 is between 0 and 1.
pub(super) type Sample = Option<i64>;

fn constant(kind: Kind, n: i64) -> String {
    match kind {
        Kind::Int | Kind::Decimal => n.to_string(),
        Kind::Money => format!("{n} EUR"),
        Kind::Text => format!("\"{}\"", letters(n * 10)),
        Kind::Bool => (n % 2 == 1).to_string(),
    }
}

fn letters(tenths: i64) -> String {
    format!(
        "{}{}",
        ["_", "b", "c", "d", "e", "f"][usize::try_from(tenths.div_euclid(10) + 1).unwrap()],
        ["", "x"][usize::from(tenths % 10 != 0)]
    )
}

impl Kind {
    fn ty(self) -> Type {
        match self {
            Self::Int => Type::Int,
            Self::Decimal => Type::Decimal,
            Self::Money => Type::Money,
            Self::Text => Type::Text,
            Self::Bool => Type::Bool,
        }
    }

    /// A value of every region.
    pub(super) fn samples(self, nullable: bool) -> Vec<Sample> {
        let step = if matches!(self, Self::Int) { 10 } else { 5 };
        let all = if self == Self::Bool { vec![0, 10] } else { (-10..=40).step_by(step).collect() };
        all.into_iter().map(Some).chain(nullable.then_some(None)).collect()
    }

    pub(super) fn value(self, sample: Sample) -> Value {
        let Some(tenths) = sample else { return Value::Null };
        match self {
            Self::Int => Value::Int(tenths / 10),
            Self::Decimal => Value::Decimal(rust_decimal::Decimal::new(tenths, 1)),
            Self::Money => Value::Money(crate::money::Money { units: tenths * 1000, currency: "EUR".parse().unwrap() }),
            Self::Text => Value::text(letters(tenths)),
            Self::Bool => Value::Bool(tenths != 0),
        }
    }
}

impl Part {
    fn shown(&self, kind: Kind) -> String {
        match self {
            Self::Compare(op, n) => format!("{op} {}", constant(kind, *n)),
            Self::Between(a, low, high, b) => {
                let (low, high) = (constant(kind, *low), constant(kind, *high));
                format!("{}{low}..{high}{}", if *a { '[' } else { ']' }, if *b { ']' } else { ')' })
            }
            Self::Is(n) => constant(kind, *n),
            Self::Null => "null".to_owned(),
            Self::Open(text) => (*text).to_owned(),
            Self::Not(parts) => format!("not({})", shown(parts, kind)),
        }
    }

    fn holds(&self, kind: Kind, sample: Sample) -> bool {
        let place = |n: i64| if kind == Kind::Bool { (n % 2) * 10 } else { n * 10 };
        match (self, sample) {
            (Self::Not(parts), _) => !parts.iter().any(|part| part.holds(kind, sample)),
            (Self::Null, sample) => sample.is_none(),
            (Self::Open(text), _) => unreachable!("{text} has no naive reading"),
            (Self::Compare("!=", _), None) => true,
            (_, None) => false,
            (Self::Is(n), Some(at)) => at == place(*n),
            (Self::Compare(op, n), Some(at)) => match *op {
                "<" => at < place(*n),
                "<=" => at <= place(*n),
                ">" => at > place(*n),
                ">=" => at >= place(*n),
                _ => at != place(*n),
            },
            (Self::Between(a, low, high, b), Some(at)) => {
                let (low, high) = (place(*low), place(*high));
                (if *a { low <= at } else { low < at }) && (if *b { at <= high } else { at < high })
            }
        }
    }
}

fn shown(parts: &[Part], kind: Kind) -> String {
    if parts.is_empty() {
        return "-".to_owned();
    }
    parts.iter().map(|part| part.shown(kind)).collect::<Vec<_>>().join(", ")
}

impl Small {
    pub(super) fn env(&self) -> Env {
        self.columns.iter().enumerate().fold(Env::new().with("n", Type::Int), |env, (at, (kind, nullable))| {
            let name = format!("x{at}");
            if *nullable { env.with_nullable(name, kind.ty()) } else { env.with(name, kind.ty()) }
        })
    }

    pub(super) fn source(&self, hit: &str) -> String {
        let mut source = format!("hit: {hit}\nin:\n");
        for at in 0..self.columns.len() {
            source.push_str(&format!("  c{at}: x{at}\n"));
        }
        source.push_str("out: { o: { type: int, values: [2, 0, 1] } }\nrows:\n");
        for line in &self.lines {
            source.push_str("  - {");
            for (at, ((kind, _), cell)) in self.columns.iter().zip(&line.cells).enumerate() {
                source.push_str(&format!(" c{at}: '{}',", shown(cell, *kind)));
            }
            for (key, day) in [("from", line.from), ("until", line.until)] {
                source.push_str(&day.map(|day| format!(" {key}: 2026-01-{day:02},")).unwrap_or_default());
            }
            source.push_str(&format!(" o: {} }}\n", line.output));
        }
        source
    }

    pub(super) fn matching(&self, samples: &[Sample], day: i8) -> Vec<usize> {
        let holds = |line: &Line| {
            line.from.is_none_or(|from| from <= day)
                && line.until.is_none_or(|until| day <= until)
                && line.cells.iter().zip(&self.columns).zip(samples).all(|((cell, (kind, _)), sample)| {
                    cell.is_empty() || cell.iter().any(|part| part.holds(*kind, *sample))
                })
        };
        self.lines.iter().enumerate().filter(|(_, line)| holds(line)).map(|(at, _)| at).collect()
    }

    /// Every combination of samples and days that matters.
    pub(super) fn everything(&self) -> Vec<(Vec<Sample>, i8)> {
        let mut all = vec![Vec::new()];
        for (kind, nullable) in &self.columns {
            let next = kind.samples(*nullable);
            all = all.iter().flat_map(|head| next.iter().map(|s| [head.as_slice(), &[*s]].concat())).collect();
        }
        let dated = self.lines.iter().any(|line| line.from.is_some() || line.until.is_some());
        let days = if dated { 1..=9 } else { 1..=1 };
        days.flat_map(|day| all.iter().map(move |samples| (samples.clone(), day))).collect()
    }

    pub(super) fn values(&self, samples: &[Sample]) -> Vec<Value> {
        self.columns.iter().zip(samples).map(|((kind, _), sample)| kind.value(*sample)).collect()
    }
}

fn part(kind: Kind) -> impl Strategy<Value = Part> {
    let ops = prop::sample::select(vec!["<", "<=", ">", ">=", "!="]);
    let flat = prop_oneof![
        3 => (ops, 0..4i64).prop_map(|(op, n)| Part::Compare(op, n)),
        3 => (any::<bool>(), 0..3i64, 0..3i64, any::<bool>()).prop_map(move |(a, low, more, b)| {
            let high = (low + more).min(3);
            // An empty interval is refused: of one point both ends are in; whole numbers need one between.
            let narrow = high == low || (high == low + 1 && kind == Kind::Int) || kind == Kind::Bool;
            if kind == Kind::Bool { Part::Is(low) } else { Part::Between(a || narrow, low, high, b || narrow) }
        }),
        3 => (0..4i64).prop_map(Part::Is),
        1 => Just(Part::Null),
    ];
    let inner = flat.clone();
    prop_oneof![6 => flat, 1 => prop::collection::vec(inner, 1..3).prop_map(Part::Not)]
}

fn line(columns: &[(Kind, bool)]) -> impl Strategy<Value = Line> + use<> {
    let cells: Vec<_> = columns
        .iter()
        .map(|(kind, _)| prop_oneof![2 => Just(Vec::new()), 5 => prop::collection::vec(part(*kind), 1..3)])
        .collect();
    let dates = prop_oneof![4 => Just((None, None)), 1 => (2..5i8, 5..9i8).prop_map(|(a, b)| (Some(a), Some(b)))];
    (cells, 0..3i64, dates).prop_map(|(cells, output, (from, until))| Line { cells, output, from, until })
}

fn lines(columns: Vec<(Kind, bool)>) -> impl Strategy<Value = Small> {
    prop::collection::vec(line(&columns), 1..7).prop_map(move |lines| Small { columns: columns.clone(), lines })
}

fn kinds(size: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(Kind, bool)>> {
    let kind = prop::sample::select(vec![Kind::Int, Kind::Decimal, Kind::Money, Kind::Text, Kind::Bool]);
    prop::collection::vec((kind, any::<bool>()), size)
}

/// A table of at most three columns and six rows.
pub(super) fn small() -> impl Strategy<Value = Small> {
    kinds(0..4).prop_flat_map(lines)
}

/// The same with an int in front, in which some cells are left to evaluation.
pub(super) fn small_and_open() -> impl Strategy<Value = Small> {
    let texts = vec!["> n", "n", "not(<= n)", "[n..2]", "? % 2 == n % 2", "!= n, 3", "? == null || ? < n"];
    let open = prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(texts)), 1..4);
    let columns = kinds(0..2).prop_map(|more| [vec![(Kind::Int, false)], more].concat());
    (columns.prop_flat_map(lines), open).prop_map(|(mut small, open)| {
        for (row, text) in open {
            let row = row.index(small.lines.len());
            // `? == null` makes sense where `null` comes in only; as it is never true here, it is left out.
            small.lines[row].cells[0] = vec![Part::Open(text.trim_start_matches("? == null || "))];
        }
        small
    })
}
