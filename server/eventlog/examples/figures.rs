//! What reading costs: events a second and resident bytes an event, of a log of a million events in each format, plain and
//! packed.

#![allow(clippy::print_stdout, clippy::expect_used)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use fluxor_eventlog::{Log, Wanted, read};

const EVENTS: usize = 1_000_000;
const COLUMNS: [&str; 4] = ["org:resource", "lifecycle:transition", "cost", "case:Amount"];

/// Seconds that this thread has run: other programs of the machine do not count.
fn on_cpu() -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Resident bytes of this process.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4_096
}

/// The values of an event: case, activity, time, resource, cost, amount.
fn made_up(event: usize) -> (usize, usize, String, usize, usize, usize) {
    let random = (event as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33;
    let (case, step) = (event / 12, event % 12);
    let second = case * 977 + step * 3_600 + random as usize % 3_600;
    let at = jiff::Timestamp::from_second(1_451_606_400 + second as i64).expect("a time of this age");
    let time = at.display_with_offset(jiff::tz::Offset::constant(1)).to_string().replace("+01:00", ".123+01:00");
    (case, step, time, random as usize % 150, random as usize % 20_000, case * 7 % 50_000)
}

fn csv() -> String {
    let mut out =
        "case:concept:name,concept:name,time:timestamp,org:resource,lifecycle:transition,cost,case:Amount\n".to_owned();
    for event in 0..EVENTS {
        let (case, step, time, who, cost, amount) = made_up(event);
        writeln!(out, "Application_{case},Activity {step},{time},User_{who},complete,{cost}.5,{amount}")
            .expect("memory");
    }
    out
}

fn xes() -> String {
    let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log xes.version=\"1.0\">\n".to_owned();
    for event in 0..EVENTS {
        let (case, step, time, who, cost, amount) = made_up(event);
        if step == 0 {
            let end = if event == 0 { "" } else { "\t</trace>\n" };
            write!(
                out,
                "{end}\t<trace>\n\t\t<string key=\"concept:name\" value=\"Application_{case}\"/>\n\
                 \t\t<float key=\"Amount\" value=\"{amount}\"/>\n"
            )
            .expect("memory");
        }
        write!(
            out,
            "\t\t<event>\n\t\t\t<string key=\"org:resource\" value=\"User_{who}\"/>\n\
             \t\t\t<string key=\"Action\" value=\"statechange\"/>\n\
             \t\t\t<string key=\"EventOrigin\" value=\"Workflow\"/>\n\
             \t\t\t<string key=\"EventID\" value=\"ApplState_{event}\"/>\n\
             \t\t\t<string key=\"concept:name\" value=\"Activity {step}\"/>\n\
             \t\t\t<string key=\"lifecycle:transition\" value=\"complete\"/>\n\
             \t\t\t<float key=\"cost\" value=\"{cost}.5\"/>\n\
             \t\t\t<date key=\"time:timestamp\" value=\"{time}\"/>\n\t\t</event>\n"
        )
        .expect("memory");
    }
    out + "\t</trace>\n</log>\n"
}

fn packed(path: &Path, text: &str) {
    let file = BufWriter::new(File::create(path).expect("a file"));
    let mut out = GzEncoder::new(file, Compression::default());
    out.write_all(text.as_bytes()).expect("written");
    out.finish().expect("written");
}

fn timed(path: &Path) -> Log {
    let wanted = Wanted { columns: COLUMNS.iter().map(|&name| name.to_owned()).collect(), ..Wanted::default() };
    let (begun, before) = (on_cpu(), resident());
    let log = read(path, &wanted, &mut |_, _| {}).expect("a log");
    let (seconds, held) = (on_cpu() - begun, resident().saturating_sub(before));
    let size = fs::metadata(path).map(|about| about.len()).unwrap_or_default();
    println!(
        "{:12} {:4} MB {:9.0} events/s {:4} resident bytes an event; {} cases, {} texts",
        path.file_name().unwrap_or_default().to_string_lossy(),
        size >> 20,
        log.events as f64 / seconds,
        held as u64 / log.events,
        log.cases.len(),
        log.texts.len()
    );
    log
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for (name, text) in [("log.csv", csv()), ("log.xes", xes())] {
        fs::write(at(name), &text).expect("written");
        packed(&at(&format!("{name}.gz")), &text);
    }
    for name in ["log.csv", "log.csv.gz", "log.xes", "log.xes.gz"] {
        drop((0..3).map(|_| timed(&at(name))).collect::<Vec<_>>());
    }
}
