//! Files that people write.

use std::io::Read as _;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::Failure;
use crate::yaml;

/// Whoever names a device by mistake is told so.
const MOST_BYTES: u64 = 64 << 20;

/// The text of a file, `-` from standard input.
///
/// # Errors
/// A sentence that names the file.
pub(super) fn text(file: &Path) -> Result<String, Failure> {
    let shown = file.display();
    let text = match file.as_os_str() == "-" {
        true => std::io::read_to_string(std::io::stdin().take(MOST_BYTES + 1)),
        false => std::fs::File::open(file).and_then(|file| std::io::read_to_string(file.take(MOST_BYTES + 1))),
    };
    let text = text.map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
    if text.len() as u64 > MOST_BYTES {
        let words = format!("{shown} is longer than {} MiB: name another file", MOST_BYTES >> 20);
        return Err(Failure::Usage(words));
    }
    Ok(text)
}

/// Reads a file of YAML, `-` from standard input. JSON is YAML too: one reader for both.
///
/// # Errors
/// A sentence that names the file and the place in it.
pub(super) fn read<T: DeserializeOwned>(file: &Path) -> Result<T, Failure> {
    let (shown, text) = (file.display(), text(file)?);
    yaml::read(&text).map_err(|error| Failure::Declined("invalid_input".to_owned(), format!("{shown}: {error}")))
}

/// What is wrong with what stands in a file, with the file's name before it.
pub(super) fn place(failure: Failure, from: &str) -> Failure {
    match failure {
        Failure::Declined(code, why) if code == "invalid_input" => Failure::Declined(code, format!("{from}{why}")),
        other => other,
    }
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
