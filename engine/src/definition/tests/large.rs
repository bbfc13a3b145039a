//! How long large files take, and how much is said of them: nothing grows with the square of a file.

use std::time::{Duration, Instant};

use super::*;

/// A debug build on a busy machine; without one, a hundredth is typical.
const MOST: Duration = Duration::from_secs(20);

/// Compiles and renders in time, and says not too much.
fn soon(name: &str, source: &str) -> Checked {
    let began = Instant::now();
    let checked = compile(name, source, &vocabulary());
    let took = began.elapsed();
    let shown = checked.render(name, source);
    eprintln!("{name}: {took:?}, rendered {:?}, {} findings", began.elapsed(), checked.diagnostics.len());
    assert!(began.elapsed() < MOST, "{name} took {took:?}, and shown {:?}", began.elapsed());
    assert!(checked.diagnostics.len() <= MOST_FINDINGS + 1, "{} findings", checked.diagnostics.len());
    assert!(shown.len() <= 4 << 20, "{} bytes are shown", shown.len());
    checked
}

fn head(states: &str) -> String {
    format!("workflow: long\nversion: 1\nsubject: purchase_order\nstart: s0\nstates:\n{states}")
}

fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[test]
fn a_right_file_of_five_thousand_states() {
    let states = many(5_000, |n| {
        format!("  s{n}: {{ on: {{ go: {{ if: po.lines > {n}, to: s{} }}, back: {{ to: s0 }} }} }}\n", n + 1)
    });
    let checked = soon("right.yaml", &head(&format!("{states}  s5000: {{ final: true }}\n")));
    assert!(checked.definition.is_some() && checked.diagnostics.is_empty());
}

#[test]
fn many_approvals_and_many_inside_one() {
    let approval = "approval: { steps: [{ name: boss, who: [{ manager: requester }] }] }";
    let states = many(2_000, |n| {
        format!("  s{n}: {{ {approval}, on: {{ approved: s{}, rejected: end, changes_requested: s0 }} }}\n", n + 1)
    });
    let checked =
        soon("approvals.yaml", &head(&format!("{states}  s2000: {{ final: true }}\n  end: {{ final: true }}\n")));
    assert!(checked.definition.is_some() && checked.diagnostics.is_empty());
    let inside = many(5_000, |n| format!("      s{n}: {{ on: {{ go: s{} }} }}\n", (n + 1) % 5_000));
    let events = many(1_000, |n| format!("e{n}: end, "));
    let states =
        format!("  s0:\n    start: s0\n    on: {{ {events} }}\n    states:\n{inside}  end: {{ final: true }}\n");
    let checked = soon("inside.yaml", &head(&states));
    assert!(checked.definition.is_some() && checked.diagnostics.is_empty());
}

/// Approvals behind which an event writes the field, and such behind which a later arrow takes it from another.
#[test]
fn many_approvals_behind_which_much_is_written() {
    let head = "workflow: long\nversion: 1\nsubject: { name: p, fields: { requester: person, amount: money, spare: money? } }\n\
                events: { edit: { payload: { a: money } } }\nstart: r0\nstates:\n";
    let ends = "  r1600: { final: true }\n  bad: { final: failed }\n";
    let approvals = |more: &dyn Fn(usize) -> String| {
        let approval = "approval: { steps: [{ name: m, who: [{ manager: requester }] }] }";
        let states = many(1_600, |n| {
            let on = format!("on: {{ approved: w{n}, rejected: bad, changes_requested: bad }}");
            format!("  r{n}: {{ {approval}, {on} }}\n{}", more(n))
        });
        format!("{head}{states}{ends}")
    };
    let writes = approvals(&|n| {
        let to = (n * 7 + 1) % 1_600;
        format!("  w{n}: {{ on: {{ edit: {{ set: {{ amount: event.a }}, to: w{to} }}, go: r{} }} }}\n", n + 1)
    });
    assert!(!soon("writes.yaml", &writes).diagnostics.is_empty());
    let carries = approvals(&|n| {
        let take = format!("if: p.amount > 1 EUR, to: r{}, set: {{ amount: p.spare.orValue(p.amount) }}", n + 1);
        format!(
            "  w{n}: {{ on: {{ edit: {{ set: {{ spare: event.a }} }}, go: x{n} }} }}\n  \
             x{n}: {{ on: {{ go: [{{ {take} }}, {{ to: x{} }}] }} }}\n",
            n * 7 % 1_600
        )
    });
    assert!(!soon("carries.yaml", &carries).diagnostics.is_empty());
    // Where nothing is wrong, all of it is looked at.
    let again = approvals(&|n| {
        format!("  w{n}: {{ on: {{ edit: {{ set: {{ amount: event.a }}, to: r{n} }}, go: r{} }} }}\n", n + 1)
    });
    let checked = soon("again.yaml", &again);
    assert!(checked.definition.is_some());
}

