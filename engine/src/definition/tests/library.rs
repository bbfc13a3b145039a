//! Loading all files or none.

use super::*;

const ORDER: &str = include_str!("../../../../definitions/purchase_order.yaml");
const REQUISITION: &str = include_str!("../../../../definitions/requisition.yaml");

fn file(path: &str, source: &str) -> (String, String) {
    (path.to_owned(), source.to_owned())
}

#[test]
fn definitions_are_found_by_name_and_by_hash() {
    let (library, warnings) =
        Library::load(vec![file("a.yaml", ORDER), file("b.yaml", REQUISITION)], &vocabulary()).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(library.names().map(|n| &**n).collect::<Vec<_>>(), ["purchase_order", "requisition"]);
    let order = library.current("purchase_order").unwrap();
    assert_eq!(library.pinned(order.hash).unwrap().hash, order.hash);
    assert!(library.current("nothing").is_none());
}

#[test]
fn an_older_definition_is_kept_for_its_instances_and_does_not_become_current() {
    let (library, _) = Library::load(vec![file("a.yaml", ORDER)], &vocabulary()).unwrap();
    let older = right("old.yaml", &ORDER.replace("version: 1", "version: 2"));
    let library = library.with(older.clone());
    assert_eq!(library.current("purchase_order").unwrap().version, 1);
    assert_eq!(library.pinned(older.hash).unwrap().version, 2);
}

#[test]
fn one_wrong_file_refuses_all_and_every_file_is_looked_at() {
    let files = vec![
        file("a.yaml", ORDER),
        file("b.yaml", &ORDER.replace("title: Purchase", "title: Another purchase")),
        file("c.yaml", &REQUISITION.replace("to: granted", "to: grated")),
    ];
    let refused = Library::load(files, &vocabulary()).unwrap_err();
    let codes: Vec<_> = refused.iter().map(|(path, _, found)| (path.as_str(), found[0].code)).collect();
    assert_eq!(codes, [("b.yaml", "FLX0214"), ("c.yaml", "FLX0202")]);
    assert!(refused[0].2[0].help.contains("`a.yaml`"));
}

#[test]
fn warnings_come_with_their_file() {
    let source = REQUISITION.replace("  withdraw: {}", "  withdraw: {}\n  nudge: {}");
    let (_, warnings) = Library::load(vec![file("b.yaml", &source)], &vocabulary()).unwrap();
    assert_eq!((warnings[0].0.as_str(), warnings[0].2.code), ("b.yaml", "FLX0313"));
}
