//! The second pass: good rows become commands, many in flight, each answer counted for the row that it is for.

use std::collections::{HashMap, VecDeque};
use std::task::{Context, Poll, Waker};

use fluxor_engine::command::{Basis, Change, Command, Verb};
use fluxor_engine::decide::NEEDS_APPROVAL;
use fluxor_engine::refusal::Refusal;
use fluxor_engine::runtime::{NotDone, Submitted};
use serde_json::Value as Json;

use super::cell::{Place, Row};
use super::feed::Feed;
use super::report::{Count, Finding, Report};
use super::scan::{Opening, Scan};
use super::set::Set;
use super::tables::Table;
use super::{Failed, Options, Pending, Progress, Step, Target, commands};

/// So many commands are on their way at once.
const IN_FLIGHT: usize = 256;

/// So many rows of movements or demand are one command.
const ROWS: usize = 1000;

/// So often a command is sent again when the engine is busy.
const TRIES: u32 = 20;

/// Writes everything that `scan` found good.
///
/// # Errors
/// If the machinery stops.
pub(super) async fn write(
    set: &Set,
    scan: &Scan,
    options: &Options,
    target: &dyn Target,
    progress: &dyn Progress,
    report: &mut Report,
) -> Result<(), Failed> {
    for (_, count) in &mut report.tables {
        count.taken = 0;
    }
    let mut writer = Writer { set, scan, options, target, progress, report, flying: VecDeque::new() };
    // What says when to order comes last: of a company that is half there nothing is ordered.
    let last = Table::Policies;
    for table in Table::ALL.into_iter().filter(|table| *table != last).chain([last]) {
        if !scan.counts.contains_key(&table) {
            continue;
        }
        writer.table(table).await?;
        writer.land().await?;
    }
    writer.report.bad.sort();
    Ok(())
}

/// Rows that one command is for.
#[derive(Clone, Debug)]
struct Rows {
    table: Table,
    rows: Vec<(Place, String)>,
    /// What each of them is in a command for many.
    parts: Vec<Json>,
    /// Lines of an order.
    lines: u64,
    /// How many further rows of which tables go with them: counted as they are, and not named one by one.
    more: Vec<(Table, u64)>,
}

impl Rows {
    const fn none(table: Table) -> Self {
        Self { table, rows: Vec::new(), parts: Vec::new(), lines: 0, more: Vec::new() }
    }

    fn one(row: &Row) -> Self {
        Self { rows: vec![(row.place, row.key())], ..Self::none(row.table) }
    }
}

/// A command on its way.
struct Flight<'a> {
    rows: Rows,
    command: Command,
    answer: Answer<'a>,
}

enum Answer<'a> {
    Coming(Pending<'a, Result<Submitted, NotDone>>),
    Here(Result<Submitted, NotDone>),
}

struct Writer<'a> {
    set: &'a Set,
    scan: &'a Scan,
    options: &'a Options,
    target: &'a dyn Target,
    progress: &'a dyn Progress,
    report: &'a mut Report,
    flying: VecDeque<Flight<'a>>,
}

impl<'a> Writer<'a> {
    async fn table(&mut self, table: Table) -> Result<(), Failed> {
        let (set, scan) = (self.set, self.scan);
        let total = scan.counts.get(&table).map_or(0, |count| count.read - count.bad - count.left_out);
        self.progress.begin(Step::Write, table.name(), total);
        match table {
            // The roles go with the people.
            Table::Roles | Table::Substitutes | Table::OrderLines => {}
            Table::People => self.people().await?,
            Table::Stock => self.openings().await?,
            Table::Movements | Table::Demand => {
                for feed in set.feeds.iter().filter(|feed| feed.table == table) {
                    self.stream(feed).await?;
                }
            }
            Table::Orders => {
                for (order, lines, verb) in commands::orders(scan, &set.source) {
                    self.send(Rows { lines, ..Rows::one(order) }, verb).await?;
                }
            }
            _ => {
                for row in scan.kept.get(&table).into_iter().flatten() {
                    if let Some(verb) = commands::record(&scan.world, row) {
                        self.send(Rows::one(row), verb).await?;
                    }
                }
            }
        }
        self.land().await?;
        self.progress.end();
        Ok(())
    }

