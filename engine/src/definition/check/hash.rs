//! What tells one version of a definition from another.

use std::sync::Arc;

use crate::definition::chart::Definition;
use crate::ids::DefinitionHash;

/// Raised when the meaning of files changes: part of every hash.
const LANGUAGE: &str = "fluxor definition language 1";

/// Of the text whatever its line ends are, of the words it may use, and of the definitions it calls.
pub(super) fn hash(source: &str, vocabulary: &[Arc<str>], called: &[Arc<Definition>]) -> DefinitionHash {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut bytes = format!("{LANGUAGE}\n{}\n{source}\n", source.len());
    for name in vocabulary {
        bytes.push_str(name);
        bytes.push('\n');
    }
    let mut hashes: Vec<String> = called.iter().map(|called| format!("call {}\n", called.hash)).collect();
    hashes.sort();
    bytes.extend(hashes);
    DefinitionHash::of(bytes)
}
