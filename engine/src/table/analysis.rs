//! What can be proved of a table: inputs that no row matches, rows that contradict each other, rows that are never
//! chosen. Whatever is reported was evaluated with its witness before. A cell that only evaluation can decide
//! neither proves a gap nor an overlap.

mod axis;
mod overlap;
mod search;
mod shadow;
mod witness;

use super::{Row, Table, codes};
use crate::diagnostic::{Diagnostic, Severity};
use axis::Axis;
use search::{Budget, Open, Search};
pub use witness::Witness;

/// The steps of one analysis: a table that needs more is not proved, and is told so.
pub const MAX_STEPS: u64 = 2_000_000;

/// At most so many gaps are told, and as many of each other kind.
const MOST: usize = 5;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// Gaps, overlaps and rows that are never chosen, in the order of the file.
    pub findings: Vec<Diagnostic>,
    /// The inputs that show them, as far as they were told: gaps and overlaps.
    pub witnesses: Vec<Witness>,
    /// What the evaluation of the witness did not confirm, and is not told: always 0.
    pub unconfirmed: usize,
    /// Whether the steps sufficed.
    pub complete: bool,
}

impl Table {
    /// Proves what can be proved in [`MAX_STEPS`].
    #[must_use]
    pub fn analyse(&self) -> Analysis {
        self.analyse_within(MAX_STEPS)
    }

    /// As [`Table::analyse`], with another limit of steps.
    #[must_use]
    pub fn analyse_within(&self, steps: u64) -> Analysis {
        let mut prover = Prover {
            table: self,
            axes: Axis::of(self),
            budget: Budget(steps / 2),
            related: self.related_columns(),
            found: Analysis::default(),
            exhausted: false,
        };
        prover.never();
        prover.gaps();
        // A table whose gaps cannot be told has its overlaps told all the same.
        prover.budget.0 += steps - steps / 2;
        prover.pairs();
        if prover.exhausted {
            let message = format!("the table is too large to be proved in {steps} steps");
            let finding = Diagnostic::warning(codes::TOO_MANY_STEPS, self.span, message);
            let help = "there may be gaps, overlaps or rows that are never chosen: divide it into several tables";
            prover.found.findings.push(finding.label("not proved").help(help));
        }
        let mut found = prover.found;
        found.complete = !prover.exhausted;
        found.findings.sort_by_key(|finding| (finding.span.start, finding.span.end));
        found
    }

    /// Whether two columns read the same field, so that not all of their values can occur together.
    fn related_columns(&self) -> bool {
        let touches = |a: &str, b: &str| {
            let inside = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'));
            a == b || inside(a, b) || inside(b, a)
        };
        self.inputs.iter().enumerate().any(|(at, input)| {
            let others = self.inputs.iter().take(at).flat_map(|other| other.expr.fields_read());
            others.into_iter().any(|theirs| input.expr.fields_read().iter().any(|ours| touches(ours, theirs)))
        })
    }
}

struct Prover<'t> {
    table: &'t Table,
    axes: Vec<Axis>,
    budget: Budget,
    /// Columns depend on each other: a gap or an overlap may be one that cannot occur.
    related: bool,
    found: Analysis,
    exhausted: bool,
}

