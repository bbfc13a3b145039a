//! Where instances of each state go.

use super::*;
use crate::definition::chart::StateIx;
use crate::migrate::read::StateLine;

fn has_states_inside(kind: &StateKind) -> bool {
    matches!(kind, StateKind::Compound(_) | StateKind::Parallel(_))
}

impl Binding<'_> {
    /// The lines by the paths of old states.
    pub(super) fn states(&mut self) -> BTreeMap<Arc<str>, Line> {
        let draft = self.draft;
        let mut lines = BTreeMap::new();
        for (name, line) in &draft.states {
            let to = self.target(name, line);
            lines.insert(Arc::from(name.value.as_str()), Line { to, timers: line.timers });
        }
        self.nowhere(&lines);
        lines
    }

    fn target(&mut self, name: &Spot<String>, line: &StateLine) -> Option<Target> {
        let paths = |definitions: &[Arc<Definition>]| -> BTreeSet<Arc<str>> {
            definitions.iter().flat_map(|one| &one.states).map(|state| state.path.clone()).collect()
        };
        let old: Vec<(Arc<Definition>, StateIx)> =
            self.from.iter().filter_map(|one| Some((one.clone(), one.find(&name.value)?))).collect();
        if old.is_empty() && !self.from.is_empty() {
            let what = format!("the old definition has no state `{}`", name.value);
            let help = help("state", &name.value, paths(&self.from).iter().map(AsRef::as_ref));
            self.wrong(codes::UNKNOWN_STATE, name.span, what, help);
        }
        let new = self.to.clone()?;
        let mut targets = Vec::new();
        for to in &line.to {
            match new.find(&to.value) {
                Some(ix) => targets.push((to, ix)),
                None => {
                    let what = format!("the new definition has no state `{}`", to.value);
                    let help = help("state", &to.value, new.states.iter().map(|state| &*state.path));
                    self.wrong(codes::UNKNOWN_STATE, to.span, what, help);
                }
            }
        }
        // Where nothing is to be moved, nobody knows what there was.
        let whole = self.from.is_empty() || old.iter().any(|(one, ix)| has_states_inside(&one.state(*ix).kind));
        for (to, ix) in &targets {
            let kind = &new.state(*ix).kind;
            if has_states_inside(kind) && !(whole && line.to.len() == 1) {
                let inside = new.states.iter().filter(|state| state.parent == Some(*ix)).map(|state| &*state.path);
                let what = format!("`{}` has states inside", to.value);
                let help = format!("say in which of them: {}", inside.collect::<Vec<_>>().join(", "));
                self.wrong(codes::NOT_INNERMOST, to.span, what, help);
            }
            let ended = |(one, at): &(Arc<Definition>, StateIx)| matches!(one.state(*at).kind, StateKind::Final);
            if matches!(kind, StateKind::Final) && !old.iter().all(ended) {
                let what = format!("`{}` is an end, and `{}` is none", to.value, name.value);
                let help = "name a state from which it goes on; what is to end is cancelled by itself: \
                            `fluxor instances repair ID cancel`";
                self.wrong(codes::INTO_END, to.span, what, help);
            }
        }
        match targets.as_slice() {
            [] => None,
            [(to, ix)] if has_states_inside(&new.state(*ix).kind) => Some(Target::Inside(to.value.as_str().into())),
            many => Some(Target::States(many.iter().map(|(to, _)| to.value.as_str().into()).collect())),
        }
    }

    /// Warns of states that lead nowhere: who is in one of them stays behind.
    fn nowhere(&mut self, lines: &BTreeMap<Arc<str>, Line>) {
        let Some(new) = self.to.clone().filter(|_| !self.draft.unread.states) else { return };
        let mapping = Mapping {
            workflow: new.name.clone(),
            from: BTreeSet::new(),
            to: new.hash,
            digest: Digest([0; 32]),
            states: lines.clone(),
            steps: BTreeMap::new(),
            fields: Vec::new(),
            timers: None,
        };
        let from = self.from.clone();
        let mut told = BTreeSet::new();
        for old in &from {
            for (ix, state) in old.states.iter().enumerate().map(|(ix, state)| (StateIx(ix), state)) {
                let ends = matches!(state.kind, StateKind::Final);
                if has_states_inside(&state.kind) || (ends && old.region(ix).is_none()) {
                    continue;
                }
                let lands = |path: &Arc<str>| {
                    let kind = new.find(path).map(|ix| &new.state(ix).kind);
                    kind.is_some_and(|kind| !has_states_inside(kind) && (ends || !matches!(kind, StateKind::Final)))
                };
                if mapping.image(&state.path).iter().all(lands) || !told.insert(state.path.clone()) {
                    continue;
                }
                // What was said to be wrong is not said to be missing as well.
                let is_wrong = |(name, line): &(Spot<String>, StateLine)| {
                    let inside = state.path.strip_prefix(name.value.as_str());
                    let own = inside == Some("");
                    (own && !line.to.is_empty())
                        || (line.unread && inside.is_some_and(|rest| own || rest.starts_with('.')))
                };
                if self.draft.states.iter().any(is_wrong) {
                    continue;
                }
                let what = format!("instances in `{}` (version {}) have nowhere to go", state.path, old.version);
                let help = format!(
                    "under `states`, write where they go: `{}: its_new_state`; else they stay behind",
                    state.path
                );
                self.found.push(Diagnostic::warning(codes::NOWHERE, self.draft.workflow.span, what).help(help));
            }
        }
    }
}
