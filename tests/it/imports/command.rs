//! `fluxor import` as it is called: what it prints, how it ends, and what it leaves as it was.

use std::path::Path;

use fluxor_tests::companies::cut;
use fluxor_tests::server::place::Place;
use fluxor_tests::server::program::{fluxor, object, printed};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::definitions;

/// A company of two items, one of which `items` may spoil.
fn small(items: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(file), text).unwrap();
    write("company.csv", "name,currency,zone\nSmall,EUR,UTC\n");
    write("units.csv", "code,name,grid\npc,Piece,1\n");
    write("items.csv", &format!("code,name,stock_unit\na,Apple,pc\n{items}"));
    write("locations.csv", "code,name\nmain,Main\n");
    folder
}

/// Imports as for machines, ending with this code.
async fn import(place: &Place, folder: &Path, more: &[&str], code: i32) -> Value {
    let arguments = [&["import", "--json", folder.to_str().unwrap()], more].concat();
    object(&printed(&fluxor(place, &arguments).output().await.unwrap(), code))
}

/// The sentence of one that does not end well; nothing is printed but that.
async fn refused(place: &Place, arguments: &[&str], code: i32) -> String {
    let arguments = [&["import", "--json"], arguments].concat();
    let output = fluxor(place, &arguments).output().await.unwrap();
    assert_eq!(printed(&output, code), "", "nothing on the way that results go");
    let told = object(&String::from_utf8_lossy(&output.stderr));
    assert_eq!(told["error"]["code"], "usage", "{told}");
    told["error"]["detail"].as_str().unwrap().to_owned()
}

async fn entries(place: &Place) -> i64 {
    place.count("SELECT COUNT(*) FROM audit_entry").await
}

/// Of each table, what was taken and what was there.
fn tables(told: &Value) -> Vec<(String, u64, u64)> {
    let tables = told["report"]["tables"].as_object().unwrap();
    let number = |count: &Value, name: &str| count[name].as_u64().unwrap();
    tables.iter().map(|(name, count)| (name.clone(), number(count, "taken"), number(count, "unchanged"))).collect()
}