    async fn people(&mut self) -> Result<(), Failed> {
        let there = self.target.organisation().await.map_err(|error| Failed::Stopped(error.into()))?;
        // One row stands for all of them.
        let (mut first, mut more) = (None, Vec::new());
        for table in [Table::People, Table::Roles, Table::Substitutes] {
            let kept = self.scan.kept.get(&table).map_or(&[][..], Vec::as_slice);
            let alone = first.is_none() && !kept.is_empty();
            first = first.or(kept.first());
            more.push((table, kept.len() as u64 - u64::from(alone)));
        }
        let rows = Rows { more, ..first.map_or_else(|| Rows::none(Table::People), Rows::one) };
        let Some(patch) = commands::organisation(self.scan, &there.unwrap_or_default()) else {
            self.each(&rows, |count, rows| count.unchanged += rows);
            return Ok(());
        };
        self.send(rows, Verb::Change(Change::Organisation { patch, basis: Basis::Direct })).await
    }

    /// Counts the rows that a command was for, of whatever tables.
    fn each(&mut self, rows: &Rows, mut add: impl FnMut(&mut Count, u64)) {
        let own = (rows.table, rows.rows.len() as u64);
        for (table, rows) in std::iter::once(own).chain(rows.more.iter().copied()).filter(|(_, rows)| *rows > 0) {
            add(self.count(table), rows);
        }
    }

    async fn openings(&mut self) -> Result<(), Failed> {
        let kept = self.scan.kept.get(&Table::Stock).map_or(&[][..], Vec::as_slice);
        let openings: HashMap<(&str, &str), &Opening> =
            self.scan.openings.iter().map(|o| ((o.item.as_str(), o.location.as_str()), o)).collect();
        let mut same = 0;
        let mut rows = Rows::none(Table::Stock);
        for row in kept {
            let Some(opening) = openings.get(&(row.must("item"), row.must("location"))) else {
                same += 1;
                continue;
            };
            rows.rows.push((row.place, row.key()));
            rows.parts.push(commands::opening(&self.set.source, opening));
            if rows.parts.len() == ROWS {
                self.send_many(std::mem::replace(&mut rows, Rows::none(Table::Stock))).await?;
            }
        }
        self.count(Table::Stock).unchanged += same;
        self.send_many(rows).await
    }

    async fn stream(&mut self, feed: &Feed) -> Result<(), Failed> {
        let mut reading = feed.read().map_err(Failed::Unreadable)?;
        let mut rows = Rows::none(feed.table);
        while let Some((line, taken)) = reading.next().map_err(Failed::Unreadable)? {
            let place = Place { file: feed.number, line };
            if taken.is_err() || self.scan.skipped.contains(&place) {
                continue;
            }
            let Ok(row) = self.scan.world.row(feed.table, place, &reading.cells) else { continue };
            rows.parts.push(commands::part(&self.scan.world, &row));
            rows.rows.push((place, row.key()));
            if rows.parts.len() == ROWS {
                self.send_many(std::mem::replace(&mut rows, Rows::none(feed.table))).await?;
            }
        }
        self.send_many(rows).await
    }

    async fn send_many(&mut self, rows: Rows) -> Result<(), Failed> {
        if rows.parts.is_empty() {
            return Ok(());
        }
        let verb = commands::many(&self.set.source, rows.table, rows.parts.clone());
        self.send(rows, verb).await
    }

