//! Circles of `always` arrows that nothing stops.

// Not Tarjan: that one recurses, and a file may chain thousands of states.
use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use crate::definition::codes;
use crate::diagnostic::Diagnostic;

use super::{Edge, Found, Goes, Outline, Trigger};

/// The `always` arrow that is taken in `leaf` whatever the subject holds: the first that is tried has no condition.
fn forced<'a>(outline: &Outline<'a>, leaf: usize) -> Option<&'a Edge> {
    let edges = outline.upwards(leaf).flat_map(|up| outline.edges_of(up)).collect::<Vec<_>>();
    edges.into_iter().find(|edge| edge.trigger == Trigger::Always).filter(|edge| edge.is_sure())
}

/// Reports the circles; gives the states that are in one.
pub(super) fn cycles(outline: &Outline<'_>, found: &mut Found) -> Vec<usize> {
    let mut circling = Vec::new();
    let mut graph = DiGraph::<usize, ()>::new();
    let nodes: Vec<_> = (0..outline.states.len()).map(|ix| graph.add_node(ix)).collect();
    for leaf in outline.leaves().filter(|&ix| !outline.is_final(ix)) {
        if let Some(Edge { goes: Goes::To(to), .. }) = forced(outline, leaf) {
            graph.add_edge(nodes[leaf], nodes[outline.settled(to.0)], ());
        }
    }
    for mut circle in kosaraju_scc(&graph) {
        let [first, ..] = circle.as_slice() else { continue };
        if circle.len() == 1 && !graph.contains_edge(*first, *first) {
            continue;
        }
        circle.sort_unstable();
        circling.extend(circle.iter().map(|&node| graph[node]));
        let Some(edge) = circle.first().and_then(|&node| forced(outline, graph[node])) else { continue };
        let names: Vec<usize> = circle.iter().map(|&node| graph[node]).collect();
        found.push(
            Diagnostic::error(
                codes::ALWAYS_CYCLE,
                edge.span,
                format!("`always` goes round for ever in {}", outline.names(&names)),
            )
            .label("nothing stops it")
            .help("give one of the arrows a condition, or let an event lead on"),
        );
    }
    circling
}
