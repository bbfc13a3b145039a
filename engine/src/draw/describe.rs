//! A picture in sentences, for those who do not see it.

use super::model::{Kind, Label, Mark, Model};

/// All of it.
pub(super) fn picture(model: &Model) -> String {
    let count = model.states;
    let mut told = vec![format!("A workflow of {count} {}.", if count == 1 { "state" } else { "states" })];
    for (ix, node) in model.nodes.iter().enumerate() {
        if node.kind == Kind::Start {
            let ways = leading(model, ix);
            told.push(format!("It begins: {}.", ways.join("; ")));
        }
    }
    if model.marked {
        told.push(stands(model));
    }
    told.extend((0..model.states).map(|ix| state(model, ix)));
    told.join(" ")
}

/// A state: what it is, where it is, and what leads from it where.
pub(super) fn state(model: &Model, ix: usize) -> String {
    let node = &model.nodes[ix];
    let mut about: Vec<String> = Vec::new();
    match node.kind {
        Kind::Approval => about.push("an approval".to_owned()),
        Kind::Task => about.push("a task".to_owned()),
        Kind::Call => about.push("another workflow runs".to_owned()),
        Kind::End { failed: false } => about.push("an end".to_owned()),
        Kind::End { failed: true } => about.push("an end that is a failure".to_owned()),
        Kind::Parallel => {
            let regions: Vec<String> = model.inside(Some(ix)).map(|inner| model.nodes[inner].title.clone()).collect();
            about.push(format!("in all of these at once: {}", regions.join(", ")));
        }
        Kind::Frame { first } => about.push(format!("begins in {}", model.nodes[first].title)),
        Kind::Simple | Kind::Start | Kind::Back(_) => {}
    }
    about.extend(node.notes.iter().cloned());
    if model.marked {
        about.extend(how(node.mark, node.been).map(str::to_owned));
    }
    let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
    let mut ways = leading(model, ix);
    ways.extend(node.stays.iter().map(|label| format!("{} stays", words(label))));
    let ways = if ways.is_empty() { String::new() } else { format!(": {}", ways.join("; ")) };
    format!("{}{about}{ways}.", model.called(ix))
}

/// A line, from where to where, with all that stands at it.
pub(super) fn line(model: &Model, ix: usize) -> String {
    let line = &model.lines[ix];
    let all: Vec<String> = line.labels.iter().map(words).filter(|words| !words.is_empty()).collect();
    let words = if all.is_empty() { String::new() } else { format!(": {}", all.join("; ")) };
    let stands = match line.mark {
        Mark::Walked if model.marked => " (was taken)",
        Mark::Closed => " (no longer possible)",
        _ => "",
    };
    format!("{} to {}{words}{stands}", model.called(line.from), model.called(line.to))
}

/// What leads from a node where.
fn leading(model: &Model, ix: usize) -> Vec<String> {
    let lines = model.lines.iter().filter(|line| line.from == ix);
    let ways = lines.flat_map(|line| {
        let to = model.called(line.to);
        line.labels.iter().map(move |label| match words(label).as_str() {
            "" => format!("in {to}"),
            words if label.arrow.is_none() => format!("in {to}, {words}"),
            words => format!("{words} leads to {to}"),
        })
    });
    ways.collect()
}

fn words(label: &Label) -> String {
    label.words.whole.clone()
}

/// How a state stands with the instance.
fn how(mark: Mark, been: bool) -> Option<&'static str> {
    match mark {
        Mark::Now => Some("it is here now"),
        Mark::Walked if been => Some("it was here"),
        Mark::Closed => Some("it cannot come here any more"),
        _ => None,
    }
}

/// Where the instance is.
fn stands(model: &Model) -> String {
    let here = (0..model.states).filter(|&ix| model.nodes[ix].mark == Mark::Now && !model.nodes[ix].is_frame());
    let here: Vec<String> = here.map(|ix| model.called(ix)).collect();
    let verb = if model.ended { "It has ended in" } else { "It is now in" };
    format!("{verb} {}.", here.join(" and "))
}
