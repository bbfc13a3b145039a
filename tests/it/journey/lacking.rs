//! Commands run where there is no folder of definitions: what needs one says so, and what it lacks of it.

use std::process::Output;

use fluxor_tests::server::{Site, binary};
use serde_json::json;

use super::company::text;

const TRIP: &str = "workflow: trip
version: 1
calendar: office
subject: { name: trip, fields: { requester: person } }
start: review
states:
  review:
    approval: { due: 2 working days, steps: [{ name: manager, who: [{ manager: requester }] }] }
    on: { approved: granted, rejected: granted, changes_requested: granted }
  granted: { final: true }
";

/// The program in a folder in which there is nothing, on the site's database: what it says, results first.
fn elsewhere(site: &Site, arguments: &[&str]) -> (i32, String) {
    let nothing = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(binary());
    command.env_remove("FLUXOR_DEFINITIONS").env_remove("FLUXOR_KEY").current_dir(nothing.path());
    let told = command.args(["--database", &site.place.address()]).args(arguments).output().unwrap();
    let Output { status, stdout, stderr } = told;
    (status.code().unwrap(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

pub(super) async fn a_command_without_the_folder_says_what_it_lacks(mut site: Site) {
    std::fs::write(site.folder().join("definitions/trip.yaml"), TRIP).unwrap();
    site.admin().post("/v1/definitions/reload", &json!({})).await.is(200);
    let begun = site.by("ann").post("/v1/workflows/trip/instances", &json!({ "input": {} })).await.is(201);
    let (id, task) = (text(&begun["id"]), text(&begun["tasks"][0]["id"]));

    let calendar = "`trip` names the calendar `office`, which is not there";
    let folder = "say where they are with --definitions DIR";
    for (arguments, says) in [
        (vec!["tasks", "--person", "bob"], calendar),
        (vec!["tasks", "deciders", &task], calendar),
        (vec!["tasks", "rounds", &task], calendar),
        (vec!["graph", "--instance", &id], calendar),
        (vec!["simulate", "trip", "--as", "ann"], "No workflow `trip` is loaded"),
        (vec!["graph", "trip"], "There is no workflow `trip`"),
        (vec!["calendars", "list"], "there is no folder `definitions`"),
        (vec!["calendars", "show", "office"], "There is no calendar `office`"),
    ] {
        let (code, told) = elsewhere(&site, &arguments);
        assert!(code == 1 || code == 2, "{arguments:?}: {code}: {told}");
        assert!(told.contains(says) && told.contains(folder), "{arguments:?}: {told}");
    }
    // Whoever has nothing there misses nothing, and what an instance has been through stands in the database.
    let (code, told) = elsewhere(&site, &["tasks", "--person", "eve"]);
    assert_eq!(code, 0, "{told}");
    let (code, told) = elsewhere(&site, &["instances", "show", &id]);
    assert!(code == 0 && told.contains("What it accepts and asks is not known.") && told.contains(calendar), "{told}");
    assert!(told.contains(folder) && told.contains("SEQ"), "{told}");

    // With the folder, and with a file beside which there are no calendars.
    let told = site.command(&["tasks", "--person", "bob"]).await.done();
    assert!(told.contains("trip") && told.contains("manager"), "{told}");
    let alone = tempfile::tempdir().unwrap();
    let file = alone.path().join("trip.yaml");
    std::fs::write(&file, TRIP).unwrap();
    let (code, told) = elsewhere(&site, &["simulate", file.to_str().unwrap(), "--as", "ann", "--json"]);
    assert!(code == 1 && told.contains("unknown calendar `office`") && told.contains(folder), "{told}");
    // Where no server has the file, nobody else is asked.
    site.stop().await;
    for (arguments, says) in [
        (vec!["definitions", "list"], "there is no folder `definitions`"),
        (vec!["instances", "repair", &id], calendar),
    ] {
        let (code, told) = elsewhere(&site, &arguments);
        assert!(code > 0 && told.contains(says) && told.contains(folder), "{arguments:?}: {code}: {told}");
    }
    site.end().await;
}
