//! Every name of a mapping is looked up in the definitions; all that does not fit is told.

mod fields;
mod states;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::read::Draft;
use super::{Bound, Given, Line, MOST_FOUND, Mapping, Target, codes};
use crate::definition::chart::{Definition, StateKind};
use crate::definition::reading::Spot;
use crate::diagnostic::{Diagnostic, Help, Severity, Span, nearest};
use crate::domain::Vocabulary;
use crate::ids::Digest;

/// How many digits of a hash name a definition at least.
const LEAST_DIGITS: usize = 8;

/// The definitions that a mapping may be about.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The one in force, where one is.
    pub current: Option<&'a Arc<Definition>>,
    /// Those that running instances have, and the one in force; without those that cannot be loaded.
    pub all: &'a [Arc<Definition>],
    /// The names of all workflows, for the nearest.
    pub names: &'a [Arc<str>],
    /// What definitions may name.
    pub vocabulary: &'a Vocabulary,
}

/// What is known while a mapping is bound.
struct Binding<'a> {
    draft: &'a Draft,
    known: Known<'a>,
    from: Vec<Arc<Definition>>,
    /// Nothing: nobody knows which is meant.
    to: Option<Arc<Definition>>,
    found: Vec<Diagnostic>,
}

impl Draft {
    /// Holds the mapping against the definitions.
    ///
    /// # Errors
    /// Everything that does not fit, warnings among it, and what is wrong with the file by itself. Where nothing is wrong,
    /// warnings come beside the mapping.
    pub fn bind(&self, known: Known<'_>) -> Result<Bound, Vec<Diagnostic>> {
        let mut found = self.found.clone();
        if known.all.is_empty() {
            let what = format!("there is no workflow `{}`", self.workflow.value);
            let help = match nearest(&self.workflow.value, known.names.iter().map(AsRef::as_ref)) {
                Some(near) => Help::similar("workflow", near),
                None => {
                    "name a workflow that is loaded, or that running instances have: `fluxor check` lists them".into()
                }
            };
            found.push(Diagnostic::error(codes::UNKNOWN_WORKFLOW, self.workflow.span, what).help(help));
            return Err(told(found));
        }
        let (from, to) = self.ends(known, &mut found);
        let mut binding = Binding { draft: self, known, from, to, found };
        let states = binding.states();
        let steps = binding.steps();
        let fields = binding.fields();
        let Binding { from, to, found, .. } = binding;
        let is_wrong = found.iter().any(|finding| finding.severity == Severity::Error);
        let found = told(found);
        let Some(to) = to.filter(|_| !is_wrong) else { return Err(found) };
        let mut mapping = Mapping {
            workflow: to.name.clone(),
            from: from.iter().map(|definition| definition.hash).collect(),
            to: to.hash,
            digest: Digest([0; 32]),
            states,
            steps,
            fields,
            timers: self.timers,
        };
        mapping.digest = self.digest(&mapping);
        Ok(Bound { mapping: Arc::new(mapping), warnings: found, from, to })
    }

    /// The definitions that instances come from, and the one that they go to, if it can be told.
    fn ends(&self, known: Known<'_>, found: &mut Vec<Diagnostic>) -> (Vec<Arc<Definition>>, Option<Arc<Definition>>) {
        let to = match &self.to {
            Some(named) => self.one(named, known, found),
            None if self.unread.to => None,
            None if known.current.is_none() => {
                let what = format!("no definition of `{}` is in force", self.workflow.value);
                let help = format!("say where instances go: `to:` {}", listed(known.all));
                found.push(Diagnostic::error(codes::UNKNOWN_VERSION, self.workflow.span, what).help(help));
                None
            }
            None => known.current.cloned(),
        };
        let mut from: Vec<Arc<Definition>> = Vec::new();
        for named in &self.from {
            let named_ones: Vec<_> = known.all.iter().filter(|one| is_named(one, &named.value)).cloned().collect();
            if named_ones.is_empty() {
                // Whoever runs it again, when all have moved, is told that nothing comes from there, and no more.
                found.push(Diagnostic { severity: Severity::Warning, ..unknown(named, known.all) });
            } else if to.as_ref().is_some_and(|to| named_ones.iter().all(|one| one.hash == to.hash)) {
                let what = format!("`{}` is where instances go", named.value);
                found.push(Diagnostic::error(codes::SAME, named.span, what).help("leave it out here"));
            }
            from.extend(named_ones);
        }
        if self.unread.from {
            // Where others may be meant, nobody knows what there was.
            from.clear();
        } else if self.from.is_empty() {
            from.extend(known.all.iter().cloned());
        }
        from.retain(|one| to.as_ref().is_none_or(|to| one.hash != to.hash));
        from.sort_by_key(|one| one.hash);
        from.dedup_by_key(|one| one.hash);
        (from, to)
    }

