//! Arrows that are never taken, and conditions that decide nothing.

use std::collections::BTreeMap;

use crate::definition::chart::{DONE, FAILED};
use crate::definition::codes;
use crate::diagnostic::Diagnostic;

use super::{Edge, Found, Guard, Outline, Trigger};

pub(super) fn dead(outline: &Outline<'_>, found: &mut Found) {
    constants(outline, found);
    for ix in 0..outline.states.len() {
        let edges: Vec<&Edge> = outline.edges_of(ix).collect();
        for (at, edge) in edges.iter().enumerate() {
            let before = edges[..at].iter().filter(|other| other.trigger == edge.trigger);
            if let Some(first) = before.into_iter().find(|other| hides(other, edge)) {
                found.push(
                    Diagnostic::warning(codes::DEAD_ARROW, edge.span, "this arrow is never taken")
                        .label("never tried")
                        .related(first.span, "this one is always taken first")
                        .help("put the arrow without a condition last"),
                );
            }
        }
        restless(outline, ix, &edges, found);
        shadowed(outline, ix, &edges, found);
    }
}

/// Whether `edge`, standing after `first`, is never tried.
fn hides(first: &Edge, edge: &Edge) -> bool {
    if first.is_sure() {
        return true;
    }
    let same_guard = first.guard == edge.guard && matches!(first.guard, Guard::Some(_) | Guard::None | Guard::True);
    same_guard && (first.by.is_none() || first.by == edge.by)
}

fn constants(outline: &Outline<'_>, found: &mut Found) {
    for edge in outline.edges {
        match edge.guard {
            Guard::False => found.push(
                Diagnostic::warning(codes::DEAD_ARROW, edge.guard_span, "this arrow is never taken")
                    .label("never true")
                    .help("leave the arrow out, or write a condition"),
            ),
            Guard::True => found.push(
                Diagnostic::warning(codes::CONSTANT_GUARD, edge.guard_span, "this condition is always true")
                    .help("leave `if` out"),
            ),
            _ => {}
        }
    }
}

/// A state that is left the moment it is entered waits for nothing.
fn restless(outline: &Outline<'_>, ix: usize, edges: &[&Edge], found: &mut Found) {
    let Some(always) = edges.iter().find(|edge| edge.trigger == Trigger::Always && edge.is_sure()) else { return };
    let waits = edges.iter().find(|edge| edge.trigger != Trigger::Always);
    if let Some(edge) = waits.filter(|_| outline.is_leaf(ix)) {
        found.push(
            Diagnostic::warning(codes::DEAD_ARROW, edge.span, "this arrow is never taken")
                .label("the state never waits")
                .related(always.span, "this one leads on at once")
                .help("give the `always` arrow a condition, or leave the other out"),
        );
    }
}

/// An arrow of a state around others that all of those take first.
fn shadowed(outline: &Outline<'_>, ix: usize, edges: &[&Edge], found: &mut Found) {
    if outline.is_leaf(ix) {
        return;
    }
    for (at, edge) in edges.iter().enumerate() {
        let Trigger::Event(event) = &edge.trigger else { continue };
        // Each state handles the end of its own.
        if outline.outcomes.contains(event) && [DONE, FAILED].contains(&&**event) {
            continue;
        }
        if edges[..at].iter().any(|other| other.trigger == edge.trigger) {
            continue;
        }
        let inside = |leaf: &usize| !outline.is_final(*leaf) && outline.upwards(*leaf).any(|up| up == ix);
        let sure = |leaf: usize| {
            outline.upwards(leaf).take_while(|&up| up != ix).any(|up| {
                outline.edges_of(up).any(|edge| edge.is_sure() && edge.trigger == Trigger::Event(event.clone()))
            })
        };
        let mut leaves = outline.leaves().filter(inside).peekable();
        if leaves.peek().is_some() && leaves.all(sure) {
            found.push(
                Diagnostic::warning(codes::DEAD_ARROW, edge.span, "this arrow is never taken")
                    .label("never tried")
                    .help(format!("every state inside takes `{event}` first: leave this arrow out, or theirs")),
            );
        }
    }
}

/// Timers that do nothing. Where something is always tried, time alone may decide it.
pub(super) fn idle(outline: &Outline<'_>, found: &mut Found) {
    if outline.any_tainted() || outline.edges.iter().any(|edge| edge.trigger == Trigger::Always) {
        return;
    }
    for ix in 0..outline.states.len() {
        let mut timers: BTreeMap<usize, Vec<&Edge>> = BTreeMap::new();
        for edge in outline.edges_of(ix) {
            if let Trigger::After(number) = edge.trigger {
                timers.entry(number).or_default().push(edge);
            }
        }
        for edges in timers.values().filter(|edges| edges.iter().all(|edge| edge.idle)) {
            let what = "nothing happens when this time has come";
            let help = "write where it leads, `to: ...`, or what it does: `set`, `do`, `send`";
            found.push(Diagnostic::warning(codes::IDLE_TIMER, edges[0].span, what).help(help));
        }
    }
}
