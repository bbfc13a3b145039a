//! The lines of an order as rows of a form: to write them, to change them, or to note what has come of each.
//!
//! What must hold: a form that was sent as it was made changes nothing; what a row does not show is kept; and lines that have
//! become others since are not written over.

mod moved;
mod unclear;

use std::collections::HashMap;

use fluxor_engine::definition::chart::{Arrow, Outcome};
use fluxor_workflows::Quantity;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::field::full;
use super::forms::{Refused, WrongForm};
use super::typed::of_line;
use super::words::{plain, words};

pub(crate) use unclear::{mistaken, unclear_lines};

/// The action that reads `lines` to replace those of an order.
pub(super) const CHANGE: &str = "change_order";

/// The action that reads `lines` to note what has come.
const RECEIVE: &str = "receive_goods";

/// Empty rows for what is to be added.
const MORE: usize = 3;

/// Empty rows of what is not there yet, and so many more where they are not enough.
const AT_FIRST: usize = 5;

/// So many lines are offered in a form; longer orders are changed by a program.
const MOST: usize = 100;

/// What a row asks for: name, title, width in characters.
const ASKED: [(&str, &str, usize); 6] = [
    ("item", "Item", 14),
    ("description", "Description", 16),
    ("quantity", "Quantity", 6),
    ("unit", "Unit", 5),
    ("price", "Price", 11),
    ("location", "Deliver to", 10),
];

/// What rows are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Change,
    Receive,
}

/// One box of a row.
#[derive(Clone, Debug, Serialize)]
struct Cell {
    id: String,
    name: String,
    label: String,
    value: String,
    size: usize,
    /// What is wrong with what was typed there.
    wrong: Option<String>,
}

/// A row.
#[derive(Clone, Debug, Serialize)]
struct Row {
    /// What stands before its boxes: its number, or what it is of.
    title: String,
    boxes: Vec<Cell>,
    /// The name of the box that takes the line out.
    gone: Option<String>,
    is_gone: bool,
    /// Which of the form it is, and what sentences call it.
    #[serde(skip)]
    at: usize,
    #[serde(skip)]
    called: String,
}

/// The rows of a form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Rows {
    heads: Vec<&'static str>,
    rows: Vec<Row>,
    /// The digest of the lines that it shows.
    seen: String,
    goes: bool,
    /// How many there are.
    many: usize,
}

/// What the arrows of an event do with lines.
fn purpose(arrows: &[&Arrow]) -> Option<Use> {
    let does = |name: &str| {
        arrows.iter().any(|arrow| match &arrow.outcome {
            Outcome::Go(go) => go.actions.iter().any(|action| *action.name == *name),
            Outcome::Refuse(_) => false,
        })
    };
    if does(CHANGE) {
        return Some(Use::Change);
    }
    does(RECEIVE).then_some(Use::Receive)
}

fn list(lines: &Value) -> &[Value] {
    lines.as_array().map_or(&[], Vec::as_slice)
}

fn text<'v>(line: &'v Value, name: &str) -> &'v str {
    line[name].as_str().unwrap_or_default()
}

/// What is still to come of a line.
fn open(line: &Value) -> Option<Quantity> {
    let [ordered, came] = ["quantity", "received"].map(|name| text(line, name).parse::<Quantity>());
    let open = Quantity(ordered.ok()?.0.checked_sub(came.unwrap_or(Quantity(0)).0)?);
    (open > Quantity(0)).then_some(open)
}

/// What a form must have seen: the lines, or what has come of them.
fn as_seen(purpose: Use, subject: &Map<String, Value>, lines: &[Value]) -> String {
    match purpose {
        Use::Change => subject.get("lines_digest").and_then(Value::as_str).unwrap_or_default().to_owned(),
        Use::Receive => lines.iter().map(|line| text(line, "received")).collect::<Vec<_>>().join(" "),
    }
}

/// A sentence about the lines as they were sent, with the rows of the form in their place.
pub(super) fn placed(sentence: &str, rows: &[usize]) -> String {
    let mut parts = sentence.split("/lines/");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, rest) = part.split_at(digits);
        let row = number.parse::<usize>().ok().and_then(|at| rows.get(at));
        let number = row.map_or_else(|| number.to_owned(), usize::to_string);
        told.push_str(&format!("/lines/{number}{rest}"));
    }
    told
}

/// How many empty rows a form has, and is to have.
fn many(typed: &HashMap<String, String>) -> usize {
    let shown = typed.get("rows").and_then(|rows| rows.parse().ok()).unwrap_or(AT_FIRST);
    // Whatever a form says: no row that was written into is left out.
    let row = |name: &str| name.strip_prefix("line.")?.split_once('.')?.0.parse::<usize>().ok();
    let written = typed.iter().filter(|(_, text)| !text.trim().is_empty()).filter_map(|(name, _)| row(name)).max();
    let shown = shown.max(written.map_or(0, |last| last.saturating_add(1)));
    let wanted = if typed.contains_key("more") { AT_FIRST } else { 0 };
    shown.clamp(AT_FIRST, MOST).saturating_add(wanted).min(MOST)
}