    /// The one definition that is named.
    fn one(&self, named: &Spot<String>, known: Known<'_>, found: &mut Vec<Diagnostic>) -> Option<Arc<Definition>> {
        let all: Vec<_> = known.all.iter().filter(|one| is_named(one, &named.value)).collect();
        let current = known.current.filter(|current| all.iter().any(|one| one.hash == current.hash));
        match (all.as_slice(), current) {
            ([one], _) => return Some((*one).clone()),
            ([], _) => found.push(unknown(named, known.all)),
            // Of several with one version the one in force is meant.
            (_, Some(current)) => return Some(current.clone()),
            (several, None) => {
                let what = format!("several definitions are `{}`", named.value);
                let hashes: Vec<String> = several.iter().map(|one| format!("`{}`", short(one))).collect();
                let help = format!("name one by more of its hash: {}", hashes.join(", "));
                found.push(Diagnostic::error(codes::SEVERAL, named.span, what).help(help));
            }
        }
        None
    }

    /// Of what it says, however it is written; the definitions that it comes from are no part of it, since they become fewer
    /// while it is applied.
    fn digest(&self, mapping: &Mapping) -> Digest {
        let mut text = format!("migrate {}\nto {}\ntimers {:?}\n", mapping.workflow, mapping.to, mapping.timers);
        for (path, line) in &mapping.states {
            let _ = writeln!(text, "state {path} {line:?}");
        }
        for (old, new) in &mapping.steps {
            let _ = writeln!(text, "step {old} {new}");
        }
        for (name, value) in &self.fields {
            let _ = writeln!(text, "field {} {:?}", name.value, value.text());
        }
        Digest::of(text)
    }
}

/// In the order of the file; of too many, what refuses it.
fn told(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if found.len() > MOST_FOUND {
        found.sort_by_key(|finding| (finding.severity != Severity::Error, finding.span));
        found.truncate(MOST_FOUND);
    }
    found.sort_by_key(|finding| finding.span);
    found
}

/// The version, or the first digits of the hash.
fn is_named(definition: &Definition, named: &str) -> bool {
    let hash = named.len() >= LEAST_DIGITS && definition.hash.to_string().starts_with(&named.to_ascii_lowercase());
    hash || named.parse() == Ok(definition.version)
}

/// The first digits of a hash.
fn short(definition: &Definition) -> String {
    definition.hash.to_string()[..12].to_owned()
}

fn listed(all: &[Arc<Definition>]) -> String {
    let one = |one: &Arc<Definition>| format!("`{}` (version {})", short(one), one.version);
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn unknown(named: &Spot<String>, all: &[Arc<Definition>]) -> Diagnostic {
    let what = format!("no definition of it is `{}`", named.value);
    let help =
        format!("write a version, or the first {LEAST_DIGITS} digits or more of a hash; there are {}", listed(all));
    Diagnostic::error(codes::UNKNOWN_VERSION, named.span, what).help(help)
}

impl Binding<'_> {
    fn wrong(&mut self, code: &'static str, span: Span, what: String, help: impl Into<Help>) {
        self.found.push(Diagnostic::error(code, span, what).help(help));
    }

    /// Steps by their old names.
    fn steps(&mut self) -> BTreeMap<Arc<str>, Arc<str>> {
        fn names<'d>(definitions: impl IntoIterator<Item = &'d Arc<Definition>>) -> BTreeSet<Arc<str>> {
            let approvals = definitions.into_iter().flat_map(|one| &one.states).filter_map(|state| match &state.kind {
                StateKind::Approval(approval) => Some(&approval.policy),
                _ => None,
            });
            approvals.flat_map(|policy| policy.all_steps()).map(|step| step.name.clone()).collect()
        }
        let (old, new) = (names(&self.from), names(&self.to));
        let draft = self.draft;
        let mut steps = BTreeMap::new();
        for (from, to) in &draft.steps {
            // Where nothing is to be moved, nobody knows what there was.
            let old = Some((from, &old, "old")).filter(|_| !self.from.is_empty());
            let new = to.as_ref().map(|to| (to, &new, "new")).filter(|_| self.to.is_some());
            for (name, known, which) in old.into_iter().chain(new) {
                if !known.contains(&*name.value) {
                    let what = format!("the {which} definition has no step `{}`", name.value);
                    let help = help("step", &name.value, known.iter().map(AsRef::as_ref));
                    self.wrong(codes::UNKNOWN_STEP, name.span, what, help);
                }
            }
            steps.extend(to.iter().map(|to| (Arc::from(from.value.as_str()), Arc::from(to.value.as_str()))));
        }
        steps
    }
}

/// The nearest name, or which there are.
fn help<'n>(what: &str, name: &str, all: impl Iterator<Item = &'n str>) -> Help {
    let all: Vec<&str> = all.collect();
    match nearest(name, all.iter().copied()) {
        Some(near) => Help::similar(what, near),
        None if all.is_empty() => format!("it has no {what} at all: leave the line out").into(),
        None => format!("there are {}", all.join(", ")).into(),
    }
}
