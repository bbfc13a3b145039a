//! A log as it was read: cases, their events in order of time, and what was left aside.
//!
//! What must hold: events of a case are in order of time, and cases in order of their first event; a value that all events
//! of a case share is kept once.

use crate::text::{Text, Texts};
use crate::wanted::Format;

/// An event log. There is at least one event.
#[derive(Clone, Debug)]
pub struct Log {
    /// The format it was in.
    pub format: Format,
    /// Its cases in order of their first event's time; those that begin at the same time, as they came.
    pub cases: Vec<Case>,
    /// All texts of cases and events.
    pub texts: Texts,
    /// How many events all cases have.
    pub events: u64,
    /// How many events were left out because of [`Wanted::only`](crate::Wanted::only).
    pub left_out: u64,
    /// Events that could not be read, by reason.
    pub skipped: Vec<Skipped>,
    /// The time of the first event, in microseconds since 1970 (UTC).
    pub first: i64,
    /// The time of the last event, in microseconds since 1970 (UTC).
    pub last: i64,
}

/// A case: the events that belong together.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the log calls it.
    pub id: Text,
    events: Box<[Event]>,
    /// First one value a column that is the same at all events, then a value an event of each column that is not.
    values: Box<[Option<Text>]>,
    /// For each column its turn in `values`; the first `shared` columns there are the same at all events.
    turns: Box<[u32]>,
    shared: u32,
}

/// Something that happened in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, in microseconds since 1970 (UTC). It is an instant that `jiff::Timestamp` can hold.
    pub at: i64,
    /// What was done.
    pub activity: Text,
}

/// Events that could not be read, all for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The reason, and what to do about it.
    pub why: String,
    /// How many events.
    pub count: u64,
    /// The line of the first of them, from 1.
    pub first_line: u64,
    /// What the first of them has there: the time that cannot be read, or the case; cut short.
    pub example: String,
}

impl Case {
    /// Its events in order of time; those of the same time, as in the log.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The value of an event in a column, which is named by its place in [`Wanted::columns`](crate::Wanted::columns).
    #[must_use]
    pub fn value(&self, event: usize, column: usize) -> Option<Text> {
        let (turn, shared, events) = (*self.turns.get(column)? as usize, self.shared as usize, self.events.len());
        if event >= events {
            return None;
        }
        let place = if turn < shared { turn } else { shared + (turn - shared) * events + event };
        self.values.get(place).copied().flatten()
    }

    /// A case of events as they came, with their values row by row (a row an event). `rank`: which activities come first of
    /// those of one instant.
    pub(crate) fn new(
        id: Text,
        mut events: Vec<Event>,
        mut rows: Vec<Option<Text>>,
        columns: usize,
        rank: &dyn Fn(Text) -> usize,
    ) -> Case {
        sort(&mut events, &mut rows, columns, rank);
        let same = |column: &usize| rows.iter().skip(*column).step_by(columns).all(|value| *value == rows[*column]);
        let (shared, own): (Vec<usize>, Vec<usize>) = (0..columns).partition(same);
        let mut values = Vec::with_capacity(shared.len() + own.len() * events.len());
        values.extend(shared.iter().map(|column| rows[*column]));
        let mut turns = vec![0_u32; columns];
        for (turn, column) in (0..).zip(shared.iter().chain(&own)) {
            turns[*column] = turn;
        }
        for column in &own {
            values.extend(rows.iter().skip(*column).step_by(columns));
        }
        let shared = u32::try_from(shared.len()).unwrap_or(u32::MAX);
        Case { id, events: events.into(), values: values.into(), turns: turns.into(), shared }
    }
}

/// Puts events into order of time, those of one instant by rank, and their rows with them.
fn sort(events: &mut Vec<Event>, rows: &mut Vec<Option<Text>>, columns: usize, rank: &dyn Fn(Text) -> usize) {
    let key = |event: &Event| (event.at, rank(event.activity));
    if events.is_sorted_by_key(key) {
        return;
    }
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|place| key(&events[*place]));
    *rows = order.iter().flat_map(|place| &rows[place * columns..(place + 1) * columns]).copied().collect();
    *events = order.iter().map(|place| events[*place]).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_with_their_events_and_shared_values_are_kept_once() {
        let mut texts = Texts::default();
        let mut text = |letters: &str| texts.intern(letters).unwrap();
        let (id, a, b, c) = (text("id"), text("a"), text("b"), text("c"));
        let events = vec![Event { at: 5, activity: b }, Event { at: 3, activity: a }, Event { at: 5, activity: c }];
        let rows = vec![Some(b), Some(id), None, Some(a), Some(id), None, None, Some(id), None];
        let case = Case::new(id, events.clone(), rows.clone(), 3, &|_| 0);
        assert_eq!(case.events().iter().map(|event| event.activity).collect::<Vec<_>>(), [a, b, c]);
        assert_eq!((0..4).map(|event| case.value(event, 0)).collect::<Vec<_>>(), [Some(a), Some(b), None, None]);
        assert_eq!((0..3).map(|event| case.value(event, 1)).collect::<Vec<_>>(), [Some(id); 3]);
        assert_eq!((case.value(0, 2), case.value(0, 3), case.values.len()), (None, None, 5));
        // Of one instant, that which is said to come first does, with its row.
        let case = Case::new(id, events, rows, 3, &|activity| usize::from(activity != c));
        assert_eq!(case.events().iter().map(|event| event.activity).collect::<Vec<_>>(), [a, c, b]);
        assert_eq!((0..3).map(|event| case.value(event, 0)).collect::<Vec<_>>(), [Some(a), None, Some(b)]);
    }

    #[test]
    fn a_case_may_have_no_columns() {
        let id = Texts::default().intern("id").unwrap();
        let case =
            Case::new(id, vec![Event { at: 2, activity: id }, Event { at: 1, activity: id }], Vec::new(), 0, &|_| 0);
        assert_eq!((case.events()[0].at, case.value(0, 0)), (1, None));
    }
}
