//! The charts of the SCXML test framework (jbeard4, Apache-2.0) that need no data model, written in our language: which
//! states each event leads to. What our language has no word for is counted by reason, and the counts are part of the
//! test: what newly passes or fails is seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use roxmltree::{Document as Xml, Node};

use super::*;

/// Elements and attributes of the data model, and of sending.
const DATA: [&str; 8] = ["datamodel", "script", "assign", "send", "raise", "foreach", "log", "if"];

/// A chart in our language.
struct Chart<'a, 'x> {
    root: Node<'a, 'x>,
    text: String,
}

type Told = Result<(), &'static str>;

fn is_state(node: &Node<'_, '_>) -> bool {
    ["state", "parallel", "final"].contains(&node.tag_name().name())
}

fn is_region(node: Node<'_, '_>) -> bool {
    node.parent().is_some_and(|up| up.tag_name().name() == "parallel")
}

fn id(node: Node<'_, '_>) -> String {
    format!("s_{}", node.attribute("id").unwrap_or_default().to_lowercase().replace(['-', '.'], "_"))
}

impl<'a, 'x> Chart<'a, 'x> {
    fn write(root: Node<'a, 'x>) -> Result<String, &'static str> {
        let mut chart = Self { root, text: String::new() };
        let first = chart.initial(root)?;
        let _ = write!(
            chart.text,
            "workflow: w\nversion: 1\nsubject: {{ name: x, fields: {{ a: int? }} }}\nstart: {first}\nstates:\n"
        );
        for state in root.children().filter(is_state) {
            chart.state(state, 1)?;
        }
        chart.text.push_str("  zz_end: { final: true }\n");
        Ok(chart.text)
    }

    fn find(&self, name: &str) -> Option<Node<'a, 'x>> {
        self.root.descendants().find(|node| node.attribute("id") == Some(name))
    }

    /// The name of the state in which `node` begins: one directly inside.
    fn initial(&self, node: Node<'a, 'x>) -> Result<String, &'static str> {
        let element = node.children().find(|n| n.tag_name().name() == "initial");
        let named = element
            .and_then(|n| n.children().find(|n| n.tag_name().name() == "transition")?.attribute("target"))
            .or_else(|| node.attribute("initial"));
        let inside = || node.children().filter(is_state);
        match named {
            None => inside().next().map(id).ok_or("nothing inside"),
            Some(name) => {
                let child = inside().find(|n| n.attribute("id") == Some(name));
                child.map(id).ok_or("begins deeper inside than one state")
            }
        }
    }

    fn state(&mut self, node: Node<'a, 'x>, depth: usize) -> Told {
        let pad = "  ".repeat(depth);
        let _ = writeln!(self.text, "{pad}{}:", id(node));
        let top = node.parent() == Some(self.root);
        if node.tag_name().name() == "final" {
            let _ = writeln!(self.text, "{pad}  final: true");
            return Ok(());
        }
        self.arrows(node, &pad, top)?;
        let inside: Vec<_> = node.children().filter(is_state).collect();
        match node.tag_name().name() {
            "parallel" if inside.len() > 1 => {
                let _ = writeln!(self.text, "{pad}  parallel:");
            }
            _ if !inside.is_empty() => {
                let start = if node.tag_name().name() == "parallel" { id(inside[0]) } else { self.initial(node)? };
                let _ = writeln!(self.text, "{pad}  start: {start}\n{pad}  states:");
            }
            // A region of ours has states inside.
            _ if is_region(node) => {
                let _ =
                    writeln!(self.text, "{pad}  start: zz_in\n{pad}  states: {{ zz_in: {{ on: {{ zz: {{}} }} }} }}");
            }
            _ => {}
        }
        inside.into_iter().try_for_each(|state| self.state(state, depth + 2))
    }

    fn arrows(&mut self, node: Node<'a, 'x>, pad: &str, top: bool) -> Told {
        let mut on: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut always = Vec::new();
        for arrow in node.children().filter(|n| n.tag_name().name() == "transition") {
            let to = match arrow.attribute("target") {
                None => "{}".to_owned(),
                Some(target) => format!("{{ to: {} }}", self.target(target)?),
            };
            if arrow.attribute("type") == Some("internal") {
                return Err("an internal transition");
            }
            match arrow.attribute("event") {
                None => always.push(to),
                Some(events) => {
                    for event in events.split_whitespace() {
                        if event.contains('*') || event.contains('.') {
                            return Err("events by pattern, and of the engine");
                        }
                        on.entry(format!("e_{}", event.to_lowercase())).or_default().push(to.clone());
                    }
                }
            }
        }
        if top {
            on.entry("zz_stop".to_owned()).or_default().push("{ to: zz_end }".to_owned());
        }
        let list = |arrows: &[String]| format!("[{}]", arrows.join(", "));
        if !on.is_empty() {
            let all: Vec<String> = on.iter().map(|(event, arrows)| format!("{event}: {}", list(arrows))).collect();
            let _ = writeln!(self.text, "{pad}  on: {{ {} }}", all.join(", "));
        }
        if !always.is_empty() {
            let _ = writeln!(self.text, "{pad}  always: {}", list(&always));
        }
        Ok(())
    }

    fn target(&self, name: &str) -> Result<String, &'static str> {
        if name.split_whitespace().count() > 1 {
            return Err("an arrow to several states at once");
        }
        let node = self.find(name).ok_or("an arrow to nowhere")?;
        if node.tag_name().name() != "history" {
            return Ok(self.path(node));
        }
        let parent = node.parent().ok_or("an arrow to nowhere")?;
        let otherwise = node.children().find_map(|n| n.attribute("target")).unwrap_or_default();
        let begins = if parent.tag_name().name() == "parallel" { None } else { Some(self.initial(parent)?) };
        let same = self.find(otherwise).is_some_and(|n| begins.is_none_or(|first| id(n) == first));
        if !same || otherwise.contains(' ') {
            return Err("a history that begins elsewhere than its state");
        }
        let word = if node.attribute("type") == Some("deep") { "deep_history" } else { "history" };
        Ok(format!("{}.{word}", self.path(parent)))
    }

    /// Whether some arrow leads from a region into itself. By SCXML it leaves the whole parallel state, so that the other
    /// regions begin anew; ours leaves that region only.
    fn has_region_into_itself(root: Node<'a, 'x>) -> bool {
        let chart = Self { root, text: String::new() };
        let into_itself = |arrow: Node<'a, 'x>| {
            let from = arrow.parent().filter(|from| is_region(*from));
            let to = arrow.attribute("target").and_then(|target| chart.find(target));
            from.zip(to).is_some_and(|(from, to)| to.ancestors().any(|up| up == from))
        };
        root.descendants().any(into_itself)
    }

    fn path(&self, node: Node<'a, 'x>) -> String {
        let mut names: Vec<String> = node.ancestors().take_while(|n| *n != self.root).map(id).collect();
        names.reverse();
        names.join(".")
    }
}

