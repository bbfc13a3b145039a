//! XES: whose an attribute is, defaults, and documents that are wrong.

use fluxor_eventlog::{Format, Wanted, read_from};

use crate::common::{error, event, is_xes, log, skipped, told, usual, xes};

#[test]
fn values_are_looked_for_in_the_event_its_defaults_and_its_trace() {
    let text = xes(&format!(
        "<extension name=\"Concept\" prefix=\"concept\" uri=\"x\"/>\
         <global scope=\"trace\"><string key=\"kind\" value=\"usual\"/></global>\
         <global scope=\"event\"><string key=\"where\" value=\"here\"/><int key=\"n\" value=\"0\"/></global>\
         <global scope=\"other\"><int key=\"n\" value=\"9\"/></global>\
         <classifier name=\"c\" keys=\"concept:name\"/><string key=\"source\" value=\"ERP\"/>\
         <trace><string key=\"concept:name\" value=\"A\"/><float key=\"Amount\" value=\"1.50\"/>{}{}</trace>\
         <trace><string key=\"concept:name\" value=\"B\"/><string key=\"kind\" value=\"rare\"/>{}</trace>",
        event("x", 1, "<int key=\"n\" value=\"7\"/>"),
        event("y", 2, "<boolean key=\"Amount\" value=\"true\"/><id key=\"where\" value=\"\"/>"),
        event("z", 3, ""),
    ));
    let columns = ["n", "where", "Amount", "case:Amount", "case:kind", "log:source", "case:concept:name"];
    let log = log(&text, &usual(&columns));
    assert!(is_xes(&log));
    assert_eq!(
        told(&log, columns.len()),
        ["A 1 x 7 here 1.50 1.50 usual ERP A", "A 2 y 0 - true 1.50 usual ERP A", "B 3 z 0 here - - rare ERP B"]
    );
}

#[test]
fn what_stands_in_an_attribute_is_not_the_events() {
    let inside = "<string key=\"who\" value=\"ann\"><string key=\"who\" value=\"no\"/><list key=\"l\"><values>\
        <string key=\"role\" value=\"no\"/></values></list></string>\
        <list key=\"l\"><string key=\"role\" value=\"no\"/></list><container key=\"role\"><int key=\"role\" value=\"1\"/>\
        </container><string key=\"who\" value=\"second\"/><string value=\"no key\"/><string key=\"none\"/>";
    let text = xes(&format!(
        "<trace>{}{}</trace>",
        event("a", 1, inside),
        event("b", 2, "<string key=\"role\" value=\"r\"/>")
    ));
    assert_eq!(told(&log(&text, &usual(&["who", "role"])), 2), ["trace 1 1 a ann -", "trace 1 2 b - r"]);
}

#[test]
fn a_trace_without_a_name_has_its_number() {
    let name = "<string key=\"concept:name\" value=\"UNKNOWN\"/>";
    let text = xes(&format!(
        "<global scope=\"trace\">{name}</global><trace>{}</trace><trace/><trace><string key=\"concept:name\" value=\"named\"/>{}</trace>{}",
        event("a", 1, ""),
        event("b", 2, ""),
        event("loose", 3, "")
    ));
    let log = log(&text, &usual(&["case:concept:name"]));
    assert_eq!(told(&log, 1), ["trace 1 1 a trace 1", "named 2 b named"]);
    assert_eq!(skipped(&log), ["1 3 loose no case"]);
}

#[test]
fn activity_and_time_are_never_made_up() {
    let text = xes("<global scope=\"event\"><string key=\"concept:name\" value=\"UNKNOWN\"/>\
         <date key=\"time:timestamp\" value=\"1970-01-01T00:00:00Z\"/></global>\
         <trace><string key=\"concept:name\" value=\"A\"/>\n<event><date key=\"time:timestamp\" value=\"1970-01-01\"/></event>\n\
         <event><string key=\"concept:name\" value=\"a\"/></event>\n\
         <event><string key=\"concept:name\" value=\"a\"/><date key=\"time:timestamp\" value=\"1970-01-01\"/></event></trace>");
    let log = log(&text, &usual(&[]));
    assert_eq!(
        (told(&log, 0), skipped(&log)),
        (vec!["A 0 a".to_owned()], vec!["1 4 A no activity".to_owned(), "1 5 A no time".to_owned()])
    );
}

