//! Where an instance can get, and from where it can no longer get to an end.

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::Dfs;

use crate::definition::chart::StateKind;
use crate::definition::codes;
use crate::diagnostic::Diagnostic;

use super::{Edge, Found, Goes, Guard, Outline, Trigger};

/// Two nodes a state: entering it, which leads to where it begins inside, and being in it, where its arrows hold.
/// So a state that is entered past its beginning does not reach that beginning.
pub(super) struct Map {
    graph: DiGraph<usize, ()>,
    entering: Vec<NodeIndex>,
    being: Vec<NodeIndex>,
    /// Some arrow leads to a state that does not exist.
    unknown: bool,
}

impl Map {
    pub(super) fn of(outline: &Outline<'_>) -> Self {
        let mut graph = DiGraph::new();
        let count = outline.states.len();
        let entering: Vec<_> = (0..count).map(|ix| graph.add_node(ix)).collect();
        let being: Vec<_> = (0..count).map(|ix| graph.add_node(ix)).collect();
        for (ix, state) in outline.states.iter().enumerate() {
            graph.add_edge(entering[ix], being[ix], ());
            match &state.kind {
                StateKind::Compound(first) => {
                    graph.add_edge(entering[ix], entering[first.0], ());
                }
                StateKind::Parallel(regions) => {
                    for region in regions {
                        graph.add_edge(entering[ix], entering[region.0], ());
                    }
                }
                StateKind::Simple | StateKind::Approval(_) | StateKind::Call(_) | StateKind::Final => {}
            }
            if let Some(parent) = state.parent {
                graph.add_edge(being[ix], being[parent.0], ());
            }
        }
        let mut unknown = false;
        for edge in outline.edges.iter().filter(|edge| !edge.refuses && edge.guard != Guard::False) {
            match edge.goes {
                Goes::To(to) => {
                    graph.add_edge(being[edge.from.0], entering[to.0], ());
                }
                Goes::Unknown => unknown = true,
                Goes::Stay => {}
            }
        }
        Self { graph, entering, being, unknown }
    }

    /// Marks what can be reached from `from` along `direction`.
    fn reached(&self, from: impl Iterator<Item = NodeIndex>, direction: Direction) -> Vec<bool> {
        let mut marked = vec![false; self.graph.node_count()];
        // One search: what one start has reached is not walked again for the next.
        if direction == Direction::Outgoing {
            let mut dfs = Dfs::empty(&self.graph);
            for start in from {
                dfs.move_to(start);
                while let Some(node) = dfs.next(&self.graph) {
                    marked[node.index()] = true;
                }
            }
        } else {
            let reversed = petgraph::visit::Reversed(&self.graph);
            let mut dfs = Dfs::empty(reversed);
            for start in from {
                dfs.move_to(start);
                while let Some(node) = dfs.next(reversed) {
                    marked[node.index()] = true;
                }
            }
        }
        marked
    }
}

/// States that nothing leads to. Silent while an arrow's target is unknown: it may be meant for one of them.
pub(super) fn unreachable(outline: &Outline<'_>, map: &Map, found: &mut Found) {
    if outline.starts.is_empty() || map.unknown || outline.any_tainted() {
        return;
    }
    let reached = map.reached(outline.starts.iter().map(|start| map.entering[start.0]), Direction::Outgoing);
    let missed = |ix: usize| !reached[map.being[ix].index()];
    for (ix, state) in outline.states.iter().enumerate() {
        // A state around others is reported instead of those inside; that a final one has some is an error.
        if missed(ix) && !state.parent.is_some_and(|parent| missed(parent.0) || outline.is_final(parent.0)) {
            found.push(
                Diagnostic::warning(codes::UNREACHABLE, state.span, format!("nothing leads to `{}`", state.path))
                    .label("never reached")
                    .help("write an arrow that leads here, or leave the state out"),
            );
        }
    }
}

/// States that can be entered and never left towards an end.
pub(super) fn traps(outline: &Outline<'_>, map: &Map, circling: &[usize], found: &mut Found) {
    no_way_out(outline, found);
    let ends: Vec<usize> = (0..outline.states.len()).filter(|&ix| outline.is_end(ix)).collect();
    if ends.is_empty() {
        if let Some(start) = outline.starts.first().filter(|_| !map.unknown && !outline.any_tainted()) {
            let span = outline.states[start.0].span;
            found.push(
                Diagnostic::warning(codes::NEVER_ENDS, span, "there is no final state: instances never end")
                    .help("write a state with `final: true` that the last arrow leads to"),
            );
        }
        return;
    }
    let escapes = outline.edges.iter().filter(|edge| edge.goes == Goes::Unknown).map(|edge| map.being[edge.from.0]);
    let tainted = (0..outline.states.len()).filter(|&ix| outline.is_tainted(ix)).map(|ix| map.being[ix]);
    let ends = ends.into_iter().map(|ix| map.being[ix]).chain(escapes).chain(tainted);
    let saved = map.reached(ends, Direction::Incoming);
    // The innermost knots are reported: what only leads into one is not itself the mistake. They come in an order in which
    // whatever a knot leads to stands before it.
    let mut leads_on = vec![false; map.graph.node_count()];
    for knot in kosaraju_scc(&map.graph) {
        let states: Vec<usize> = knot.iter().map(|&node| map.graph[node]).filter(|&ix| outline.is_leaf(ix)).collect();
        let outwards = knot.iter().flat_map(|&node| map.graph.neighbors(node)).any(|next| leads_on[next.index()]);
        for node in &knot {
            leads_on[node.index()] = outwards || !states.is_empty();
        }
        let Some(&first) = states.iter().min() else { continue };
        let told = bare(outline, first) || states.iter().any(|ix| circling.contains(ix));
        if outwards || told || knot.iter().any(|node| saved[node.index()]) {
            continue;
        }
        let mut names: Vec<usize> = states;
        names.sort_unstable();
        names.dedup();
        let list = outline.names(&names);
        found.push(
            Diagnostic::error(
                codes::TRAP,
                outline.states[first].span,
                format!("no final state can be reached from {list}"),
            )
            .label("a trap")
            .help("write an arrow that leads out, towards a final state"),
        );
    }
}

/// Whether nothing at all can happen in the state.
fn bare(outline: &Outline<'_>, ix: usize) -> bool {
    // What comes to an end is the state's own, or those inside: nothing that this state could wait for.
    let own = |edge: &Edge| !matches!(&edge.trigger, Trigger::Event(name) if outline.outcomes.contains(name));
    let deaf = |at: usize| !outline.edges_of(at).any(own);
    let task = outline.approvals.iter().any(|approval| approval.0 == ix);
    !outline.is_final(ix) && !task && outline.upwards(ix).all(deaf)
}

/// The first invariant: who waits, waits for something.
fn no_way_out(outline: &Outline<'_>, found: &mut Found) {
    for ix in outline.leaves().filter(|&ix| bare(outline, ix) && !outline.is_tainted(ix)) {
        let state = &outline.states[ix];
        found.push(
            Diagnostic::error(codes::NO_WAY_OUT, state.span, format!("nothing ever happens in `{}`", state.path))
                .label("not final, and no way out")
                .help("write `final: true` if it is the end; else an event, a timer, `always` or an approval"),
        );
    }
}