impl Prover<'_> {
    fn row(&self, at: u32) -> Option<&Row> {
        self.table.rows.get(usize::try_from(at).ok()?)
    }

    /// All rows that can match somewhere.
    fn all_rows(&self) -> Vec<(u32, bool)> {
        (0..u32::try_from(self.table.rows.len()).unwrap_or(u32::MAX)).map(|row| (row, true)).collect()
    }

    /// Tells `finding`, with what the table's columns may have in common.
    fn tell(&mut self, mut finding: Diagnostic) {
        if self.related && finding.severity == Severity::Error {
            finding.severity = Severity::Warning;
            finding.help.push_str("; two columns read the same field: perhaps this input cannot occur");
        }
        self.found.findings.push(finding);
    }

    /// Rows that match nothing.
    fn never(&mut self) {
        for (at, row) in self.table.rows.iter().enumerate() {
            let empty = self.axes.iter().find(|axis| axis.rows.get(at).is_some_and(|reach| !axis.is_real(&reach.may)));
            let Some(axis) = empty else { continue };
            let (span, name) = match axis.column.and_then(|column| Some((column, self.table.inputs.get(column)?))) {
                Some((column, input)) => (row.cells.get(column).map_or(row.span, |cell| cell.span), &*input.name),
                None => (row.span, "the date"),
            };
            let message = format!("row {} never matches: no value of `{name}` passes its test", at + 1);
            let mut finding = Diagnostic::warning(codes::NEVER, span, message).label("matches nothing");
            let limited = axis.column.and_then(|column| self.table.inputs.get(column)?.limited);
            if let Some(limited) = limited {
                finding = finding.related(limited, "the values that come in");
            }
            self.found.findings.push(finding.help("correct the test, or leave the row out"));
        }
    }

    fn gaps(&mut self) {
        if self.table.otherwise.is_some() || self.table.hit == super::Hit::Count {
            return;
        }
        let within = self.axes.iter().map(|axis| axis.domain.as_slice()).collect();
        let rows = self.all_rows();
        let search = Search::run(&self.axes, within, rows, MOST, &mut self.budget);
        let (open, unsure, exhausted) = (search.open, search.unsure, search.exhausted);
        self.exhausted |= exhausted;
        if open.is_empty()
            && let Some(part) = unsure
        {
            // A condition that only evaluation decides may well hold for the example.
            let open = self.witness(&part).filter(|witness| !self.surely_matched(witness));
            let where_ = open.map(|witness| format!(", such as for {witness}")).unwrap_or_default();
            let message = format!("whether a row always matches cannot be proved{where_}");
            let finding = Diagnostic::warning(codes::UNPROVED, self.table.span, message).label("perhaps a gap");
            let help = "only rows with conditions are left there: say what holds `otherwise`";
            self.found.findings.push(finding.help(help));
        }
        for part in &open {
            self.gap(part);
        }
        if open.len() >= MOST {
            self.and_more();
        }
    }

    /// Says at the last finding that there may be others of its kind.
    fn and_more(&mut self) {
        if let Some(last) = self.found.findings.last_mut() {
            last.help.push_str("; there may be more of these: mend them first");
        }
    }

    fn gap(&mut self, part: &Open) {
        let Some(witness) = self.witness(part) else { return };
        if !self.unmatched(&witness) {
            self.found.unconfirmed += 1;
            return;
        }
        let severity = if self.table.hit.is_single() { Diagnostic::error } else { Diagnostic::warning };
        let only_null = |axis: &Axis, spans: &Vec<axis::Span>| axis.column.filter(|_| spans.iter().all(|s| s.1 == 1));
        let null = self.axes.iter().zip(part).find_map(|(axis, spans)| only_null(axis, spans));
        let message = format!("no row matches {witness}");
        let finding = if self.not_in_force(&witness) {
            Diagnostic::warning(codes::GAP_DATE, self.table.span, message)
                .label("no row holds on that day")
                .help("let a row hold longer, or say what holds `otherwise`")
        } else if let Some(input) = null.and_then(|column| self.table.inputs.get(column)) {
            severity(codes::GAP_NULL, self.table.span, message)
                .label("a gap")
                .related(input.span, "may have no value")
                .help(format!(
                    "write a row with `null` for `{}`, or with `-`, or say what holds `otherwise`",
                    input.name
                ))
        } else {
            let narrow = |(axis, spans): (&Axis, &Vec<axis::Span>)| axis.column.is_none() && *spans != axis.domain;
            let on_day = self.axes.iter().zip(part).any(narrow);
            let on_day = if on_day { format!(" that holds on {}", witness.date) } else { String::new() };
            let row = self.row_for(part) + &on_day;
            severity(codes::GAP, self.table.span, message)
                .label("a gap")
                .help(format!("add a row such as {row}, or say what holds `otherwise`"))
        };
        self.found.witnesses.push(witness);
        self.tell(finding);
    }

    /// Before the first row begins or after the last one ends.
    fn not_in_force(&self, witness: &Witness) -> bool {
        let rows = &self.table.rows;
        let early = rows.iter().all(|row| row.from.is_some_and(|from| witness.date < from));
        early || rows.iter().all(|row| row.until.is_some_and(|until| witness.date > until))
    }

    /// Whether no row matches it.
    fn unmatched(&self, witness: &Witness) -> bool {
        (0..self.table.rows.len()).all(|row| self.matched(row, witness) == Some(false))
    }

    fn surely_matched(&self, witness: &Witness) -> bool {
        (0..self.table.rows.len()).any(|row| self.matched(row, witness) == Some(true))
    }

    fn matched(&self, row: usize, witness: &Witness) -> Option<bool> {
        self.table.matches(row, &witness.inputs, &|_: &str| None, witness.date).ok()
    }
}
