//! The outcome as a block of `engine/README.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::{Case, Outcome};

const BEGIN: &str = "<!-- cel-spec: written by a test -->\n";
const END: &str = "<!-- cel-spec: end -->\n";

/// Passed, refused, different, not supported.
type Counts = [usize; 4];

fn count(counts: &mut Counts, outcome: &Outcome) {
    let index = match outcome {
        Outcome::Passed | Outcome::PassedByRefusal => 0,
        Outcome::Refused(_) => 1,
        Outcome::Different(_) => 2,
        Outcome::Unsupported(_) | Outcome::Wrong(_) => 3,
    };
    counts[index] += 1;
}

fn row(name: &str, counts: &Counts) -> String {
    let shown: Vec<_> = counts.iter().map(|n| if *n == 0 { String::new() } else { n.to_string() }).collect();
    format!("| {name} | {} | {} |\n", counts.iter().sum::<usize>(), shown.join(" | "))
}

pub(super) fn block(cases: &[Case]) -> String {
    let (mut total, mut files) = (Counts::default(), BTreeMap::<&str, Counts>::new());
    for case in cases {
        count(&mut total, &case.outcome);
        count(files.entry(&case.file).or_default(), &case.outcome);
    }
    let mut out =
        String::from("| file | cases | passed | refused by decision | different, by decision | not supported |\n");
    out.push_str("|---|---|---|---|---|---|\n");
    files.iter().for_each(|(file, counts)| out.push_str(&row(file, counts)));
    out.push_str(&row("**all**", &total));
    let refused_well = cases.iter().filter(|case| case.outcome == Outcome::PassedByRefusal).count();
    writeln!(out, "\nOf the passed, {refused_well} want an error and are refused at load.").unwrap();
    for (title, pick) in [
        ("Refused by decision", refused as fn(&Outcome) -> Option<&String>),
        ("Different, by decision", different),
        ("Not supported", unsupported),
    ] {
        reasons(&mut out, title, cases, pick);
    }
    out
}

fn refused(outcome: &Outcome) -> Option<&String> {
    if let Outcome::Refused(why) = outcome { Some(why) } else { None }
}

fn different(outcome: &Outcome) -> Option<&String> {
    if let Outcome::Different(why) = outcome { Some(why) } else { None }
}

fn unsupported(outcome: &Outcome) -> Option<&String> {
    if let Outcome::Unsupported(why) = outcome { Some(why) } else { None }
}

/// The cases by reason, file and section.
fn reasons(out: &mut String, title: &str, cases: &[Case], pick: fn(&Outcome) -> Option<&String>) {
    let mut by_reason = BTreeMap::<&String, BTreeMap<(&str, &str), Vec<&str>>>::new();
    for case in cases {
        if let Some(why) = pick(&case.outcome) {
            let places = by_reason.entry(why).or_default();
            places.entry((&case.file, &case.section)).or_default().push(&case.name);
        }
    }
    if by_reason.is_empty() {
        return;
    }
    write!(out, "\n<details><summary>{title}</summary>\n\n").unwrap();
    for (why, places) in by_reason {
        writeln!(out, "- {why}: {}", places.values().map(Vec::len).sum::<usize>()).unwrap();
        for ((file, section), names) in places {
            writeln!(out, "  - {file}/{section}: {}", names.join(", ")).unwrap();
        }
    }
    out.push_str("\n</details>\n");
}

/// Compares with what the document says, or writes it there.
pub(super) fn kept(path: &Path, block: &str) {
    let document = std::fs::read_to_string(path).unwrap();
    let (before, rest) = document.split_once(BEGIN).expect("the beginning of the block");
    let (kept, after) = rest.split_once(END).expect("the end of the block");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{block}{END}{after}")).unwrap();
        return;
    }
    let new: Vec<_> = block.lines().filter(|line| !kept.lines().any(|known| known == *line)).collect();
    assert!(kept == block, "{}: run with UPDATE=1 and read the diff:\n{}", path.display(), new.join("\n"));
}
