//! Text: places are counted in characters from 0, as in CEL.

use super::{Fuel, MAX_TEXT, mistyped};
use crate::expression::value::Value;

type Outcome = Result<Value, String>;

/// `text` as a value, unless it is too long.
pub(super) fn made(text: String, fuel: &mut Fuel<'_>) -> Outcome {
    fuel.text(text.len())?;
    Ok(Value::text(text))
}

/// Refuses what would become too long, before it is made.
pub(super) fn allowed(bytes: usize) -> Result<(), String> {
    if bytes > MAX_TEXT { Err(format!("the text is longer than {MAX_TEXT} bytes")) } else { Ok(()) }
}

/// Where the character `place` begins, in bytes; the place behind the last one is the length.
fn offset(text: &str, place: i64) -> Result<usize, String> {
    let outside = || format!("there is no place {place}: the text has {} characters", text.chars().count());
    let place = usize::try_from(place).map_err(|_| outside())?;
    let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    starts.nth(place).ok_or_else(outside)
}

fn place(text: &str, offset: Option<usize>) -> Value {
    let before = offset.and_then(|offset| text.get(..offset)).map(|before| before.chars().count());
    Value::Int(before.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1))
}

pub(super) fn concat(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::Text(a), Value::Text(b)] = args else { return Err(mistyped(args)) };
    allowed(a.len() + b.len())?;
    made(format!("{a}{b}"), fuel)
}

fn holds(args: &[Value], fuel: &mut Fuel<'_>, holds: fn(&str, &str) -> bool) -> Outcome {
    let [Value::Text(a), Value::Text(b)] = args else { return Err(mistyped(args)) };
    fuel.text(a.len() + b.len())?;
    Ok(Value::Bool(holds(a, b)))
}

pub(super) fn starts_with(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    holds(args, fuel, |a, b| a.starts_with(b))
}

pub(super) fn ends_with(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    holds(args, fuel, |a, b| a.ends_with(b))
}

pub(super) fn contains(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    holds(args, fuel, |a, b| a.contains(b))
}

pub(super) fn char_at(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::Text(text), Value::Int(at)] = args else { return Err(mistyped(args)) };
    fuel.text(text.len())?;
    let start = offset(text, *at)?;
    Ok(Value::text(text.get(start..).unwrap_or("").chars().take(1).collect::<String>()))
}

pub(super) fn index_of(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let (text, part, from) = match args {
        [Value::Text(text), Value::Text(part)] => (text, part, 0),
        [Value::Text(text), Value::Text(part), Value::Int(from)] => (text, part, *from),
        _ => return Err(mistyped(args)),
    };
    fuel.text(text.len() + part.len())?;
    let from = offset(text, from)?;
    let found = text.get(from..).and_then(|rest| rest.find(&**part));
    Ok(place(text, found.map(|found| from + found)))
}

pub(super) fn last_index_of(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let (text, part, last) = match args {
        [Value::Text(text), Value::Text(part)] => (text, part, None),
        [Value::Text(text), Value::Text(part), Value::Int(last)] => (text, part, Some(*last)),
        _ => return Err(mistyped(args)),
    };
    fuel.text(text.len() + part.len())?;
    let end = match last {
        // A part that begins there at the latest ends so many bytes on.
        Some(last) => text.floor_char_boundary(offset(text, last)?.saturating_add(part.len())),
        None => text.len(),
    };
    Ok(place(text, text.get(..end).and_then(|before| before.rfind(&**part))))
}

pub(super) fn substring(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let (text, from, to) = match args {
        [Value::Text(text), Value::Int(from)] => (text, *from, None),
        [Value::Text(text), Value::Int(from), Value::Int(to)] => (text, *from, Some(*to)),
        _ => return Err(mistyped(args)),
    };
    fuel.text(text.len())?;
    let start = offset(text, from)?;
    let end = to.map_or(Ok(text.len()), |to| offset(text, to))?;
    match text.get(start..end) {
        Some(part) => made(part.to_owned(), fuel),
        None => Err(format!("the part would end at {} before it begins at {from}", to.unwrap_or(from))),
    }
}

