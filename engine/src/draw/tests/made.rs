//! Charts that are made up: nested, with regions, histories and arrows in all directions.

use std::fmt::Write as _;

/// Numbers that look drawn by lot.
pub(super) struct Lot(u64);

impl Lot {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3_037_000_493))
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }
}

/// The text of a chart with about `count` states.
pub(super) fn chart(count: usize, seed: u64) -> String {
    let mut lot = Lot::new(seed);
    let mut text = "workflow: made\nversion: 1\ntitle: Made up\nsubject:\n  name: it\n  fields: { requester: person, amount: money }\n\
                    start: s0\nstates:\n"
        .to_owned();
    let (mut at, mut top) = (0, Vec::new());
    while at < count {
        top.push(format!("s{at}"));
        at = match lot.below(6) {
            0 if count - at > 5 => frame(&mut text, &mut lot, at, count),
            1 if count - at > 9 => regions(&mut text, at),
            _ => {
                let _ = writeln!(text, "  s{at}:\n    title: {}", title(&mut lot, at));
                ways(&mut text, &mut lot, at, count, "    ");
                at + 1
            }
        };
    }
    let _ = writeln!(text, "  end: {{ final: true }}\n  lost: {{ title: Lost on the way, final: true }}");
    // Only some of the states that arrows were meant for stand at the top.
    for ix in 0..count {
        if !top.contains(&format!("s{ix}")) {
            text =
                text.replace(&format!("to: s{ix} "), "to: end ").replace(&format!("to: s{ix}.history "), "to: lost ");
        }
    }
    text
}

fn title(lot: &mut Lot, ix: usize) -> String {
    ["Being checked", "Waiting for the supplier's answer in writing", "Draft", "In approval by the department", "Sent"]
        [lot.below(5)]
    .to_owned()
        + &format!(" {ix}")
}

/// Arrows of a state: on to the next, and to others.
fn ways(text: &mut String, lot: &mut Lot, at: usize, count: usize, indent: &str) {
    let _ = writeln!(text, "{indent}on:");
    let next = if at + 1 < count { format!("s{}", at + 1) } else { "end".to_owned() };
    let _ = writeln!(text, "{indent}  go_on: [{{ to: {next} }}]");
    if lot.below(3) == 0 {
        let to = lot.below(count);
        let _ = writeln!(
            text,
            "{indent}  send_somewhere_else: [{{ by: it.requester, if: it.amount > 1000 EUR, to: s{to} }}]"
        );
    }
    if lot.below(3) == 0 {
        let _ = writeln!(text, "{indent}  give_up: [{{ by: role(buyer), to: lost }}]");
    }
    if lot.below(4) == 0 {
        let _ = writeln!(text, "{indent}  note: [{{ by: it.requester, set: {{ amount: it.amount }} }}]");
    }
    if lot.below(4) == 0 {
        let _ = writeln!(text, "{indent}after: {{ in: 5 days, to: lost }}");
    }
}

fn frame(text: &mut String, lot: &mut Lot, at: usize, count: usize) -> usize {
    let _ =
        writeln!(text, "  s{at}:\n    title: Around others {at}\n    start: a\n    on:\n      stop: {{ to: lost }}");
    let back = lot.below(at + 1);
    let _ = writeln!(text, "      again: [{{ to: s{back} }}]\n      leave: [{{ to: s{} }}]", (at + 4).min(count - 1));
    let _ = writeln!(text, "    states:\n      a: {{ on: {{ go_on: {{ to: b }} }} }}");
    let _ =
        writeln!(text, "      b:\n        start: x\n        states:\n          x: {{ on: {{ go_on: {{ to: y }} }} }}");
    let _ = writeln!(
        text,
        "          y: {{ on: {{ go_on: {{ to: a }}, leave: [{{ to: s{} }}], stop: {{ to: end }} }} }}",
        at + 5
    );
    at + 5
}

fn regions(text: &mut String, at: usize) -> usize {
    let _ = writeln!(text, "  s{at}:\n    title: Side by side {at}\n    parallel:");
    for region in ["one", "two"] {
        let _ = writeln!(text, "      {region}:\n        start: asked\n        states:");
        let _ = writeln!(
            text,
            "          asked: {{ on: {{ answer_{region}: {{ to: known }} }} }}\n          known: {{ final: true }}"
        );
    }
    let _ = writeln!(text, "    on:\n      done: [{{ to: s{} }}]\n      hold: {{ to: hold{at} }}", at + 7);
    let _ = writeln!(text, "  hold{at}: {{ on: {{ go_on: {{ to: s{at}.deep_history }}, stop: {{ to: lost }} }} }}");
    at + 7
}
