//! Gathers events into cases, whatever format they come from.
//!
//! What must hold: an event is kept, left out or skipped, and counted once; memory grows with what is kept only.

use hashbrown::HashMap;

use crate::limits::Limits;
use crate::log::{Case, Event, Log, Skipped};
use crate::plan::Plan;
use crate::text::{Text, Texts};
use crate::time::{Cause, Clock, Unclear};
use crate::unreadable::{Said, Unreadable, short};
use crate::wanted::Format;

/// How much of a value that is too long is looked at, in bytes.
const EXAMPLE: usize = 400;

/// Why an event is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    NoCase,
    NoActivity,
    NoTime,
    UnreadableTime(Cause),
    TooFewCells,
    TooManyCells,
    TooLong,
}

pub(crate) struct Gather<'p> {
    plan: &'p Plan,
    clock: Clock,
    limits: &'p Limits,
    texts: Texts,
    cases: Vec<Growing>,
    /// The place in `cases` of the case of this id.
    places: HashMap<Text, usize>,
    /// The last text of each slot: most values are those of the event before.
    recent: Vec<Option<Text>>,
    skipped: Vec<(Reason, Skipped)>,
    events: u64,
    left_out: u64,
}

/// A case that further events may come to.
struct Growing {
    id: Text,
    events: Vec<Event>,
    rows: Vec<Option<Text>>,
}

