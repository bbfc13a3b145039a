//! CSV: columns, cells, rows, and what is told of those that are skipped.

use fluxor_eventlog::{Format, Wanted, read_from};

use crate::common::{error, log, message, plain, skipped, told};

#[test]
fn rows_of_a_case_may_be_anywhere_and_events_are_put_in_order() {
    let text = "case,activity,time,who\n\
        2,b,1970-01-01 00:00:05,ann\n1,x,1970-01-01 00:00:03,\n2,a,1970-01-01 00:00:04,\"\"\n\
        3,y,1970-01-01 00:00:03,bob\n1,z,1970-01-01 00:00:03,bob\n";
    let log = log(text, &plain(&["who", "time", "who"]));
    let time = |second: u32| format!("1970-01-01 00:00:0{second}");
    assert_eq!(
        told(&log, 3),
        [
            format!("1 3 x - {} -", time(3)),
            format!("1 3 z bob {} bob", time(3)),
            format!("3 3 y bob {} bob", time(3)),
            format!("2 4 a - {} -", time(4)),
            format!("2 5 b ann {} ann", time(5)),
        ]
    );
    assert_eq!((log.format, log.events, log.first, log.last), (Format::Csv, 5, 3_000_000, 5_000_000));
    assert!(log.skipped.is_empty() && log.left_out == 0 && log.texts.find("bob").is_some());
}

#[test]
fn headers_are_trimmed_and_the_delimiter_is_found() {
    for delimiter in [",", ";", "\t", "|"] {
        let text = "\u{feff} case | activity |time\r\n1|a|1970-01-01\r\n\r\n".replace('|', delimiter);
        assert_eq!(told(&log(&text, &plain(&[])), 0), ["1 0 a"], "{delimiter:?}");
    }
    let wanted = Wanted { delimiter: Some(b'#'), ..plain(&[]) };
    assert_eq!(told(&log("case#activity#time\n1#a,b;c#1970-01-01", &wanted), 0), ["1 0 a,b;c"]);
    let wanted = Wanted { delimiter: Some(b'\n'), ..plain(&[]) };
    assert_eq!(error("case", &wanted), "'\\n' cannot stand between cells: take a character such as , ; | or a tab");
}

#[test]
fn quoted_cells_may_have_lines_quotes_and_delimiters() {
    let text = "case,activity,time\n1,\"a\nb, \"\"c\"\"\",1970-01-01\n1,d,never\n";
    let log = log(text, &plain(&[]));
    assert_eq!(told(&log, 0), ["1 0 a\nb, \"c\""]);
    assert_eq!(skipped(&log), ["1 4 never the time cannot be read"]);
}

#[test]
fn blanks_around_cases_and_activities_are_no_part_of_them() {
    let text = "case,activity,time\n1, Go ,1970-01-01\n 1 ,Go,1970-01-02\n1, ,1970-01-03\n";
    let log = log(text, &plain(&[]));
    assert_eq!(told(&log, 0), ["1 0 Go", "1 86400 Go"]);
    assert_eq!(skipped(&log), ["1 4 1 no activity"]);
}

#[test]
fn what_is_left_over_of_a_time_is_told_and_years_of_two_digits() {
    let why = |format: &str, time: &str| {
        let mut wanted = plain(&[]);
        wanted.time.format = Some(format.to_owned());
        error(format!("case,activity,time\n1,a,{time}\n"), &wanted)
    };
    let told = why("%d.%m.%Y %H:%M:%S", "02.03.2026 08:00:00.000");
    assert!(told.contains("its format ends before `.000`") && told.contains("`%S.%f`"), "{told}");
    let told = why("%d.%m.%Y", "02.03.2026 08:00");
    assert!(told.contains("its format ends before ` 08:00`") && !told.contains("%f"), "{told}");
    let told = why("%d.%m.%Y", "02.03.26");
    assert!(told.contains("its year is below 1000; a year of two digits is `%y`"), "{told}");
    assert!(why("%d.%m.%Y", "soon").contains("it is not written as its format says"));
}

