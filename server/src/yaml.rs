//! YAML that people write. JSON is YAML too: one reader for both.

use serde::de::DeserializeOwned;

/// What the reader tells those who program with it, and nobody else can heed.
const FOR_PROGRAMS: &str = ", set DuplicateKeyPolicy in Options if acceptable";

/// # Errors
/// What is wrong, and where.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    let said = |error: serde_saphyr::Error| error.to_string().replace(FOR_PROGRAMS, ": write it once");
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
}