#[test]
fn nobody_is_made_up_of_defaults() {
    let text = xes(&format!(
        "<global scope=\"trace\"><string key=\"owner\" value=\"__INVALID__\"/></global>\
         <global scope=\"event\"><string key=\"who\" value=\"UNKNOWN\"/><string key=\"role\" value=\"UNKNOWN\"/>\
         <string key=\"n\" value=\"0\"/></global>\
         <trace><string key=\"who\" value=\"tom\"/>{}{}</trace><trace>{}</trace>",
        event("a", 1, "<string key=\"who\" value=\"ann\"/>"),
        event("b", 2, ""),
        event("c", 3, ""),
    ));
    let own = ["who", "role", "case:owner"].map(str::to_owned).to_vec();
    // What is the trace's own holds for its events; a column that only the defaults have is there all the same, and empty.
    let columns = ["who", "role", "case:owner", "n"];
    let read = log(&text, &Wanted { own, ..usual(&columns) });
    assert_eq!(told(&read, 4), ["trace 1 1 a ann - - 0", "trace 1 2 b tom - - 0", "trace 2 3 c - - - 0"]);
    let filled = told(&log(&text, &usual(&columns)), 4);
    assert_eq!(filled[2], "trace 2 3 c UNKNOWN UNKNOWN __INVALID__ 0");
}

#[test]
fn another_attribute_may_be_the_case() {
    let own = |case: &str| format!("<string key=\"patient\" value=\"{case}\"/>");
    let text = xes(&format!(
        "<trace>{}<!-- c -->{}{}</trace><trace>{}{}</trace>",
        event("a", 1, &own("p")),
        event("b", 2, &own("q")),
        event("c", 3, ""),
        own("p"),
        event("d", 4, "")
    ));
    let log = log(&text, &Wanted { case: Some("patient".into()), ..Wanted::default() });
    assert_eq!(told(&log, 0), ["p 1 a", "p 4 d", "q 2 b"]);
    assert_eq!(skipped(&log), ["1 3 c no case"]);
}

#[test]
fn prefixes_entities_and_other_markup_are_read() {
    let text = "<?xml version='1.0'?><!DOCTYPE log SYSTEM 'x.dtd'><!-- <log> --><?pi?><xes:log xmlns:xes='http://x'>\n\
        text &amp; <![CDATA[<event>]]><xes:trace><xes:event><xes:string value='a &lt;&#x41;&#66;&quot; &gt;&apos;\tb' key='concept&#58;name' />\
        <xes:date key=\"time:timestamp\" value=\"1970-01-01T01:00:01.000+01:00\"></xes:date></xes:event></xes:trace></xes:log>\n<!-- end -->\n";
    assert_eq!(told(&log(text, &usual(&[])), 0), ["trace 1 1 a <AB\" >' b"]);
}