#[test]
fn times_that_cannot_be_read_are_told_by_cause_each_with_an_example() {
    let text =
        "case,activity,time\n1,a,02.03.2026\n1,a,soon\n1,a,31.12.9999\n1,a,02.03.26\n1,a,later\n1,a,02.03.2026 8h\n";
    let mut wanted = plain(&[]);
    wanted.time.format = Some("%d.%m.%Y".to_owned());
    let log = log(text, &wanted);
    let groups: Vec<(u64, &str)> = log.skipped.iter().map(|group| (group.count, &*group.example)).collect();
    assert_eq!(groups, [(2, "soon"), (1, "31.12.9999"), (1, "02.03.26"), (1, "02.03.2026 8h")]);
    assert!(log.skipped[1].why.contains("9999-12-30T22:00:00Z"), "{:?}", log.skipped);
}

#[test]
fn rows_that_cannot_be_read_are_told_by_reason() {
    let text = "case,activity,time,v\n1,a,1970-01-01,v\n,a,1970-01-01,v\n1,,1970-01-01,v\n1,a,,v\n1,a,soon,v\n\
        2,a,later,v\n1,a\n1,a,1970-01-01,v,w\n";
    assert_eq!(
        skipped(&log(text, &plain(&["v"]))),
        [
            "1 3 a no case",
            "1 4 1 no activity",
            "1 5 1 no time",
            "2 6 soon the time cannot be read",
            "1 8 1 fewer cells than the header",
            "1 9 1 more cells than the header"
        ]
    );
}

#[test]
fn events_are_chosen_by_columns_whatever_the_case() {
    let text = "case,activity,time,state,kind\n1,a,1970-01-01,Complete,Ä\n1,b,1970-01-01,start,ä\n\
        1,c,1970-01-01,,b\n1,d,1970-01-01,COMPLETE,\n1,,1970-01-01,start,\n";
    let mut wanted = plain(&[]);
    wanted.only = vec![("state".into(), vec!["complete".into(), "x".into()]), ("kind".into(), vec!["Ä".into()])];
    let log = log(text, &wanted);
    assert_eq!(told(&log, 0), ["1 0 a", "1 0 d"]);
    assert_eq!((log.left_out, log.skipped.len()), (3, 0));
    // Blanks around a value are no part of it, and nothing but blanks is no value.
    let blanks = text.replace(",start,", ", start ,").replace(",,b", ",  ,b").replace("COMPLETE", " COMPLETE ");
    let same = crate::common::log(&blanks, &wanted);
    assert_eq!((told(&same, 0), same.left_out), (vec!["1 0 a".to_owned(), "1 0 d".to_owned()], 3));
    wanted.only = vec![("state".into(), vec!["gone".into()]), ("kind".into(), Vec::new())];
    let none = error(text, &wanted);
    assert!(none.contains("no event") && none.contains("5 left out"), "{none}");
}

#[test]
fn a_column_that_is_not_there_is_told_with_those_that_are() {
    let text = "Case ID,activity,timestamp\n1,a,1970-01-01\n";
    let told = error(text, &Wanted { case: Some("case_id".into()), ..plain(&[]) });
    assert_eq!(
        told,
        "the log has no columns `case_id` (did you mean `Case ID`?), `time` (did you mean `timestamp`?); it has \
         `Case ID`, `activity`, `timestamp`"
    );
    let told = error(text, &Wanted { case: Some("Case ID".into()), ..plain(&[]) });
    assert!(told.contains("no column `time`"), "{told}");
    let told = error(text, &Wanted::default());
    let all = "the log has no columns `case:concept:name`, `concept:name`, `time:timestamp`";
    assert!(told.contains(all), "{told}");
    let mut wanted = plain(&[]);
    wanted.only = vec![("lifecycle".into(), vec!["complete".into()])];
    assert!(error("case,activity,time\n1,a,1970-01-01", &wanted).contains("no column `lifecycle`"));
    let many = (0..150).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    assert!(error(&many, &plain(&[])).ends_with("and 130 more"));
}