/// What is wrong with this box.
fn wrong(refused: &Refused, at: usize, name: &str) -> Option<String> {
    let place = format!("/lines/{at}/{name}");
    let (_, told) = refused.errors.iter().find(|(known, _)| *known == place)?;
    Some(full(&plain(told)))
}

/// What a line is called that is added, the number of which among them is this.
fn added(number: usize) -> String {
    match ["first", "second", "third"].get(number) {
        Some(which) => format!("{which} new line"),
        None => format!("new line {}", number + 1),
    }
}

impl Row {
    /// A line as it is to be. `id`: what its boxes are known by. `called`: what it is called.
    fn asked((id, called): (&str, String), (at, line): (usize, &Value), refused: &Refused) -> Self {
        let cell = |(name, title, size): (&str, &str, usize)| {
            let own = format!("line.{at}.{name}");
            Cell {
                id: format!("{id}.{name}"),
                value: refused.typed.get(&own).map_or(text(line, name), String::as_str).to_owned(),
                label: format!("{title}, {called}"),
                size,
                wrong: wrong(refused, at, name),
                name: own,
            }
        };
        let gone = format!("line.{at}.gone");
        Self {
            title: line["line"].as_i64().map_or_else(|| "new".to_owned(), |line| line.to_string()),
            boxes: ASKED.map(cell).to_vec(),
            is_gone: refused.typed.contains_key(&gone),
            gone: line["line"].as_i64().map(|_| gone),
            at,
            called,
        }
    }
}

impl Rows {
    /// The rows for an event whose arrows are these; nothing, where it has nothing to do with lines.
    pub(super) fn of(
        (event, arrows): (&str, &[&Arrow]),
        (subject, lines): (&Map<String, Value>, &Value),
        refused: &Refused,
    ) -> Option<Self> {
        let (purpose, lines, typed) = (purpose(arrows)?, list(lines), &refused.typed);
        if lines.len() > MOST {
            return None;
        }
        let seen = typed.get("lines_seen").cloned().unwrap_or_else(|| as_seen(purpose, subject, lines));
        let (heads, rows): (Vec<&'static str>, Vec<Row>) = match purpose {
            Use::Change => {
                let empty = Value::Null;
                let more = std::iter::repeat_n(&empty, MORE);
                let row = |(at, line): (usize, &Value)| {
                    // Whatever becomes of the lines before it: the boxes of a line are known by its number.
                    let (id, called) = match line["line"].as_i64() {
                        Some(number) => (format!("{event}.line.{number}"), format!("line {number}")),
                        None => {
                            let more = at.saturating_sub(lines.len());
                            (format!("{event}.more.{more}"), added(more))
                        }
                    };
                    Row::asked((&id, called), (at, line), refused)
                };
                let heads = ASKED.map(|(_, title, _)| title).to_vec();
                (heads, lines.iter().chain(more).enumerate().map(row).collect())
            }
            Use::Receive => {
                let row = |(at, line): (usize, &Value)| {
                    let (open, name) = (open(line)?.to_string(), format!("line.{at}.quantity"));
                    let unit = text(line, "unit");
                    let label = format!("{unit} of {} that came", text(line, "item"));
                    Some(Row {
                        title: format!("{}: {}, {open} {unit} open", line["line"], text(line, "item")),
                        boxes: vec![Cell {
                            id: format!("{event}.line.{}.quantity", line["line"]),
                            value: typed.get(&name).unwrap_or(&open).clone(),
                            label,
                            size: 8,
                            wrong: wrong(refused, at, "quantity"),
                            name,
                        }],
                        gone: None,
                        is_gone: false,
                        at,
                        called: format!("line {}", line["line"]),
                    })
                };
                (vec!["Came now"], lines.iter().enumerate().filter_map(row).collect())
            }
        };
        (!rows.is_empty()).then_some(Self { heads, many: rows.len(), rows, seen, goes: purpose == Use::Change })
    }

    /// Empty rows, for what is started with lines; what was typed stands in them.
    pub(super) fn blank(refused: &Refused) -> Self {
        let many = many(&refused.typed);
        let row = |at: usize| {
            let called = format!("line {}", at + 1);
            let own = Row::asked((&format!("new.line.{at}"), called), (at, &Value::Null), refused);
            Row { title: (at + 1).to_string(), ..own }
        };
        let rows = (0..many).map(row).collect();
        Self { heads: ASKED.map(|(_, title, _)| title).to_vec(), rows, seen: String::new(), goes: false, many }
    }

