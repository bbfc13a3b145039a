//! YAML that people write. JSON is YAML too: one reader for both.

use serde::de::DeserializeOwned;

/// What the reader tells those who program with it, and nobody else can heed.
const FOR_PROGRAMS: &str = ", set DuplicateKeyPolicy in Options if acceptable";

/// What it says of an anchor that is part of what it stands for.
const ENDLESS: &str = "recursive references require weak recursion types";

/// # Errors
/// What is wrong, and where.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let said = |error: serde_saphyr::Error| {
        let endless = "this refers to what it is part of, which never ends: write it out instead of the anchor";
        error.to_string().replace(FOR_PROGRAMS, ": write it once").replace(ENDLESS, endless)
    };
    serde_saphyr::from_str(text).map_err(said)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_key_that_stands_there_twice_is_told_to_people() {
        let twice = super::read::<serde_json::Value>("policies: []\npolicies: []\n").unwrap_err();
        assert!(
            twice.contains("duplicate mapping key: policies: write it once") && twice.contains("line 2"),
            "{twice}"
        );
        assert!(!twice.contains("Options"), "{twice}");
    }

    #[test]
    fn an_anchor_stands_for_what_it_names_and_not_for_itself() {
        let read = super::read::<serde_json::Value>;
        assert_eq!(read("a: &x { b: 1 }\nc: *x\n").unwrap()["c"]["b"], 1);
        let endless = read("a: &x\n  b: *x\n").unwrap_err();
        assert!(endless.contains("never ends: write it out") && !endless.contains("weak"), "{endless}");
    }
}
