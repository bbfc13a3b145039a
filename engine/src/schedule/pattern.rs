//! The five fields: read, checked, and written as the `cron` crate wants them.

/// What stands in a field. Values are kept as bits of a `u64`.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    /// Names of the values from `low` on.
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
/// Most days that a month can have, January first.
const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const FIELDS: [Field; 5] = [
    Field { name: "minute", low: 0, high: 59, names: &[] },
    Field { name: "hour", low: 0, high: 23, names: &[] },
    Field { name: "day of month", low: 1, high: 31, names: &[] },
    Field { name: "month", low: 1, high: 12, names: &MONTHS },
    Field { name: "day of week", low: 0, high: 7, names: &DAYS },
];

/// The patterns for `cron` whose union is due.
pub(super) fn read(text: &str) -> Result<Vec<String>, String> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let Ok(words) = <[&str; 5]>::try_from(words.as_slice()) else {
        let count = words.len();
        return Err(format!(
            "`{text}` has {count} field{}: write five, minute, hour, day of month, month and day of week, such as `0 6 * * MON-FRI`",
            if count == 1 { "" } else { "s" }
        ));
    };
    let mut sets = [0_u64; 5];
    for (number, (field, word)) in FIELDS.iter().zip(words).enumerate() {
        sets[number] = values(field, word)
            .map_err(|what| format!("{what} (field {}, {}, of `{text}`)", number + 1, field.name))?;
    }
    // Sunday is 0 and 7.
    sets[4] = (sets[4] | sets[4] >> 7) & 0x7f;
    let [minutes, hours, days, months, weekdays] = sets;
    let time = format!("0 {} {}", numbers(&FIELDS[0], minutes), numbers(&FIELDS[1], hours));
    let months_text = numbers(&FIELDS[3], months);
    let by_day = format!("{time} {} {months_text} *", numbers(&FIELDS[2], days));
    let by_weekday = format!("{time} * {months_text} {}", weekday_names(weekdays));
    let day_exists =
        (1..=12).any(|month| months & 1 << month != 0 && (1..=LENGTHS[month - 1]).any(|day| days & 1 << day != 0));
    match (days == all(&FIELDS[2]), weekdays == 0x7f) {
        (_, true) if day_exists => Ok(vec![by_day]),
        (_, true) => {
            Err(format!("`{text}` is never due: none of its months (field 4) has such a day of month (field 3)"))
        }
        (true, false) => Ok(vec![by_weekday]),
        (false, false) if day_exists => Ok(vec![by_day, by_weekday]),
        (false, false) => Ok(vec![by_weekday]),
    }
}

fn all(field: &Field) -> u64 {
    (field.low..=field.high).fold(0, |set, value| set | 1 << value)
}

fn values(field: &Field, word: &str) -> Result<u64, String> {
    let mut set = 0;
    for entry in word.split(',') {
        if entry.is_empty() {
            return Err(format!("`{word}` has an empty entry: write values between its commas"));
        }
        set |= one_entry(field, entry)?;
    }
    Ok(set)
}

/// `*`, `5`, `5-20`, each of the ranges with a step: `*/15`.
fn one_entry(field: &Field, entry: &str) -> Result<u64, String> {
    let (range, step) = entry.split_once('/').map_or((entry, None), |(range, step)| (range, Some(step)));
    let (first, last) = if range == "*" {
        // 7 is Sunday again, which 0 has begun already.
        (field.low, if field.names.len() == 7 { 6 } else { field.high })
    } else if let Some((first, last)) = range.split_once('-') {
        let (first, mut last) = (value(field, first)?, value(field, last)?);
        if field.names.len() == 7 && last == 0 && first > 0 {
            last = 7;
        }
        if last < first {
            return Err(format!("`{range}` runs backwards: write two ranges with a comma"));
        }
        (first, last)
    } else if step.is_some() {
        return Err(format!("`{entry}` steps from a single value: write a range, such as `{range}-{}/2`", field.high));
    } else {
        let only = value(field, range)?;
        (only, only)
    };
    let step = match step.map(str::parse::<usize>) {
        None => 1,
        Some(Ok(step)) if step > 0 => step,
        Some(_) => return Err(format!("`{entry}` has no step: write a whole number of 1 or more after the `/`")),
    };
    Ok((first..=last).step_by(step).fold(0, |set, value| set | 1 << value))
}

fn value(field: &Field, text: &str) -> Result<u32, String> {
    let named = (field.low..).zip(field.names).find(|(_, name)| name.eq_ignore_ascii_case(text));
    if let Some((value, _)) = named {
        return Ok(value);
    }
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u32>() {
        Ok(value) if digits && (field.low..=field.high).contains(&value) => Ok(value),
        _ => {
            let names = match field.names {
                [first, .., last] => format!(" or {first} to {last}"),
                _ => String::new(),
            };
            let article = if field.name == "hour" { "an" } else { "a" };
            Err(format!("`{text}` is not {article} {}: write {} to {}{names}", field.name, field.low, field.high))
        }
    }
}

fn numbers(field: &Field, set: u64) -> String {
    if set == all(field) {
        return "*".into();
    }
    let list: Vec<String> =
        (field.low..=field.high).filter(|value| set & 1 << value != 0).map(|value| value.to_string()).collect();
    list.join(",")
}

fn weekday_names(set: u64) -> String {
    let list: Vec<&str> =
        DAYS.iter().enumerate().filter(|(day, _)| set & 1 << day != 0).map(|(_, name)| *name).collect();
    list.join(",")
}