#[test]
fn thousands_of_mistakes() {
    let wrong = many(4_000, |n| format!("  s{n}: {{ on: {{ go: {{ to: t{} }} }} }}\n", n + 1));
    assert!(soon("unknown.yaml", &head(&wrong)).is_refused());
    let keys = many(60_000, |n| format!("k{n}: 1\n"));
    assert_eq!(soon("keys.yaml", &keys).diagnostics.len(), MOST_FINDINGS + 1);
    let twice = many(60_000, |n| format!("k{}: 1\n", n % 7));
    soon("twice.yaml", &twice);
    let actions = many(10_000, |n| format!("record_{n}, "));
    soon("actions.yaml", &head(&format!("  s0: {{ do: [{actions}], final: true }}\n")));
    let fields = many(10_000, |n| format!("set: {{ note{n}: 'po.nott{n} > 1' }}, "));
    soon("fields.yaml", &head(&format!("  s0: {{ on: {{ go: {{ {fields} to: s0 }} }} }}\n")));
    let sets = many(4_000, |n| format!("nott{n}: 'po.nott{n} > 1', "));
    soon("sets.yaml", &head(&format!("  s0: {{ on: {{ go: {{ set: {{ {sets} }}, to: s0 }} }} }}\n")));
    let events = many(4_000, |n| format!("  ev{n}: {{}}\n"));
    let near = many(4_000, |n| format!("ev{n}x: s0, "));
    soon("events.yaml", &format!("{}events:\n{events}", head(&format!("  s0: {{ on: {{ {near} }} }}\n"))));
    let allowed = many(4_000, |n| format!("  - {{ code: FLX0309, in: s{n}, because: x }}\n"));
    let parked = many(4_000, |n| format!("  s{n}: {{ on: {{ go: s0 }} }}\n"));
    let checked =
        soon("allowed.yaml", &format!("{}allow:\n{allowed}", head(&format!("{parked}  end: {{ final: true }}\n"))));
    assert!(checked.silenced.len() >= 3_900, "{}", checked.silenced.len());
    let always = many(5_000, |n| format!("  s{n}: {{ always: {{ to: s{} }} }}\n", (n + 1) % 5_000));
    soon("circle.yaml", &head(&always));
    let schedules =
        many(3_000, |n| format!("  n{n}: {{ cron: '0 25 * * *', zone: Mars/Olympus, as: {{ role: x }} }}\n"));
    soon("schedules.yaml", &format!("{}schedules:\n{schedules}", head("  s0: { final: true }\n")));
}

#[test]
fn long_lines_long_names_and_huge_numbers() {
    let name = "a".repeat(1 << 19);
    soon("name.yaml", &head(&format!("  {name}: {{ on: {{ go: {{ to: {name}x }} }} }}\n")));
    let guard = format!("{} > 1", "po.lines + ".repeat(50_000));
    soon("guard.yaml", &head(&format!("  s0: {{ on: {{ go: {{ if: {guard}, to: s0 }} }} }}\n")));
    for number in ["9".repeat(1_000), format!("0.{}", "0".repeat(100_000)), "-1e999999".to_owned()] {
        let state = format!(
            "  s0: {{ after: {{ in: {number} days, to: s0 }}, on: {{ go: {{ if: po.lines > {number}, to: s0 }} }} }}\n"
        );
        soon("number.yaml", &head(&state).replace("version: 1", &format!("version: {number}")));
    }
    soon("line.yaml", &format!("workflow: [{}", "x, ".repeat(200_000)));
    soon("dots.yaml", &head(&format!("  s0: {{ on: {{ go: s0{} }} }}\n", ".s0".repeat(100_000))));
}