    /// What the place of a mistake is called, `/lines/2/price`, as the table calls its rows.
    pub(super) fn called(&self, pointer: &str) -> Option<String> {
        let place = pointer.strip_prefix("/lines/")?;
        let (at, name) = place.split_once('/').unwrap_or((place, ""));
        let at: usize = at.parse().ok()?;
        let row = self.rows.iter().find(|row| row.at == at)?;
        Some(words(&if name.is_empty() { row.called.clone() } else { format!("{}, {name}", row.called) }))
    }

    /// What was typed into empty rows, as lines, and of which row each is; nothing, where all are empty.
    pub(super) fn written(typed: &HashMap<String, String>) -> Option<(Value, Vec<usize>)> {
        let of = |at: usize, name: &str| typed.get(&format!("line.{at}.{name}")).map(|text| text.trim());
        changed(&[], many(typed), &of)
    }

    /// What was typed into the rows, as the payload's `lines`, and of which row each is; nothing, where it is as it was.
    ///
    /// # Errors
    /// What is wrong with the form: that what it shows has become another since it was made.
    pub(super) fn read(
        arrows: &[&Arrow],
        (subject, lines): (&Map<String, Value>, &Value),
        typed: &HashMap<String, String>,
    ) -> Result<Option<(Value, Vec<usize>)>, WrongForm> {
        let (Some(purpose), Some(seen)) = (purpose(arrows), typed.get("lines_seen")) else { return Ok(None) };
        let lines = list(lines);
        if *seen != as_seen(purpose, subject, lines) {
            return Err(WrongForm::Stale(match purpose {
                Use::Change => {
                    "The lines have become others since this page was made, and nothing was changed: look at them. Pressing again \
                     sends what stands here now."
                }
                Use::Receive => {
                    "Something has come since this page was made, and nothing was noted: look at what is open now. Pressing again \
                     sends what stands here now."
                }
            }));
        }
        let of = |at: usize, name: &str| typed.get(&format!("line.{at}.{name}")).map(|text| text.trim());
        Ok(match purpose {
            Use::Change => changed(lines, MORE, &of),
            Use::Receive => match came(lines, &of) {
                (come, _) if list(&come).is_empty() => {
                    return Err(WrongForm::Empty("Say of at least one line how much has come."));
                }
                come => Some(come),
            },
        })
    }
}

/// The lines as they are to be.
fn changed<'t>(
    lines: &[Value],
    more: usize,
    of: &impl Fn(usize, &str) -> Option<&'t str>,
) -> Option<(Value, Vec<usize>)> {
    let (mut wanted, mut places) = (Vec::new(), Vec::new());
    let mut other = false;
    for (at, line) in lines.iter().map(Some).chain(std::iter::repeat_n(None, more)).enumerate() {
        let given = ASKED.map(|(name, ..)| (name, of(at, name)));
        // A row that was not sent is as it was.
        let sent = line.is_none() || given.iter().any(|(_, text)| text.is_some());
        if of(at, "gone").is_some() || sent && given.iter().all(|(_, text)| text.is_none_or(str::is_empty)) {
            other |= line.is_some();
            continue;
        }
        let mut row = Map::new();
        // What the row does not show stays with its line.
        let kept = ["line", "why"].iter().filter_map(|name| Some((*name, line?.get(*name)?)));
        row.extend(kept.filter(|(_, kept)| !kept.is_null()).map(|(name, kept)| (name.to_owned(), kept.clone())));
        for (name, typed) in given {
            let stood = line.map_or("", |line| text(line, name));
            let typed = typed.map_or_else(|| stood.to_owned(), |typed| of_line(name, typed));
            other |= typed != stood;
            if !typed.is_empty() {
                row.insert(name.to_owned(), typed.into());
            }
        }
        wanted.push(Value::Object(row));
        places.push(at);
    }
    other.then(|| (wanted.into(), places))
}

/// What has come of each line of which something has.
fn came<'t>(lines: &[Value], of: &impl Fn(usize, &str) -> Option<&'t str>) -> (Value, Vec<usize>) {
    let one = |(at, line): (usize, &Value)| {
        let quantity = of_line("quantity", of(at, "quantity").filter(|text| !text.is_empty())?);
        let none = quantity.parse::<Quantity>().is_ok_and(|quantity| quantity == Quantity(0));
        (!none).then(|| (json!({ "line": line["line"], "quantity": quantity }), at))
    };
    let (come, places): (Vec<Value>, Vec<usize>) = lines.iter().enumerate().filter_map(one).unzip();
    (come.into(), places)
}

#[cfg(test)]
mod tests;