#[test]
fn a_name_that_stands_twice_is_refused_only_if_it_is_wanted() {
    let text = "case,activity,time,a,a\n1,x,1970-01-01,1,2\n";
    assert_eq!(told(&log(text, &plain(&[])), 0), ["1 0 x"]);
    assert!(error(text, &plain(&["a"])).contains("`a` more than once"));
    // Together with what is not there at all.
    let told = error(text, &plain(&["a", "who"]));
    assert!(told.contains("no column `who`") && told.contains("`a` more than once"), "{told}");
}

#[test]
fn what_spreadsheets_write_around_a_table_is_no_part_of_it() {
    for end in ["\n", "\r\n"] {
        let text = "sep=;|case;activity;time|1;a,b,c;1970-01-01|1;b;soon|".replace('|', end);
        let log = log(&text, &plain(&[]));
        assert_eq!((told(&log, 0), log.skipped[0].first_line), (vec!["1 0 a,b,c".to_owned()], 4), "{end:?}");
    }
    // A delimiter behind the last cell, of the header, of rows, or of both.
    for (head, row) in [(",", ""), ("", ","), (",", ","), ("", ",,")] {
        let text = format!("case,activity,time{head}\n1,a,1970-01-01{row}\n");
        assert_eq!(told(&log(&text, &plain(&[])), 0), ["1 0 a"], "{head:?} {row:?}");
    }
    let text = "case,activity,time\n1,a,1970-01-01,x\n1,b,1970-01-01,\n";
    assert_eq!(skipped(&log(text, &plain(&[]))), ["1 2 1 more cells than the header"]);
    assert!(error("sep=;\n", &plain(&[])).contains("no event"));
}

#[test]
fn events_of_one_instant_are_put_in_the_order_that_is_said() {
    let text = "case,activity,time\n1,closed,1970-01-01\n1,note,1970-01-01\n1,approved,1970-01-01\n1,asked,1970-01-02\n\
        1,asked,1970-01-01\n";
    assert_eq!(
        told(&log(text, &plain(&[])), 0),
        ["1 0 closed", "1 0 note", "1 0 approved", "1 0 asked", "1 86400 asked"]
    );
    let order = ["asked", "approved", "closed", "never"].map(str::to_owned).to_vec();
    assert_eq!(
        told(&log(text, &Wanted { order, ..plain(&[]) }), 0),
        ["1 0 asked", "1 0 approved", "1 0 closed", "1 0 note", "1 86400 asked"]
    );
}

#[test]
fn other_encodings_are_read_and_wrong_ones_are_told() {
    let latin = b"case;activity;time\n1;caf\xe9;1970-01-01\n";
    assert!(error(latin, &plain(&[])).starts_with("line 2: this is not UTF-8: say the log's encoding"));
    let with = |label: &str| Wanted { encoding: Some(label.into()), ..plain(&[]) };
    assert_eq!(told(&read_from(&latin[..], "", &with("windows-1252")).unwrap(), 0), ["1 0 café"]);
    assert!(error(latin, &with("latin-99")).contains("no encoding `latin-99`"));
    let other = error(b"case;activity;time\n\x81\xff", &with("shift_jis"));
    assert!(other.contains("this is not Shift_JIS, the encoding that is said for it: say another"), "{other}");
    let marked = [&b"\xef\xbb\xbf"[..], &latin[..]].concat();
    let other = error(&marked, &with("windows-1252"));
    assert!(other.contains("this is not UTF-8, though the file begins with the byte order mark"), "{other}");
    let utf16: Vec<u8> = "case\tactivity\ttime\n1\té\t1970-01-01\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(told(&read_from(utf16.as_slice(), "", &with("utf-16le")).unwrap(), 0), ["1 0 é"]);
    let marked = [b"\xff\xfe", utf16.as_slice()].concat();
    assert_eq!(told(&read_from(marked.as_slice(), "", &plain(&[])).unwrap(), 0), ["1 0 é"]);
}

