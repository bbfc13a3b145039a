//! The README keeps up with the crate.

#[test]
fn the_map_lists_every_module() {
    let map = include_str!("../../README.md").split("## Map").nth(1).unwrap();
    let modules = include_str!("../../src/lib.rs").lines().filter_map(|line| line.strip_prefix("pub mod "));
    for module in modules.map(|module| module.trim_end_matches(';')) {
        assert!(map.contains(&format!("`{module}`")), "`{module}` is not on the map");
    }
}
