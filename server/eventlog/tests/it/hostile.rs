//! Random logs come back as they were written, in both formats; bytes that are no log do no harm.

use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use fluxor_eventlog::{Format, Wanted, read_from};
use proptest::prelude::*;

use crate::common::{told, usual};

/// An event as it was made up: case, activity, seconds since 1970, two values (empty: none).
#[derive(Clone, Debug)]
struct Row {
    case: usize,
    activity: String,
    second: i64,
    values: [String; 2],
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let text = || prop_oneof!["[a-zé𝄞 ,;\t\"'&<>\n\r|-]{1,8}", "[a-c]{1,2}"];
    let value = move || prop_oneof![2 => text().boxed(), 1 => Just(String::new()).boxed()];
    // One of blanks alone is none.
    let activity = text().prop_map(|text| if text.trim().is_empty() { format!("{text}a") } else { text });
    let row = (0..4_usize, activity, -90_000..90_000_i64, value(), value());
    let row = row.prop_map(|(case, activity, second, a, b)| Row { case, activity, second, values: [a, b] });
    prop::collection::vec(row, 1..40)
}

/// What a reader should tell: cases by their first event, events by time, all else as they came.
fn expected(rows: &[Row]) -> Vec<String> {
    let mut cases: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        match cases.iter_mut().find(|case| case[0].case == row.case) {
            Some(case) => case.push(row),
            None => cases.push(vec![row]),
        }
    }
    cases.iter_mut().for_each(|case| case.sort_by_key(|row| row.second));
    cases.sort_by_key(|case| case[0].second);
    let value = |value: &str| if value.is_empty() { "-".to_owned() } else { value.to_owned() };
    let line = |row: &&Row| {
        let activity = row.activity.trim();
        format!("c{} {} {activity} {} {}", row.case, row.second, value(&row.values[0]), value(&row.values[1]))
    };
    cases.iter().flatten().map(line).collect()
}

fn time(second: i64) -> String {
    jiff::Timestamp::from_second(second).unwrap().to_string()
}

fn csv(rows: &[Row]) -> String {
    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut out = "v,time:timestamp,concept:name,case:concept:name,w\n".to_owned();
    for row in rows {
        let (v, w) = (cell(&row.values[0]), cell(&row.values[1]));
        writeln!(out, "{v},{},{},c{},{w}", time(row.second), cell(&row.activity), row.case).unwrap();
    }
    out
}

/// The rows of a case stand together, cases in order of their first row.
fn document(rows: &[Row]) -> String {
    let escaped = |text: &str| {
        text.chars().fold(String::new(), |mut out, c| {
            match c {
                '<' | '&' | '"' | '\n' | '\r' | '\t' => write!(out, "&#{};", u32::from(c)).unwrap(),
                _ => out.push(c),
            }
            out
        })
    };
    let string = |key: &str, value: &str| match value {
        "" => String::new(),
        _ => format!("<string key=\"{key}\" value=\"{}\"/>\n", escaped(value)),
    };
    let mut out =
        "<log>\n<global scope=\"event\"><string key=\"w\" value=\"\"/><string key=\"v\" value=\"\"/></global>"
            .to_owned();
    let mut cases: Vec<usize> = Vec::new();
    rows.iter().for_each(|row| {
        if !cases.contains(&row.case) {
            cases.push(row.case);
        }
    });
    for case in cases {
        write!(out, "<trace>{}", string("concept:name", &format!("c{case}"))).unwrap();
        for row in rows.iter().filter(|row| row.case == case) {
            let (v, w) = (string("v", &row.values[0]), string("w", &row.values[1]));
            let (activity, at) = (string("concept:name", &row.activity), time(row.second));
            write!(out, "<event>{w}{activity}<date key='time:timestamp' value='{at}'/>{v}</event>").unwrap();
        }
        out.push_str("</trace>");
    }
    out + "</log>"
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Reads bytes in every format; an error has to say something.
fn harmless(bytes: &[u8]) {
    for format in [None, Some(Format::Csv), Some(Format::Xes)] {
        let wanted = Wanted { format, ..usual(&["v"]) };
        match read_from(bytes, "", &wanted) {
            Ok(log) => assert!(log.events > 0 && told(&log, 1).len() as u64 == log.events),
            Err(error) => assert!(error.to_string().len() > 20, "{error}"),
        }
    }
}

proptest! {
    #[test]
    fn logs_come_back_as_they_were_written(rows in rows()) {
        let told_by = |bytes: &[u8]| told(&read_from(bytes, "", &usual(&["v", "w"])).unwrap(), 2);
        let (csv, document) = (csv(&rows), document(&rows));
        prop_assert_eq!(&told_by(csv.as_bytes()), &expected(&rows));
        prop_assert_eq!(&told_by(document.as_bytes()), &expected(&rows));
        prop_assert_eq!(&told_by(&packed(document.as_bytes())), &expected(&rows));
    }

    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400), mark in 0..5_usize) {
        let marks: [&[u8]; 5] = [b"", b"\x1f\x8b\x08", b"<log>", b"\xff\xfe", b"case:concept:name,concept:name,time:timestamp,v\n"];
        harmless(&[marks[mark], &bytes].concat());
    }

    #[test]
    fn logs_that_were_cut_or_changed_do_no_harm(
        rows in rows(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
        pack in any::<bool>(),
        first in any::<bool>(),
    ) {
        for text in [csv(&rows), document(&rows)] {
            let mut bytes = text.into_bytes();
            if pack && !first {
                bytes = packed(&bytes);
            }
            for (place, byte) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            if pack && first {
                bytes = packed(&bytes);
            }
            harmless(&bytes);
            harmless(&bytes[..cut.index(bytes.len())]);
        }
    }

    #[test]
    fn markup_in_any_order_does_no_harm(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<log>", "</log>", "<trace>", "</trace>", "<event>", "</event>", "<event/>", "<global scope='event'>", "</global>",
            "<string key='concept:name' value='a'/>", "<date key='time:timestamp' value='1970-01-01'/>", "<string key='v' value='", "'>",
            "</string>", "<!--", "-->", "<![CDATA[", "]]>", "&amp;", "&#0;", "&#xD800;", "<!DOCTYPE log [", "]>", "<?xml", "?>", " ", "\n",
        ]), 0..40)
    ) {
        harmless(pieces.concat().as_bytes());
        harmless(format!("<log>{}</log>", pieces.concat()).as_bytes());
    }
}