    /// Sends a command off, after room was made for it.
    async fn send(&mut self, rows: Rows, verb: Verb) -> Result<(), Failed> {
        while self.flying.len() >= IN_FLIGHT {
            self.land_one().await?;
        }
        let command = commands::command(self.options, rows.table, verb);
        let mut coming = self.target.submit(command.clone());
        // Asked once, it is in the engine's queue and is worked on while the next rows are read.
        let answer = match coming.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Answer::Here(answer),
            Poll::Pending => Answer::Coming(coming),
        };
        self.flying.push_back(Flight { rows, command, answer });
        Ok(())
    }

    async fn land(&mut self) -> Result<(), Failed> {
        while !self.flying.is_empty() {
            self.land_one().await?;
        }
        Ok(())
    }

    async fn land_one(&mut self) -> Result<(), Failed> {
        let Some(Flight { rows, command, answer }) = self.flying.pop_front() else { return Ok(()) };
        let mut answer = match answer {
            Answer::Here(answer) => answer,
            Answer::Coming(coming) => coming.await,
        };
        for _ in 0..TRIES {
            if !matches!(answer, Err(NotDone::Busy(_))) {
                break;
            }
            answer = self.target.submit(command.clone()).await;
        }
        match answer {
            Ok(submitted) => {
                self.progress.advance(rows.rows.len() as u64);
                self.done(&rows, &submitted);
                Ok(())
            }
            Err(NotDone::Refused(_)) if rows.parts.len() > 1 => self.halves(rows).await,
            Err(NotDone::Refused(refusal)) => {
                self.progress.advance(rows.rows.len() as u64);
                self.each(&rows, |count, rows| count.bad += rows);
                let why = declined(&rows, &refusal);
                for (place, key) in rows.rows {
                    let finding = Finding::new(self.set, Some(rows.table), place.file, place.line, key, why.clone());
                    self.report.bad.push(finding);
                }
                Ok(())
            }
            Err(other) => Err(Failed::Stopped(other)),
        }
    }

    /// One row of many was declined, and all of them with it: each half by itself, down to that row.
    async fn halves(&mut self, mut rows: Rows) -> Result<(), Failed> {
        let half = rows.parts.len() / 2;
        let mut second = Rows::none(rows.table);
        (second.rows, second.parts) = (rows.rows.split_off(half), rows.parts.split_off(half));
        for rows in [rows, second] {
            let verb = commands::many(&self.set.source, rows.table, rows.parts.clone());
            Box::pin(self.send(rows, verb)).await?;
        }
        Ok(())
    }

    fn done(&mut self, rows: &Rows, submitted: &Submitted) {
        let all = rows.rows.len() as u64;
        let same = match submitted.repeat {
            true => all,
            false => submitted.answer.record.get("skipped").and_then(Json::as_u64).unwrap_or(0).min(all),
        };
        let count = self.count(rows.table);
        count.unchanged += same;
        count.taken += all - same;
        for &(table, more) in rows.more.iter().filter(|(_, more)| *more > 0) {
            let count = self.count(table);
            if submitted.repeat { count.unchanged += more } else { count.taken += more }
        }
        if rows.table == Table::Orders {
            let count = self.count(Table::OrderLines);
            if same > 0 { count.unchanged += rows.lines } else { count.taken += rows.lines }
        }
    }

    fn count(&mut self, table: Table) -> &mut Count {
        let tables = &mut self.report.tables;
        let at = tables.iter().position(|(name, _)| *name == table.name()).unwrap_or_else(|| {
            tables.push((table.name(), Count::default()));
            tables.len() - 1
        });
        &mut tables[at].1
    }
}

/// Why the engine declined these rows, once for all of them; and what to do where an import can do nothing about it.
fn declined(rows: &Rows, refusal: &Refusal) -> String {
    let all = rows.rows.len() as u64 + rows.more.iter().map(|(_, more)| more).sum::<u64>();
    let with = match rows.more.is_empty() {
        true => String::new(),
        false => format!(" with all {all} rows of people, roles and substitutes"),
    };
    let hint = match refusal.code() == NEEDS_APPROVAL {
        true => {
            " An import cannot: write them into a FILE as an organisation has them, and either propose it \
             (`fluxor organisation load FILE` with a key, while a server runs) or load it at the console \
             (`fluxor organisation load FILE --without-approval REASON`). Then import again: what is there stays as it is."
        }
        false => "",
    };
    format!("declined{with}: {}{hint} [{}]", refusal.sentence(), refusal.code())
}
