//! The README keeps up with the crate.

use fluxor_limits::Settings;
use serde_json::{Value, json};

#[test]
fn the_map_lists_every_module() {
    let map = include_str!("../../README.md").split("## Map").nth(1).unwrap();
    let modules = include_str!("../../src/lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod "));
    for module in modules.map(|module| module.trim_end_matches(';')) {
        assert!(map.contains(&format!("`{module}`")), "`{module}` is not on the map");
    }
}

/// The fields that are known where an unknown one stands, by the hint about it.
fn known(document: &Value) -> Vec<String> {
    let faults = Settings::read(document).unwrap_err();
    let stranger = faults.iter().find(|fault| fault.pointer.ends_with("/xxxxxxxxxxxx")).unwrap();
    let names = stranger.hint.as_deref().and_then(|hint| hint.strip_prefix("known are: ")).unwrap();
    names.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_tables_have_every_field_of_settings() {
    let section = include_str!("../../README.md").split("## Settings").nth(1).unwrap().split("## ").next().unwrap();
    let rows: String = section.lines().filter(|line| line.starts_with("| ")).collect();
    let stranger = || json!({ "xxxxxxxxxxxx": 1 });
    let policy = |field: &str, value: Value| {
        let mut policy = json!({ "name": "a", "by": ["user"], "strategy": { "log": { "limit": 1, "window": "1s" } } });
        policy[field] = value;
        json!({ "policies": [policy] })
    };
    let strategies = known(&policy("strategy", stranger()));
    let mut all = vec![
        known(&stranger()),
        known(&json!({ "policies": [stranger()] })),
        known(&json!({ "policies": [], "costs": [stranger()] })),
        known(&policy("token_lease", stranger())),
        known(&policy("overrides", json!([stranger()]))),
        strategies.clone(),
    ];
    for strategy in strategies {
        let fields = known(&policy("strategy", json!({ &strategy: stranger() })));
        let row = section.lines().find(|line| line.starts_with(&format!("| `{strategy}` | `"))).unwrap();
        assert!(fields.iter().all(|field| row.contains(&format!("`{field}`"))), "{strategy}: {fields:?}\n{row}");
        all.push(fields);
    }
    for field in all.concat() {
        assert!(rows.contains(&format!("`{field}`")), "`{field}` is in no table");
    }
}
