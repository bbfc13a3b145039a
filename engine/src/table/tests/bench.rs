//! How long an evaluation takes at 10, 1,000 and 10,000 rows: `cargo test -p fluxor-engine --no-default-features --lib
//! --release -- --ignored --nocapture an_evaluation_takes`.

use std::time::Instant;

use super::*;

#[test]
#[ignore = "a measurement, not a test"]
#[allow(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures and prints")]
fn an_evaluation_takes() {
    for rows in [10i64, 1000, 10_000] {
        let mut source =
            String::from("hit: first\nin: { lines: po.lines, supplier: po.supplier }\nout: { level: text }\nrows:\n");
        for n in 0..rows {
            source.push_str(&format!("  - ['[{}..{})', 'not(\"bolt\")', '\"x{n}\"']\n", n * 10, n * 10 + 10));
        }
        let begun = Instant::now();
        let table = table_in(&source, &env());
        let read = begun.elapsed();
        let begun = Instant::now();
        let found = table.analyse();
        let proved = begun.elapsed();
        assert!(found.complete);
        let scopes: Vec<_> = (0..64).map(|n| po(&[("lines", Value::Int(n * rows * 10 / 64))])).collect();
        let (begun, rounds) = (Instant::now(), 200);
        for _ in 0..rounds {
            for scope in &scopes {
                let hits = table.eval(scope, day("2026-03-01")).unwrap();
                assert_eq!(hits.rows.len(), 1);
            }
        }
        let each = begun.elapsed().as_nanos() / (rounds * scopes.len() as u128);
        println!("{rows} rows: {each} ns an evaluation, read in {read:?}, proved in {proved:?}");
    }
}
