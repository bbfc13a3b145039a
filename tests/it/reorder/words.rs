//! What people read who do not ask for JSON: the run, the arithmetic, keys, and the demo with its lines to paste.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};

use super::*;

/// Each of these words is said.
#[track_caller]
fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is not said in:\n{text}");
    }
}

#[tokio::test]
async fn a_run_is_told_in_words() {
    let place = Place::sqlite();
    small(&place).await;
    let arithmetic = done(&place, &["reorder", "explain", "i01", "--location", "north"]).await;
    says(
        &arithmetic,
        &[
            "i01 (Item 1) at north, 2026-11-02",
            "on hand            4 pc",
            "= position         4 pc; order point 10 (below)",
            "need               26 pc (min_max, up to 30)",
            "offer              s0 term 1",
            "=> order 26 pc from s0 at 2.50 EUR: 65.00 EUR",
        ],
    );
    assert!(!arithmetic.contains("south"), "{arithmetic}");
    says(&done(&place, &["reorder", "explain", "i00"]).await, &["at north", "at south", "=> nothing to order ["]);
    let unknown = fluxor(&place, &["reorder", "explain", "i99"]).output().await.unwrap();
    says(&String::from_utf8_lossy(&unknown.stderr), &["there is no item `i99`"]);
    let near = fluxor(&place, &["reorder", "explain", "i011"]).output().await.unwrap();
    says(&String::from_utf8_lossy(&near.stderr), &["there is no item `i011`; did you mean `i01`?"]);
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");

    let told = done(&place, &["reorder", "run"]).await;
    says(
        &told,
        &[
            "120 items at locations looked at, 80 short; 12 orders for 5200.00 EUR.",
            "SUPPLIER",
            "Supplier 5",
            "asked: bob",
        ],
    );
    says(&done(&place, &["reorder", "explain", "i01"]).await, &["+ on order         26 pc, in approval", "=> nothing"]);
    says(
        &done(&place, &["reorder", "run"]).await,
        &["120 items at locations looked at, 0 short; 0 orders for nothing."],
    );
    // The key of whoever calls is none of the run's.
    let listed =
        fluxor(&place, &["instances", "list", "--workflow", "reorder_run"]).env("FLUXOR_KEY", "flx_a_b").output();
    assert_eq!(printed(&listed.await.unwrap(), 0).lines().count(), 3);
    let cut = fluxor(&place, &["instances", "list", "--limit", "2"]).output().await.unwrap();
    assert_eq!(printed(&cut, 0).lines().count(), 3, "a head and two lines");
    says(&String::from_utf8_lossy(&cut.stderr), &["the 2 newest; there are more"]);
    let nowhere = fluxor(&Place::sqlite(), &["reorder", "run"]).output().await.unwrap();
    says(&String::from_utf8_lossy(&nowhere.stderr), &["there is no database", "`fluxor import` makes one"]);
    let unit = fluxor(&place, &["reorder", "run", "--unit", "moon"]).output().await.unwrap();
    says(&String::from_utf8_lossy(&unit.stderr), &["nobody active holds the role `planner` in the unit `moon`"]);
    place.remove().await;
}

#[tokio::test]
async fn keys_are_listed_for_people() {
    let place = Place::sqlite();
    small(&place).await;
    let made = fluxor(&place, &["keys", "create", "--person", "bob", "--label", "till", "--admin"]).output();
    let made = made.await.unwrap();
    let secret = printed(&made, 0);
    assert!(secret.starts_with("flx_") && secret.trim().lines().count() == 1, "the secret stands alone: {secret}");
    says(&String::from_utf8_lossy(&made.stderr), &["acts as bob", "only its hash is kept"]);
    let id = secret.trim().split('_').nth(1).unwrap();
    says(&done(&place, &["keys", "list"]).await, &["PERSON", id, "bob", "administrator", "valid", "till"]);
    says(&done(&place, &["keys", "revoke", id]).await, &[&format!("Key {id} is revoked.")]);
    let listed = done(&place, &["keys", "list"]).await;
    says(&listed, &["revoked 20"]);
    assert!(!listed.contains("valid"), "{listed}");
    place.remove().await;
}

#[tokio::test]
async fn the_demo_is_told_in_words_and_serves() {
    let place = Place::sqlite();
    let company = small_company();
    let data = company.path().to_str().unwrap();
    let mut running = fluxor(&place, &["demo", "--data", data]).spawn().unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let mut told = String::new();
    while !told.contains("/v1/reorder/explain?item=") {
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line()).await.expect("it goes on");
        told += &(line.unwrap().unwrap_or_else(|| panic!("it ended after:\n{told}")) + "\n");
    }
    says(
        &told,
        &["Small, as of 2026-11-02", "60 items read", "12 orders for 5200.00 EUR", "asked: bob", "Ready to paste:"],
    );
    // What stands there to paste works as it stands, line by line.
    let pasted = told.split("Ready to paste:").nth(1).unwrap();
    let shell = tokio::process::Command::new("bash").args(["-euc", pasted]).output().await.unwrap();
    let answers = printed(&shell, 0);
    says(&answers, &["\"etag\"", "\"state\":\"open.ordering\"", "\"verb\":\"approve\"", "\"order_point\""]);
    let id = running.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(20), running.wait()).await.expect("Ctrl-C ends it").unwrap();
    assert!(ended.success(), "{ended:?}");

    let once = done(&place, &["demo", "--once", "--data", data]).await;
    says(
        &once,
        &[
            "11 orders of earlier runs waited for somebody",
            "0 orders for nothing",
            "The audit trail adds up",
            "approvals were decided over HTTP",
        ],
    );
    // All of it is in the one file: whoever copies that has everything.
    let left = std::fs::metadata(format!("{}-wal", place.address())).map_or(0, |file| file.len());
    assert_eq!(left, 0, "{}", place.address());
    let decided = "SELECT COUNT(*) FROM instance WHERE workflow = 'purchase_order' AND state = 'open.ordering'";
    assert_eq!(place.count(decided).await, ORDERS, "{once}");
    place.remove().await;
}