#[test]
fn documents_that_are_wrong_are_told_with_their_line() {
    let good = format!("<trace>{}</trace>", event("a", 1, ""));
    let cases = [
        (xes(&good) + "<log/>", "line 5: `<log>` stands after the end of the log"),
        (xes(&good) + "\njunk", "line 6: `junk` stands after the end"),
        (xes(&good) + "&amp;", "`text` stands after the end"),
        ("<?xml version='1.0'?>\n<html>".to_owned(), "line 2: the document is a <html>, not a <log>"),
        ("<!-- -->".to_owned(), "there is no <log>"),
        (xes(&good).replace("</trace>\n</log>", ""), "ends before </log>"),
        (xes("<trace>\n<event>\n<event>\n</event></event></trace>"), "line 5: <event> stands in <event>"),
        (xes("<trace><trace/></trace>"), "<trace> stands in <trace>"),
        (xes("<log/>"), "<log> stands in <log>"),
        (xes("<trace>\n</event></trace>"), "line 4: </event> closes <trace>"),
        (xes("<trace><event><string key=\"a value=\"b\"/></event></trace>"), "not well-formed XML"),
        (xes("<trace><event><string key=\"concept:name\" value=\"&nbsp;\"/></event></trace>"), "not well-formed XML"),
        ("<log><trace><event".to_owned(), "not well-formed XML"),
        (
            format!("<!DOCTYPE log [\n<!ENTITY a \"aaaa\">\n<!ENTITY b \"&a;&a;\">]>{}", "<log/>"),
            "line 1: the document declares entities",
        ),
        (
            xes(&format!("<trace>{}<string key=\"concept:name\" value=\"x\"/></trace>", event("a", 1, ""))),
            "line 3: the attribute `concept:name` stands after events",
        ),
        (
            xes(&format!("<trace><event>{}</event></trace>", "<x>".repeat(1_100))),
            "more than 1000 elements stand in each other",
        ),
        (xes("<trace><event/></trace>"), "no columns `concept:name`, `time:timestamp`; it has none"),
        (xes(""), "the log has no event"),
        (format!("<log><!--{}", "-".repeat(17 << 20)), "does not end within 16777216 bytes"),
    ];
    for (text, expected) in &cases {
        let told = error(text, &usual(&[]));
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let told = error(b"<log>\n\xff</log>", &usual(&[]));
    assert!(told.contains("this is not UTF-8"), "{told}");
    let forced = Wanted { format: Some(Format::Xes), ..Wanted::default() };
    assert!(error("case,activity", &forced).contains("stands before the beginning of the log"));
}

#[test]
fn a_column_that_is_nowhere_is_told_with_those_that_are() {
    let more = "<string key=\"org:resource\" value=\"ann\"/>";
    let trace = "<trace><string key=\"Amount\" value=\"1\"/>";
    let text = xes(&format!("<string key=\"source\" value=\"s\"/>{trace}{}</trace>", event("a", 1, more)));
    assert_eq!(
        error(&text, &usual(&["org:resourse"])),
        "the log has no column `org:resourse`: did you mean `org:resource`?; it has `concept:name`, `org:resource`, \
         `time:timestamp`, `case:Amount`, `log:source`"
    );
    assert!(error(&text, &usual(&["case:amount"])).contains("did you mean `case:Amount`"));
    let long = xes(&format!(
        "<trace>{}</trace>",
        event("a", 1, &format!("<string key=\"v\" value=\"{}\"/>", "v".repeat(70_000)))
    ));
    assert_eq!(log(&long, &usual(&[])).events, 1);
    assert!(error(&long, &usual(&["v"])).contains("a value of more than 64 KiB"));
}

#[test]
fn a_declared_encoding_is_read_by() {
    let text = xes(&format!("<trace>{}</trace>", event("caf\u{e9}", 1, ""))).replace("UTF-8", "ISO-8859-1");
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
    assert_eq!(told(&read_from(latin.as_slice(), "x.xes", &usual(&[])).unwrap(), 0), ["trace 1 1 café"]);
    let wide: Vec<u8> = text.replace("ISO-8859-1", "UTF-16").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wide = [b"\xfe\xff", wide.as_slice()].concat();
    assert_eq!(told(&read_from(wide.as_slice(), "", &usual(&[])).unwrap(), 0), ["trace 1 1 café"]);
    let unknown = text.replace("ISO-8859-1", "KLINGON");
    assert!(error(unknown, &usual(&[])).contains("no encoding `KLINGON`"));
}
