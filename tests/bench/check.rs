//! Checking a large definition, beside a ceiling of the same run: the bare YAML reader over the same text, which keeps
//! nothing. What is between the two is the language: names, types, expressions, lints.

use std::time::Instant;

use fluxor_engine::definition::{compile, reading};
use fluxor_engine::domain::Domain as _;
use fluxor_workflows::Procurement;

use crate::{Asked, load, median};

/// How many states each state has beside it inside one around.
const INSIDE: usize = 50;

pub(crate) fn run(asked: &Asked) {
    let source = generated(asked.states);
    let vocabulary = Procurement::new();
    let kibibytes = source.len() / 1024;
    println!("checking {} states ({kibibytes} KiB); load before: {}", asked.states, load());
    let (mut whole, mut tree) = (Vec::new(), Vec::new());
    for _ in 0..asked.rounds {
        let began = Instant::now();
        let checked = compile("generated.yaml", &source, vocabulary.vocabulary());
        whole.push(began.elapsed().as_secs_f64() * 1_000.0);
        assert!(checked.definition.is_some(), "{}", checked.render("generated.yaml", &source));
        let began = Instant::now();
        assert!(reading::parse(&source).is_ok());
        tree.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    let (whole, tree) = (median(whole), median(tree));
    println!("  check       {whole:8.1} ms");
    println!("  YAML alone  {tree:8.1} ms   (the ceiling; check takes {:.2} times as long)", whole / tree);
}

/// States in groups, each with guarded arrows, a timer and an action; a whole workflow without a finding.
fn generated(states: usize) -> String {
    let mut text = "workflow: generated\nversion: 1\nsubject: purchase_order\nstart: g0\nstates:\n".to_owned();
    for group in 0..states.div_ceil(INSIDE) {
        let within = (states - group * INSIDE).min(INSIDE);
        text.push_str(&format!("  g{group}:\n    start: s0\n    on: {{ cancel: {{ by: po.requester, to: done }} }}\n"));
        text.push_str("    states:\n");
        for n in 0..within {
            let next = if n + 1 == within { format!("g{}", group + 1) } else { format!("s{}", n + 1) };
            let guard = format!("if: po.amount > {} EUR && po.lines > 0, by: role(buyer)@po.unit", n + 1);
            text.push_str(&format!("      s{n}:\n        do: reserve_budget\n"));
            text.push_str(&format!("        on: {{ go: [{{ {guard}, to: {next} }}, done] }}\n"));
            text.push_str(&format!("        after: {{ in: 2 days, to: {next} }}\n"));
        }
    }
    let last = states.div_ceil(INSIDE);
    text.push_str(&format!("  g{last}: {{ on: {{ end: done }} }}\n  done: {{ final: true }}\n"));
    text
}