async fn the_sample_twice(place: Place) {
    let (_guard, folder) =
        cut(&definitions().join("sample"), &[("movements.csv", |_| false), ("demand.csv", |_| false)]);
    let looked = import(&place, &folder, &["--dry-run"], 0).await;
    assert_eq!((&looked["clean"], &looked["report"]["written"]), (&json!(true), &json!(false)));
    let first = import(&place, &folder, &["--strict"], 0).await;
    assert_eq!((&first["clean"], &first["report"]["written"]), (&json!(true), &json!(true)), "{first}");
    let items = &first["report"]["tables"]["items"];
    assert_eq!(*items, json!({ "read": 300, "taken": 300, "unchanged": 0, "left_out": 0, "bad": 0 }));
    assert_eq!(place.count("SELECT COUNT(*) FROM item").await, 300);
    for total in first["report"]["totals"].as_array().unwrap() {
        assert_eq!(total["source"], total["database"], "{total}");
    }
    let before = entries(&place).await;
    let again = import(&place, &folder, &["--strict"], 0).await;
    for ((name, taken, same), (_, first, _)) in tables(&again).into_iter().zip(tables(&first)) {
        assert_eq!((taken, same >= first), (0, true), "{name}");
    }
    assert_eq!(entries(&place).await, before, "the same files again leave no trace");
    let words = ["import", "--dry-run", folder.to_str().unwrap()];
    let words = printed(&fluxor(&place, &words).output().await.unwrap(), 0);
    assert!(words.starts_with("Lotsenrad GmbH (") && words.contains("looked through, nothing written"), "{words}");
    assert!(!words.contains("DIFFERS") && !words.contains("bad rows"), "{words}");
    printed(&fluxor(&place, &["audit", "verify"]).output().await.unwrap(), 0);
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_twice_changes_nothing_on_sqlite() {
    the_sample_twice(Place::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_twice_changes_nothing_on_postgresql() {
    if let Some(place) = Place::postgres("an import").await {
        the_sample_twice(place).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_row_is_named_and_the_others_go_in() {
    let place = Place::sqlite();
    let folder = small("b,Bag,box\na,Again,pc\nc d,Cake,pc\n");
    let strict = import(&place, folder.path(), &["--strict"], 1).await;
    assert_eq!((&strict["clean"], &strict["report"]["written"]), (&json!(false), &json!(false)));
    assert_eq!(place.count("SELECT COUNT(*) FROM item").await, 0, "strict: nothing does");
    let told = import(&place, folder.path(), &[], 1).await;
    let bad = told["report"]["bad"].as_array().unwrap();
    let named: Vec<(&Value, &Value, &Value)> =
        bad.iter().map(|row| (&row["file"], &row["line"], &row["key"])).collect();
    let file = json!("items.csv");
    assert_eq!(named.iter().map(|(file, ..)| *file).collect::<Vec<_>>(), [&file; 3], "{told}");
    assert_eq!(named.iter().map(|(_, line, _)| line.as_u64().unwrap()).collect::<Vec<_>>(), [3, 4, 5], "{told}");
    let reasons: Vec<&str> = bad.iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert!(reasons[0].contains("box") && reasons[1].contains('a') && reasons[2].contains("blank"), "{reasons:?}");
    assert_eq!(told["report"]["tables"]["items"]["taken"], 1);
    assert_eq!(place.count("SELECT COUNT(*) FROM item").await, 1);

    // For people each is a line that an editor can jump to.
    let words = printed(&fluxor(&place, &["import", folder.path().to_str().unwrap()]).output().await.unwrap(), 1);
    assert!(words.contains("3 bad rows"), "{words}");
    for (line, reason) in (3..).zip(reasons) {
        assert!(words.contains(&format!("items.csv:{line}: {reason}")), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_as_a_whole_is_refused_in_a_sentence() {
    let place = Place::sqlite();
    let folder = small("");
    let here = folder.path().to_str().unwrap();
    let words = refused(&place, &["nowhere/at/all"], 2).await;
    assert_eq!(words, "nowhere/at/all is not a folder");
    let words = refused(&place, &[here, "--mapping", "acme"], 2).await;
    assert!(words.starts_with("there is no mapping `acme`: neither a file nor in "), "{words}");
    // A mapping of another company does not find its files here.
    let words = refused(&place, &[here, "--mapping", "adventureworks"], 2).await;
    assert!(words.contains("FLX0703") && words.contains("adventureworks.yaml"), "{words}");
    let empty = tempfile::tempdir().unwrap();
    let words = refused(&place, &[empty.path().to_str().unwrap()], 2).await;
    assert!(words.contains("company.csv"), "{words}");
    std::fs::write(folder.path().join("items.csv"), "code,name,stock_unit,colour\na,Apple,pc,red\n").unwrap();
    let words = refused(&place, &[here], 2).await;
    assert!(words.contains("items.csv") && words.contains("colour"), "{words}");
    assert!(!Path::new(&place.address()).exists(), "none of them has made a database");
    let wrong = fluxor(&place, &["import"]).output().await.unwrap();
    assert!(printed(&wrong, 2).is_empty() && String::from_utf8_lossy(&wrong.stderr).contains("<FOLDER>"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_served_is_not_imported_into() {
    let place = Place::sqlite();
    let folder = small("");
    let here = folder.path().to_str().unwrap();
    let mut server = fluxor(&place, &["serve", "--json", "--listen", "127.0.0.1:0", "--log", "error"]).spawn().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    object(&lines.next_line().await.unwrap().expect("it serves"));
    let process = server.id().expect("it runs");
    let words = refused(&place, &[here], 2).await;
    let expected = format!("process {process} has {} open: stop it, import, and start it again", place.address());
    assert_eq!(words, expected);
    assert_eq!(place.count("SELECT COUNT(*) FROM item").await, 0);
    let looked = import(&place, folder.path(), &["--dry-run"], 0).await;
    assert_eq!(looked["report"]["written"], false, "looking is free");
    server.kill().await.unwrap();
    import(&place, folder.path(), &[], 0).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM item").await, 1);
}

/// A company that is half there has no policies yet: nothing is ordered on half of its stock.
#[tokio::test]
async fn half_an_import_orders_nothing() {
    let place = Place::sqlite();
    let sample = definitions().join("sample");
    let mut importing = fluxor(&place, &["import", sample.to_str().unwrap()]).spawn().unwrap();
    let mut lines = BufReader::new(importing.stderr.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.starts_with("writing terms") {
            break;
        }
    }
    importing.kill().await.unwrap();
    assert!(place.count("SELECT COUNT(*) FROM supplier_term").await > 0, "it was under way");
    let planners = json!({ "people": [{ "id": "ann", "active": true }],
        "units": [{ "id": "purchasing", "roles": { "planner": ["ann"] } }] });
    let patch = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(patch.path(), planners.to_string()).unwrap();
    let load = fluxor(&place, &["organisation", "load", patch.path().to_str().unwrap()]).output().await.unwrap();
    printed(&load, 0);
    let told = printed(&fluxor(&place, &["reorder", "run"]).output().await.unwrap(), 0);
    assert!(told.contains("0 short; 0 orders"), "{told}");
    // Run again it is whole.
    let again = import(&place, &sample, &["--strict"], 0).await;
    assert_eq!(again["clean"], json!(true), "{again}");
    assert!(place.count("SELECT COUNT(*) FROM reorder_policy").await > 0);
    place.remove().await;
}

#[tokio::test]
async fn two_companies_are_not_made_one() {
    let place = Place::sqlite();
    let folder = small("");
    import(&place, folder.path(), &["--strict"], 0).await;
    std::fs::write(folder.path().join("company.csv"), "name,currency,zone\nOther,EUR,UTC\n").unwrap();
    let words = refused(&place, &[folder.path().to_str().unwrap()], 2).await;
    assert!(words.contains("holds Small already: give Other another --database"), "{words}");
    place.remove().await;
}