impl<'p> Gather<'p> {
    pub(crate) fn new(plan: &'p Plan, clock: Clock, limits: &'p Limits) -> Gather<'p> {
        Gather {
            plan,
            clock,
            limits,
            texts: Texts::default(),
            cases: Vec::new(),
            places: HashMap::new(),
            recent: vec![None; plan.names.len()],
            skipped: Vec::new(),
            events: 0,
            left_out: 0,
        }
    }

    /// Takes an event: `cell` gives the value of a slot, which is never empty.
    pub(crate) fn event<'a>(&mut self, line: u64, cell: impl Fn(usize) -> Option<&'a [u8]>) -> Result<(), Unreadable> {
        let plan = self.plan;
        for (slot, values) in &plan.only {
            let value = cell(*slot).map(|value| letters(value, line)).transpose()?.map(str::trim);
            if value.is_some_and(|value| !value.is_empty() && !is_one_of(value, values)) {
                self.left_out += 1;
                return Ok(());
            }
        }
        // Blanks around them make neither another case nor another activity.
        let name = |slot| cell(slot).map(<[u8]>::trim_ascii).filter(|name| !name.is_empty());
        let Some(id) = name(plan.case) else { return self.lacking(Reason::NoCase, line, name(plan.activity)) };
        let Some(activity) = name(plan.activity) else { return self.lacking(Reason::NoActivity, line, Some(id)) };
        let Some(time) = cell(plan.time) else { return self.lacking(Reason::NoTime, line, Some(id)) };
        let time = letters(time, line)?;
        let at = match self.clock.read(time) {
            Ok(at) => at,
            Err(Unclear::Unknown) => {
                self.skip(Reason::UnreadableTime(self.clock.cause(time)), line, time);
                return Ok(());
            }
            Err(Unclear::Either(formats)) => {
                return Err(Unreadable::AmbiguousTime { line, time: short(time), formats });
            }
        };
        let slots = [plan.case, plan.activity].into_iter().chain(plan.columns.iter().copied());
        if let Some(long) = slots.filter_map(&cell).find(|value| value.len() > self.limits.text) {
            self.skip(Reason::TooLong, line, &String::from_utf8_lossy(long.get(..EXAMPLE).unwrap_or(long)));
            return Ok(());
        }
        self.events += 1;
        if self.events > self.limits.events {
            let what = format!("the log has more than {} events", self.limits.events);
            return Err(Unreadable::TooLarge { line, what, advice: "divide it, or choose events by a column" });
        }
        let case = self.text(plan.case, id, line)?;
        let activity = self.text(plan.activity, activity, line)?;
        let place = self.place(case);
        for slot in &plan.columns {
            let value = cell(*slot).map(|value| self.text(*slot, value, line)).transpose()?;
            self.cases[place].rows.push(value);
        }
        self.cases[place].events.push(Event { at, activity });
        Ok(())
    }

    /// The interned text of a value.
    fn text(&mut self, slot: usize, value: &[u8], line: u64) -> Result<Text, Unreadable> {
        if let Some(text) = self.recent[slot]
            && self.texts.get(text).as_bytes() == value
        {
            return Ok(text);
        }
        let text = self.texts.intern(letters(value, line)?).ok_or_else(|| Unreadable::TooLarge {
            line,
            what: format!("the log has more than {} different texts", u32::MAX),
            advice: "divide it, or want fewer columns",
        })?;
        self.recent[slot] = Some(text);
        Ok(text)
    }

    fn place(&mut self, id: Text) -> usize {
        let cases = &mut self.cases;
        *self.places.entry(id).or_insert_with(|| {
            cases.push(Growing { id, events: Vec::new(), rows: Vec::new() });
            cases.len() - 1
        })
    }

    fn lacking(&mut self, reason: Reason, line: u64, example: Option<&[u8]>) -> Result<(), Unreadable> {
        let example = example.map(|value| letters(value, line)).transpose()?;
        self.skip(reason, line, example.unwrap_or_default());
        Ok(())
    }

    /// Counts an event that cannot be read.
    pub(crate) fn skip(&mut self, reason: Reason, line: u64, example: &str) {
        if let Some((_, group)) = self.skipped.iter_mut().find(|(own, _)| *own == reason) {
            group.count += 1;
            return;
        }
        let why = match reason {
            Reason::UnreadableTime(cause) => self.clock.why(cause, example),
            Reason::NoCase => "no case: nothing stands in its column".to_owned(),
            Reason::NoActivity => "no activity: nothing stands in its column".to_owned(),
            Reason::NoTime => "no time: nothing stands in its column".to_owned(),
            Reason::TooFewCells => "fewer cells than the header: check quotes and the delimiter".to_owned(),
            Reason::TooLong => "a value of more than 64 KiB: check quotes, or do not ask for that column".to_owned(),
            Reason::TooManyCells => "more cells than the header: check quotes and the delimiter".to_owned(),
        };
        let group = Skipped { why, count: 1, first_line: line, example: short(example) };
        self.skipped.push((reason, group));
    }

    /// The log of what was gathered.
    pub(crate) fn finish(mut self, format: Format) -> Result<Log, Unreadable> {
        let skipped = self.skipped.into_iter().map(|(_, group)| group).collect();
        if self.events == 0 {
            return Err(Unreadable::NoEvents { skipped, left_out: self.left_out });
        }
        let columns = self.plan.columns.len();
        let texts = &mut self.texts;
        let known = self.plan.order.iter().filter_map(|name| texts.intern(name.trim())).zip(0_usize..);
        let mut ranks: HashMap<Text, usize> = HashMap::new();
        known.for_each(|(text, rank)| {
            ranks.entry(text).or_insert(rank);
        });
        let rank = |activity: Text| match ranks.is_empty() {
            true => 0,
            false => ranks.get(&activity).copied().unwrap_or(usize::MAX),
        };
        let sealed = |case: Growing| Case::new(case.id, case.events, case.rows, columns, &rank);
        let mut cases: Vec<Case> = self.cases.into_iter().map(sealed).collect();
        let begin = |case: &Case| case.events().first().map(|event| event.at);
        let end = |case: &Case| case.events().last().map(|event| event.at);
        cases.sort_by_key(begin);
        let first = cases.iter().filter_map(begin).min().unwrap_or_default();
        let last = cases.iter().filter_map(end).max().unwrap_or_default();
        self.texts.shrink();
        let (events, left_out) = (self.events, self.left_out);
        Ok(Log { format, cases, texts: self.texts, events, left_out, skipped, first, last })
    }
}

/// A value as text.
pub(crate) fn letters(value: &[u8], line: u64) -> Result<&str, Unreadable> {
    std::str::from_utf8(value).map_err(|_| Unreadable::Encoding { line, encoding: "UTF-8", said: Said::Nowhere })
}

fn is_one_of(value: &str, lower: &[String]) -> bool {
    lower.iter().any(|own| own.eq_ignore_ascii_case(value))
        || !value.is_ascii() && {
            let value = value.to_lowercase();
            lower.contains(&value)
        }
}