#[test]
fn a_quote_that_is_not_closed_is_told() {
    let text = "case,activity,time\n1,a,1970-01-01\n1,b,\"1970-01-01\n1,c,1970-01-01\n";
    assert!(error(text, &plain(&[])).starts_with("line 3: a quote that is opened in this row is not closed"));
    let inches = "case,activity,time\n1,a 5\" disk,1970-01-01\n";
    assert_eq!(told(&log(inches, &plain(&[])), 0), ["1 0 a 5\" disk"]);
    let long = format!("case,activity,time\n1,\"{}", "x\n".repeat(9 << 20));
    assert!(error(long, &plain(&[])).starts_with("line 2: this row does not end within 16777216 bytes"));
}

#[test]
fn a_value_that_is_too_long_is_told() {
    let text = format!("case,activity,time,v,w\n1,a,1970-01-01,{},{}\n", "v".repeat(65_536), "w".repeat(65_537));
    assert_eq!(log(&text, &plain(&["v"])).events, 1);
    let told = error(&text, &plain(&["w"]));
    assert!(told.contains("1 from line 2 on (www") && told.contains("a value of more than 64 KiB"), "{told}");
    let log = log(&format!("{text}1,b,1970-01-02,v,w\n"), &plain(&["w"]));
    assert_eq!((log.events, log.skipped[0].count, log.skipped[0].first_line), (1, 1, 2), "the rest is read");
}

#[test]
fn what_is_no_log_is_refused() {
    let wanted = plain(&[]);
    assert!(error("", &wanted).contains("no event"));
    assert!(error("case,activity,time\n", &wanted).contains("no event"));
    assert!(error(b"PK\x03\x04....", &wanted).contains("a ZIP archive or an Excel file"));
    for text in ["{\n  \"ocel:events\": {} }", "[ {\"case\": 1}]"] {
        assert!(error(text, &wanted).contains("this is JSON, as logs of OCEL are, not a CSV or XES file"), "{text}");
    }
    assert!(error(b"SQLite format 3\0....", &wanted).contains("an SQLite database"));
    assert!(error("case,activity,time\n1,a,01/02/2018 10:00\n", &wanted).contains(
        "line 2: day and month of the time `01/02/2018 10:00` may be meant either way: say its format, \
         `%d/%m/%Y %H:%M` or `%m/%d/%Y %H:%M`"
    ));
    // What can be meant one way only is not said to be meant either way.
    assert!(
        error("case,activity,time\n1,a,13.03.2026\n", &wanted)
            .ends_with("line 2: the time `13.03.2026` is not written as ISO 8601: say its format, `%d.%m.%Y`")
    );
    assert!(error("case,activity,time\n1,a,x\n", &wanted).contains("1 from line 2 on (x): the time cannot be read"));
    assert!(message(read_from(&b"case"[..], "log.csv.gz", &wanted)).contains("ends in .gz"));
}

#[test]
fn lines_are_counted_alike_however_they_end() {
    let text = "case,activity,time,note\n1,a,1970-01-01,\"x\ny\nz\"\n2,a,soon,\n";
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        let log = log(&text, &plain(&["note"]));
        assert_eq!(log.skipped[0].first_line, 5, "{text:?}");
    }
    // Lines without anything are none, and are counted.
    for (text, begins) in [
        ("case,activity,time,note\n\n\n1,a,soon,\n1,a,1970-01-01,\n", 4),
        ("case,activity,time,note\n1,a,1970-01-01,\n\n2,a,soon,\n", 4),
        ("case,activity,time,note\n1,a,1970-01-01,\"x\n\ny\"\n\n\n2,a,soon,\"p\nq\"\n3,a,1970-01-01,\n", 7),
        ("\n\ncase,activity,time,note\n1,a,1970-01-01,\n\n2,a,soon,", 6),
    ] {
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            assert_eq!(log(&text, &plain(&["note"])).skipped[0].first_line, begins, "{text:?}");
        }
    }
    let open = "case,activity,time\r\n1,a,1970-01-01\r\n2,\"a,1970-01-01\r\n3,a,1970-01-01\r\n";
    assert!(error(open, &plain(&[])).starts_with("line 3: a quote that is opened in this row is not closed"));
}