/// How often at most: any number if it is negative or not given.
fn limit(args: &[Value]) -> Option<usize> {
    match args.last() {
        Some(Value::Int(limit)) => usize::try_from(*limit).ok(),
        _ => None,
    }
}

pub(super) fn replace(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::Text(text), Value::Text(old), Value::Text(new), ..] = args else { return Err(mistyped(args)) };
    fuel.text(text.len() + old.len() + new.len())?;
    let found = text.matches(&**old).count();
    let count = limit(args).map_or(found, |limit| limit.min(found));
    allowed(text.len().saturating_add(count.saturating_mul(new.len())).saturating_sub(count * old.len()))?;
    made(text.replacen(&**old, new, count), fuel)
}

pub(super) fn split(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::Text(text), Value::Text(separator), ..] = args else { return Err(mistyped(args)) };
    fuel.text(text.len() + separator.len())?;
    let most = limit(args).unwrap_or(usize::MAX);
    let mut parts: Vec<Value> = Vec::new();
    let mut rest = Some(&**text);
    while let Some(left) = rest.filter(|_| parts.len() < most) {
        let cut = match () {
            () if parts.len() + 1 == most => None,
            () if separator.is_empty() => left.char_indices().nth(1).map(|(at, _)| (at, at)),
            () => left.find(&**separator).map(|at| (at, at + separator.len())),
        };
        let (part, after) = match cut {
            Some((end, next)) => (left.get(..end), left.get(next..)),
            None => (Some(left), None),
        };
        // An empty text has no characters to be split into.
        if !(separator.is_empty() && text.is_empty()) {
            fuel.spend(1)?;
            parts.extend(part.map(Value::text));
        }
        rest = after;
    }
    Ok(Value::list(parts))
}

pub(super) fn join(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let (list, separator) = match args {
        [Value::List(list)] => (list, ""),
        [Value::List(list), Value::Text(separator)] => (list, &**separator),
        _ => return Err(mistyped(args)),
    };
    let mut out = String::new();
    for (i, item) in list.iter().enumerate() {
        let Value::Text(item) = item else { return Err(mistyped(args)) };
        allowed(out.len() + separator.len() + item.len())?;
        out.push_str(if i == 0 { "" } else { separator });
        out.push_str(item);
    }
    fuel.spend(list.len() as u64)?;
    made(out, fuel)
}

fn changed(args: &[Value], fuel: &mut Fuel<'_>, change: fn(&str) -> String) -> Outcome {
    let [Value::Text(text)] = args else { return Err(mistyped(args)) };
    fuel.text(text.len())?;
    let text = change(text);
    allowed(text.len())?;
    made(text, fuel)
}

pub(super) fn trim(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    changed(args, fuel, |text| text.trim().to_owned())
}

pub(super) fn lower(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    changed(args, fuel, str::to_ascii_lowercase)
}

pub(super) fn upper(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    changed(args, fuel, str::to_ascii_uppercase)
}

pub(super) fn reverse(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    changed(args, fuel, |text| text.chars().rev().collect())
}

/// In double quotes, with the escapes that CEL reads.
pub(super) fn quote(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    changed(args, fuel, |text| {
        let mut out = String::from("\"");
        for c in text.chars() {
            let escaped = match c {
                '\u{7}' => 'a',
                '\u{8}' => 'b',
                '\u{c}' => 'f',
                '\n' => 'n',
                '\r' => 'r',
                '\t' => 't',
                '\u{b}' => 'v',
                '\\' | '"' => c,
                c => {
                    out.push(c);
                    continue;
                }
            };
            out.extend(['\\', escaped]);
        }
        out.push('"');
        out
    })
}
