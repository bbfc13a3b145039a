//! Files that people write.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::Failure;

/// Reads a file of YAML, `-` from standard input. JSON is YAML too: one reader for both.
///
/// # Errors
/// A sentence that names the file and the place in it.
pub(super) fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let shown = file.display();
    let text = match file.as_os_str() == "-" {
        true => std::io::read_to_string(std::io::stdin()),
        false => std::fs::read_to_string(file),
    };
    let text = text.map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
    serde_saphyr::from_str(&text)
        .map_err(|error| Failure::Declined("invalid_input".to_owned(), format!("{shown}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxor_engine::instance::Document;

    #[test]
    fn yaml_and_json_are_read_alike_and_a_mistake_names_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = |text: &str| -> Result<Document, Failure> {
            let path = folder.path().join("o.yaml");
            std::fs::write(&path, text).unwrap();
            read(&path)
        };
        let yaml = file("zone: Europe/Berlin\npeople:\n  - { id: ann, limits: [{ amount: 1000.00 EUR }] }\n").unwrap();
        let json =
            file(r#"{"zone":"Europe/Berlin","people":[{"id":"ann","limits":[{"amount":"1000.00 EUR"}]}]}"#).unwrap();
        assert_eq!(yaml, json);
        let Err(Failure::Declined(_, why)) = file("people: [\n  {\n") else { panic!("it is not whole") };
        assert!(why.contains("o.yaml"), "{why}");
    }
}
