//! The pictures of the shipped definitions are what `fluxor graph` draws of them.

use std::collections::BTreeSet;
use std::fs;

use fluxor_engine::draw::{Dress, Format, draw};
use fluxor_tests::scenario::{definitions, library};
use fluxor_workflows::Procurement;

/// `UPDATE=1` writes them anew; a picture of what is gone is to be taken away.
#[test]
fn they_show_the_definitions_as_they_are() {
    let library = library(&Procurement::new());
    let folder = definitions().join("pictures");
    let mut left: BTreeSet<String> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let mut stale = Vec::new();
    for name in library.names() {
        let picture = draw(library.current(name).unwrap(), None, Format::Svg, Dress::Whole).unwrap();
        let file = format!("{name}.svg");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(folder.join(&file), &picture).unwrap();
        }
        if fs::read_to_string(folder.join(&file)).unwrap_or_default() != picture {
            stale.push(file.clone());
        }
        left.remove(&file);
    }
    assert!(stale.is_empty(), "not as `fluxor graph` draws them, run with UPDATE=1: {}", stale.join(", "));
    assert!(left.is_empty(), "pictures of no definition: {left:?}");
}

/// Each shipped definition has its place in the README of definitions, with its picture.
#[test]
fn each_definition_is_told_of_with_its_picture() {
    let library = library(&Procurement::new());
    let told = fs::read_to_string(definitions().join("shipped.md")).unwrap();
    let readme = fs::read_to_string(definitions().join("README.md")).unwrap();
    for name in library.names() {
        for part in [format!("\n## {name}\n"), format!("](pictures/{name}.svg)"), format!("]({name}.yaml)")] {
            assert!(told.contains(&part), "definitions/shipped.md lacks `{}`", part.trim());
        }
        assert!(readme.contains(&format!("]({name}.yaml)")), "definitions/README.md does not name {name}");
    }
}
