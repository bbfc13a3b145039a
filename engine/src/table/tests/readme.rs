//! `definitions/tables.md`: its tables compile without a finding, and its list of codes is the list of codes.

use super::*;

const TEXT: &str = include_str!("../../../../definitions/tables.md");

#[test]
fn the_tables_in_the_text_are_right() {
    let blocks: Vec<_> = TEXT.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 2);
    for block in blocks {
        assert_eq!(rendered(block, &compiled(block).1), "");
    }
}

#[test]
fn the_codes_in_the_text_are_all_codes() {
    let told: Vec<_> = TEXT.lines().filter(|line| line.starts_with("| FLX")).collect();
    let codes: Vec<_> = CODES.iter().map(|(code, meaning)| format!("| {code} | {meaning} |")).collect();
    assert_eq!(told, codes);
}
