//! Files that may call one another: compiled from the called to the callers, since a caller's identity covers those.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::allow::{self, Silence};
use super::chart::Definition;
use super::file::File;
use super::read::Found;
use super::{Checked, check, codes, read, yaml};
use crate::calendar::Calendars;
use crate::diagnostic::{Diagnostic, Span};
use crate::domain::Vocabulary;

/// What one file may call.
#[derive(Debug)]
pub(super) struct Peers<'c> {
    /// The calendars there are; `None`: nobody knows.
    pub(super) calendars: Option<&'c Calendars>,
    /// By name; `None`: it has errors of its own.
    pub(super) known: BTreeMap<String, Option<Arc<Definition>>>,
    /// Those that call it in turn, itself included.
    pub(super) circle: BTreeSet<String>,
}

/// A file that was read and is not yet checked.
struct Read {
    file: File,
    found: Found,
    silences: Vec<Silence>,
}

/// Compiles `files` (path and source), each with all its findings, in their order.
pub(super) fn compile_all(
    files: &[(String, String)],
    vocabulary: &Vocabulary,
    calendars: Option<&Calendars>,
) -> Vec<Checked> {
    compile_beside(files, vocabulary, calendars, &BTreeMap::new())
}

/// The same beside definitions that are there already; of two of a name that of the files holds.
pub(super) fn compile_beside(
    files: &[(String, String)],
    vocabulary: &Vocabulary,
    calendars: Option<&Calendars>,
    there: &BTreeMap<Arc<str>, Arc<Definition>>,
) -> Vec<Checked> {
    let mut checked: Vec<Option<Checked>> = files.iter().map(|_| None).collect();
    let mut read: Vec<Option<Read>> = Vec::new();
    for ((_, source), checked) in files.iter().zip(&mut checked) {
        if let Some(at) = source.find(BETWEEN) {
            let help = "leave the line out: it stands between the files of workflows that call one another";
            let found =
                Diagnostic::error(codes::SYNTAX, Span::new(at + 1, at + BETWEEN.len() - 1), "a line that is reserved");
            *checked = Some(Checked { definition: None, diagnostics: vec![found.help(help)], silenced: Vec::new() });
            read.push(None);
            continue;
        }
        read.push(match yaml::parse(source) {
            Ok(mut root) => {
                let mut found = Vec::new();
                yaml::flow::mend(source, &mut root, &mut found);
                let file = read::file(&root, &mut found);
                let silences = allow::read(&root, &mut found);
                Some(Read { file, found, silences })
            }
            Err(diagnostic) => {
                *checked = Some(Checked { definition: None, diagnostics: vec![*diagnostic], silenced: Vec::new() });
                None
            }
        });
    }
    let (order, circles) = order(&read);
    let mut known: BTreeMap<String, Option<Arc<Definition>>> =
        there.iter().map(|(name, definition)| (name.to_string(), Some(definition.clone()))).collect();
    // What has no name of its own yet, or one that a circle leads back to, exists all the same.
    for Read { file, .. } in read.iter().flatten() {
        known.extend(file.workflow.as_ref().map(|name| (name.value.clone(), None)));
    }
    for ix in order {
        let Some(Read { file, found, silences }) = read[ix].take() else { continue };
        let mut circle = circles[ix].clone();
        // Those that are there already may call it, too.
        if let Some(own) = &file.workflow {
            circle
                .extend(there.values().filter(|other| leads_to(other, &own.value)).map(|other| other.name.to_string()));
        }
        let peers = Peers { calendars, known: std::mem::take(&mut known), circle };
        let (definition, mut diagnostics) = check::check(&file, &files[ix].1, vocabulary, found, &peers);
        let silenced = allow::apply(&silences, &mut diagnostics);
        check::ordered(&mut diagnostics);
        super::bounded(&mut diagnostics);
        known = peers.known;
        let definition = definition.map(Arc::new);
        if let (Some(name), Some(definition)) = (&file.workflow, &definition) {
            known.entry(name.value.clone()).or_insert(None).get_or_insert_with(|| definition.clone());
        }
        checked[ix] = Some(Checked { definition, diagnostics, silenced });
    }
    checked.into_iter().flatten().collect()
}

/// The order in which the files are compiled, and for each the names of those in a circle with it.
fn order(read: &[Option<Read>]) -> (Vec<usize>, Vec<BTreeSet<String>>) {
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: Vec<_> = (0..read.len()).map(|ix| graph.add_node(ix)).collect();
    let named = |name: &str| {
        let is = |read: &Option<Read>| {
            read.as_ref().and_then(|read| read.file.workflow.as_ref()).is_some_and(|known| known.value == name)
        };
        read.iter().position(is)
    };
    for (ix, file) in read.iter().enumerate() {
        for call in file.iter().flat_map(|read| read.file.calls()) {
            if let Some(callee) = named(&call.value) {
                graph.add_edge(nodes[ix], nodes[callee], ());
            }
        }
    }
    let mut circles = vec![BTreeSet::new(); read.len()];
    let mut order = Vec::with_capacity(read.len());
    // The called come before the callers.
    for circle in kosaraju_scc(&graph) {
        if circle.len() > 1 || graph.contains_edge(circle[0], circle[0]) {
            let of = |ix: usize| Some(read[ix].as_ref()?.file.workflow.as_ref()?.value.clone());
            let names: BTreeSet<String> = circle.iter().filter_map(|&node| of(graph[node])).collect();
            circle.iter().for_each(|&node| circles[graph[node]].clone_from(&names));
        }
        order.extend(circle.into_iter().map(|node| graph[node]));
    }
    (order, circles)
}

/// Whether `from` is the workflow `name`, or calls it, or calls what does.
fn leads_to(from: &Definition, name: &str) -> bool {
    let (mut seen, mut left) = (BTreeSet::new(), vec![from]);
    while let Some(next) = left.pop() {
        if *next.name == *name && !std::ptr::eq(next, from) {
            return true;
        }
        left.extend(next.called.iter().filter(|called| seen.insert(called.hash)).map(AsRef::as_ref));
    }
    false
}

/// What stands between the files of a bundle: a file that has it is refused.
const BETWEEN: &str = "\n%%%% called by the workflow above\n";

/// A definition's file with those that it calls.
pub(super) fn bundle(definition: &Definition) -> String {
    let mut parts: Vec<&Definition> = Vec::new();
    let mut left = vec![definition];
    while let Some(next) = left.pop() {
        if parts.iter().all(|known| known.hash != next.hash) {
            parts.push(next);
            left.extend(next.called.iter().map(AsRef::as_ref));
        }
    }
    parts.iter().map(|part| &*part.source).collect::<Vec<_>>().join(BETWEEN)
}

/// The file alone, of what [`Definition::stored`] gave.
pub(super) fn own_file(stored: &str) -> &str {
    stored.split(BETWEEN).next().unwrap_or(stored)
}

/// Compiles what [`Definition::stored`] gave.
pub(super) fn compile_stored(
    path: &str,
    stored: &str,
    vocabulary: &Vocabulary,
    calendars: Option<&Calendars>,
) -> Checked {
    let files: Vec<(String, String)> =
        stored.split(BETWEEN).map(|source| (path.to_owned(), source.to_owned())).collect();
    let mut all = compile_all(&files, vocabulary, calendars);
    all.truncate(1);
    all.pop().unwrap_or(Checked { definition: None, diagnostics: Vec::new(), silenced: Vec::new() })
}