/// Plays one chart. `Err`: why it cannot be; a difference is told apart.
fn play(chart: &Path) -> Result<Result<(), String>, &'static str> {
    let source = std::fs::read_to_string(chart).unwrap();
    let xml = Xml::parse(&source).map_err(|_| "no well-formed XML")?;
    let root = xml.root_element();
    let data = |n: &Node<'_, '_>| DATA.contains(&n.tag_name().name()) || n.attribute("cond").is_some();
    if root.descendants().any(|n| data(&n)) {
        return Err("a data model");
    }
    let text = Chart::write(root)?;
    let expected = std::fs::read_to_string(chart.with_extension("json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let mut story = Story::new(&text);
    let names = |list: &serde_json::Value| -> BTreeSet<String> {
        list.as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_lowercase().replace(['-', '.'], "_"))
            .collect()
    };
    let here = |story: &Story| -> BTreeSet<String> {
        let leaf = |path: &str| path.trim_end_matches(".zz_in").rsplit('.').next().unwrap_or(path)[2..].to_owned();
        story.instance.as_ref().unwrap().inside().iter().map(|path| leaf(path)).collect()
    };
    story.start(&Document::new()).map_err(|_| "it does not start")?;
    let wrong = |when: &str, story: &Story, want: &serde_json::Value| {
        (here(story) != names(want)).then(|| format!("{when}: {:?} instead of {:?}\n{text}", here(story), names(want)))
    };
    if let Some(wrong) = wrong("at the start", &story, &expected["initialConfiguration"]) {
        return Ok(Err(wrong));
    }
    for step in expected["events"].as_array().unwrap() {
        let event = step["event"]["name"].as_str().unwrap();
        let _ = story.signal(&format!("e_{}", event.to_lowercase()));
        if let Some(wrong) = wrong(event, &story, &step["nextConfiguration"]) {
            return Ok(Err(wrong));
        }
    }
    Ok(Ok(()))
}

fn by_decision(chart: &Path) -> bool {
    let source = std::fs::read_to_string(chart).unwrap();
    Xml::parse(&source).is_ok_and(|xml| Chart::has_region_into_itself(xml.root_element()))
}

fn charts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for group in std::fs::read_dir(folder).unwrap() {
        let files = std::fs::read_dir(group.unwrap().path()).unwrap().map(|file| file.unwrap().path());
        found.extend(files.filter(|path| path.extension().is_some_and(|is| is == "scxml")));
    }
    found.sort();
    found
}

#[test]
fn scxml_charts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/scxml/test");
    if !folder.is_dir() {
        eprintln!("skipped: the SCXML test framework is not here");
        return;
    }
    let (mut passed, mut left, mut wrong) = (0, BTreeMap::new(), Vec::new());
    for chart in charts(&folder) {
        match play(&chart) {
            Ok(Ok(())) => passed += 1,
            Ok(Err(_)) if by_decision(&chart) => {
                *left.entry("by decision: an arrow of a region into itself leaves that region only").or_insert(0) += 1;
            }
            Ok(Err(what)) => wrong.push(format!("{}: {what}", chart.display())),
            Err(why) => *left.entry(why).or_insert(0) += 1,
        }
    }
    assert!(wrong.is_empty(), "{passed} pass, {left:?}\n{}", wrong.join("\n"));
    let expected = BTreeMap::from([
        ("a data model", 54),
        ("by decision: an arrow of a region into itself leaves that region only", 7),
        ("a history that begins elsewhere than its state", 3),
        ("an arrow to several states at once", 2),
        ("begins deeper inside than one state", 1),
        ("events by pattern, and of the engine", 3),
    ]);
    assert_eq!((passed, left), (57, expected));
}
