//! Over random tables: evaluation equals a naive reading, and the proofs say neither too much nor too little.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::model::{Small, small, small_and_open};
use super::*;

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(150);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 2000, ..ProptestConfig::default() }
}

fn january(day: i8) -> Date {
    jiff::civil::date(2026, 1, day)
}

fn nothing(_: &str) -> Option<Value> {
    None
}

fn has(analysis: &Analysis, codes: &[&str]) -> bool {
    analysis.findings.iter().any(|finding| codes.contains(&finding.code))
}

/// The rows whose number a finding of `code` begins with.
fn rows_told(analysis: &Analysis, code: &str) -> BTreeSet<usize> {
    let told = analysis.findings.iter().filter(|finding| finding.code == code);
    told.map(|finding| finding.message.split(' ').nth(1).unwrap().parse::<usize>().unwrap() - 1).collect()
}

fn output(small: &Small, row: usize) -> Value {
    Value::record([("o", Value::Int(small.lines[row].output))])
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn rows_match_as_in_the_naive_reading(small in small()) {
        let table = table_in(&small.source("rule_order"), &small.env());
        for (samples, day) in small.everything() {
            let values = small.values(&samples);
            let expected = small.matching(&samples, day);
            let hits = table.eval_inputs(&values, &nothing, january(day)).unwrap();
            prop_assert_eq!(&hits.rows, &expected, "{:?} on {}", values, day);
            prop_assert_eq!(hits.value().is_none(), expected.is_empty());
            // A cell as a set is the cell as its tests.
            for row in &table.rows {
                for ((cell, input), value) in row.cells.iter().zip(&table.inputs).zip(&values) {
                    let point = if matches!(value, Value::Null) { None } else { input.scale.point(value).ok() };
                    let at = cell::Input { value, point: point.as_ref(), scale: &input.scale };
                    prop_assert_eq!(cell.holds(&at, &nothing).unwrap(), cell.holds_slowly(&at, &nothing).unwrap());
                }
            }
        }
    }

    #[test]
    fn each_hit_policy_takes_what_it_says(small in small()) {
        let env = small.env();
        let of = |hit: &str| table_in(&small.source(hit), &env);
        let (unique, any, first, priority) = (of("unique"), of("any"), of("first"), of("priority"));
        let (sum, least, count) = (of("collect sum"), of("collect min"), of("collect count"));
        for (samples, day) in small.everything() {
            let (values, rows) = (small.values(&samples), small.matching(&samples, day));
            let ask = |table: &Table| table.eval_inputs(&values, &nothing, january(day));
            let outputs: Vec<i64> = rows.iter().map(|row| small.lines[*row].output).collect();
            prop_assert_eq!(ask(&unique).is_err(), rows.len() > 1);
            prop_assert_eq!(ask(&any).is_err(), outputs.iter().any(|output| *output != outputs[0]));
            let taken = |table: &Table| ask(table).unwrap().value().cloned();
            prop_assert_eq!(taken(&first), rows.first().map(|row| output(&small, *row)));
            let best = [2, 0, 1].into_iter().find(|output| outputs.contains(output));
            prop_assert_eq!(taken(&priority), best.map(|best| Value::record([("o", Value::Int(best))])));
            let one = |value: i64| Value::record([("o", Value::Int(value))]);
            prop_assert_eq!(taken(&sum), (!rows.is_empty()).then(|| one(outputs.iter().sum())));
            prop_assert_eq!(taken(&least), outputs.iter().min().map(|least| one(*least)));
            prop_assert_eq!(taken(&count), Some(Value::Int(rows.len() as i64)));
        }
    }

    #[test]
    fn gaps_and_overlaps_are_told_exactly_where_there_are_some(small in small()) {
        let everything = small.everything();
        let table = table_in(&small.source("unique"), &small.env());
        let found = table.analyse();
        prop_assert_eq!(found.unconfirmed, 0);
        prop_assert!(found.complete && !has(&found, &["FLX0667"]));
        let gap = everything.iter().any(|(samples, day)| small.matching(samples, *day).is_empty());
        prop_assert_eq!(has(&found, &["FLX0660", "FLX0661", "FLX0662"]), gap, "{}", small.source("unique"));
        let overlap = everything.iter().any(|(samples, day)| small.matching(samples, *day).len() > 1);
        prop_assert_eq!(has(&found, &["FLX0663"]), overlap, "{}", small.source("unique"));
        for witness in &found.witnesses {
            // Either nothing matches it, or more than one row.
            match table.eval_inputs(&witness.inputs, &nothing, witness.date) {
                Ok(hits) => prop_assert_eq!(hits.outcome, Outcome::NoMatch),
                Err(error) => prop_assert!(error.rows.len() > 1, "{}", error),
            }
        }
        let table = table_in(&small.source("any"), &small.env());
        let differ = everything.iter().any(|(samples, day)| {
            let rows = small.matching(samples, *day);
            rows.iter().any(|row| small.lines[*row].output != small.lines[rows[0]].output)
        });
        prop_assert_eq!(has(&table.analyse(), &["FLX0664"]), differ);
    }

    #[test]
    fn the_rows_that_are_never_chosen_are_told(small in small()) {
        let everything = small.everything();
        let all = || 0..small.lines.len();
        let matched: BTreeSet<usize> =
            everything.iter().flat_map(|(samples, day)| small.matching(samples, *day)).collect();
        for hit in ["first", "priority"] {
            let table = table_in(&small.source(hit), &small.env());
            let found = table.analyse();
            prop_assert_eq!(found.unconfirmed, 0);
            let mut chosen = BTreeSet::new();
            for (samples, day) in &everything {
                let hits = table.eval_inputs(&small.values(samples), &nothing, january(*day)).unwrap();
                chosen.extend(hits.rows);
            }
            let never: BTreeSet<_> = all().filter(|row| !matched.contains(row)).collect();
            let shadowed: BTreeSet<_> = all().filter(|row| matched.contains(row) && !chosen.contains(row)).collect();
            prop_assert_eq!(rows_told(&found, "FLX0666"), never, "{}", small.source(hit));
            prop_assert_eq!(rows_told(&found, "FLX0665"), shadowed, "{}", small.source(hit));
        }
    }

    #[test]
    fn cells_that_evaluation_decides_prove_nothing_that_is_not_so(small in small_and_open()) {
        let matching = table_in(&small.source("rule_order"), &small.env());
        let with = |n: i64| move |name: &str| (name == "n").then_some(Value::Int(n));
        let rows = |values: &[Value], n: i64, date: Date| matching.eval_inputs(values, &with(n), date).unwrap().rows;
        for (hit, is_so) in [("unique", &(|rows: usize| rows != 1) as &dyn Fn(usize) -> bool), ("any", &|rows| rows != 1)] {
            let found = table_in(&small.source(hit), &small.env()).analyse();
            prop_assert_eq!(found.unconfirmed, 0);
            for witness in &found.witnesses {
                for n in -2..6 {
                    let rows = rows(&witness.inputs, n, witness.date);
                    prop_assert!(is_so(rows.len()), "{} with n = {}: {:?}\n{}", witness, n, rows, small.source(hit));
                }
            }
        }
        // What is never chosen is not chosen, whatever `n` is.
        for hit in ["first", "priority"] {
            let table = table_in(&small.source(hit), &small.env());
            let found = table.analyse();
            let never: BTreeSet<_> =
                rows_told(&found, "FLX0665").union(&rows_told(&found, "FLX0666")).copied().collect();
            for (samples, day) in small.everything() {
                for n in -2..6 {
                    let hits = table.eval_inputs(&small.values(&samples), &with(n), january(day)).unwrap();
                    prop_assert!(hits.rows.iter().all(|row| !never.contains(row)), "{}", small.source(hit));
                }
            }
            // Where nothing is said of gaps, there is none for any `n`.
            if !has(&found, &["FLX0660", "FLX0661", "FLX0662", "FLX0667"]) {
                for (samples, day) in small.everything() {
                    prop_assert!((-2..6).all(|n| !rows(&small.values(&samples), n, january(day)).is_empty()));
                }
            }
        }
    }

    #[test]
    fn a_search_that_is_cut_short_says_so_and_nothing_wrong(small in small(), steps in 0..60u64) {
        let table = table_in(&small.source("unique"), &small.env());
        let (all, some) = (table.analyse(), table.analyse_within(steps));
        prop_assert_eq!(some.complete, !has(&some, &["FLX0668"]));
        prop_assert_eq!(some.unconfirmed, 0);
        for code in ["FLX0660", "FLX0661", "FLX0663"] {
            prop_assert!(has(&all, &[code]) || !has(&some, &[code]));
        }
        if some.complete {
            prop_assert_eq!(all.findings, some.findings);
        }
    }
}
