//! `fluxor audit verify` against somebody with plain SQL.

use fluxor_engine::audit::header_hash;
use fluxor_engine::ids::{StreamId, TenantId};
use fluxor_engine::store::Store as _;
use fluxor_tests::server::Site;
use fluxor_tests::server::client::fresh_key;
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{approve, in_review, text, until};

/// What is done, and the findings that must be among those told: code, entry.
type Case = (String, Vec<(&'static str, i64)>);

pub(super) async fn whatever_is_tampered_with_is_found_and_named(mut site: Site) {
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    site.by("ann").decide(&task, &approve("manager")).await.refused(403, "excluded");
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    site.by("eve").decide(&task, &approve("buyers")).await.is(200);
    until(&site, &id, "ordered").await;
    site.stop().await;
    let clean = site.command(&["audit", "verify", "--json"]).await;
    let clean: Value = serde_json::from_str(&clean.done()).unwrap();
    assert_eq!((&clean["ok"], &clean["findings"]), (&json!(true), &json!([])));
    site.place.sql("CREATE TABLE kept AS SELECT * FROM audit_entry").await;
    site.place.sql("CREATE TABLE kept_instance AS SELECT * FROM instance").await;
    let stream = site.place.id(&id);
    for (statements, findings) in cases(&site, &id).await {
        for statement in statements.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            let touched = site.place.sql(&statement.replace("$S", &stream)).await;
            assert!(touched > 0, "nothing was tampered with: {statement}");
        }
        found(&site, &statements, &id, &findings).await;
        if statements.contains("SET body") || statements.contains("SET header") {
            // Nobody is told what was done by whom from entries that do not add up.
            let told = site.command(&["tasks", "rounds", &format!("{id}.1")]).await;
            assert!(told.code() != 0 && told.all().contains("history_incomplete"), "{statements}: {}", told.all());
        }
        site.place.sql("DELETE FROM audit_entry").await;
        site.place.sql("INSERT INTO audit_entry SELECT * FROM kept").await;
        site.place.sql("DELETE FROM instance").await;
        site.place.sql("INSERT INTO instance SELECT * FROM kept_instance").await;
    }
    security_lane(&site).await;
    // Nothing purges bodies yet, so nobody may have emptied one.
    let emptied = if site.place.is_sqlite() { "x''" } else { "''::bytea" };
    let purge = format!("UPDATE audit_entry SET body = '', salt = {emptied} WHERE stream = {stream} AND seq = 2");
    assert_eq!(site.place.sql(&purge).await, 1);
    found(&site, &purge, &id, &[("body_emptied", 2)]).await;
    site.place.sql("DROP TABLE kept").await;
    site.place.sql("DROP TABLE kept_instance").await;
    borrowed_authority(&mut site).await;
    site.end().await;
}

/// The five entries of the order, rewritten in every way.
async fn cases(site: &Site, id: &str) -> Vec<Case> {
    let here = |seq: i64| format!("WHERE stream = $S AND seq = {seq}");
    let store = site.place.store().await;
    let stream = StreamId(id.parse::<fluxor_engine::ids::InstanceId>().unwrap().0);
    let entries = store.entries(TenantId(1), stream, 0, 10).await.unwrap();
    assert_eq!(entries.len(), 5);
    let bytes = |hex: String| if site.place.is_sqlite() { format!("X'{hex}'") } else { format!("'\\x{hex}'::bytea") };
    let rewritten = |seq: i64| {
        let header = entries[usize::try_from(seq - 1).unwrap()].header.replace("\"at\":1", "\"at\":2");
        let hash = bytes(header_hash(&header).to_string());
        format!("UPDATE audit_entry SET header = '{header}', hash = {hash}, at = at + 1 {}", here(seq))
    };
    let columns = "tenant, at, txid, header, hash, body_digest, salt, body";
    let copy = |stream: &str, seq: i64, from: i64| {
        format!(
            "INSERT INTO audit_entry (stream, seq, {columns}) SELECT {stream}, {seq}, {columns} FROM audit_entry {}",
            here(from)
        )
    };
    let elsewhere = site.place.id("01a20e85-0000-7000-8000-000000000000");
    vec![
        ("UPDATE instance SET state = 'received' WHERE id = $S".to_owned(), vec![("row_changed", 5)]),
        (format!("UPDATE audit_entry SET body = '{{}}' {}", here(3)), vec![("body_changed", 3)]),
        (format!("UPDATE audit_entry SET body = '' {}", here(3)), vec![("body_changed", 3)]),
        (
            format!("UPDATE audit_entry SET body = replace(body, '\"bob\"', '\"eve\"') {}", here(3)),
            vec![("body_changed", 3)],
        ),
        (
            format!("UPDATE audit_entry SET header = replace(header, '\"bob\"', '\"eve\"') {}", here(3)),
            vec![("header_changed", 3)],
        ),
        (rewritten(3), vec![("chain_broken", 4)]),
        (rewritten(5), vec![("head_changed", 5)]),
        (format!("UPDATE audit_entry SET header = 'x' {}", here(2)), vec![("header_changed", 2), ("unreadable", 2)]),
        (format!("UPDATE audit_entry SET at = at + 1 {}", here(1)), vec![("columns_changed", 1)]),
        (format!("UPDATE audit_entry SET tenant = 2 {}", here(3)), vec![("missing", 3)]),
        (format!("DELETE FROM audit_entry {}", here(3)), vec![("missing", 3)]),
        (format!("DELETE FROM audit_entry {}", here(1)), vec![("missing", 1)]),
        (format!("DELETE FROM audit_entry {}", here(5)), vec![("tail_missing", 5)]),
        ("DELETE FROM audit_entry WHERE stream = $S".to_owned(), vec![("tail_missing", 1)]),
        (copy("$S", 6, 5), vec![("columns_changed", 6), ("tail_extra", 6)]),
        (copy("$S", 0, 5), vec![("unreadable", 0)]),
        (format!("UPDATE audit_entry SET salt = {} {}", bytes(String::new()), here(3)), vec![("unreadable", 3)]),
        (format!("UPDATE audit_entry SET hash = {} {}", bytes("00".to_owned()), here(2)), vec![("unreadable", 2)]),
        (copy(&elsewhere, 1, 1), vec![("columns_changed", 1), ("no_head", 1)]),
        (
            format!(
                "UPDATE audit_entry SET seq = -1 {}; UPDATE audit_entry SET seq = 2 {}; UPDATE audit_entry SET seq = 3 {}",
                here(2),
                here(3),
                here(-1)
            ),
            vec![("columns_changed", 2), ("columns_changed", 3)],
        ),
        ("UPDATE instance SET seq = seq + 1 WHERE id = $S".to_owned(), vec![("tail_missing", 6)]),
        ("UPDATE instance SET seq = seq - 1 WHERE id = $S".to_owned(), vec![("tail_extra", 5)]),
        ("DELETE FROM instance WHERE id = $S".to_owned(), vec![("no_head", 5)]),
    ]
}

/// Exit code 1, the findings by name for machines and people.
async fn found(site: &Site, statements: &str, id: &str, findings: &[(&str, i64)]) {
    let told = site.command(&["audit", "verify", "--json"]).await;
    assert_eq!(told.code(), 1, "{statements}: {}", told.all());
    let report: Value = serde_json::from_str(&told.output()).unwrap();
    assert_eq!(report["ok"], false);
    let said = report["findings"].as_array().unwrap();
    for (code, seq) in findings {
        let one = said.iter().find(|finding| finding["code"] == *code && finding["seq"] == *seq);
        assert!(one.is_some(), "{statements}: no {code} at {seq} in {said:?}");
    }
    let strangers =
        statements.contains("01a20e85") || statements.contains("X'01A2") || statements.contains("01a20e85000");
    if !strangers {
        assert!(said.iter().all(|finding| finding["stream"] == id), "{statements}: others are accused: {said:?}");
        let people = site.command(&["audit", "verify"]).await.output();
        let (code, seq) = findings[0];
        assert!(people.contains(&format!("[{code}] tenant 1 stream {id} entry {seq}:")), "{people}");
    }
}

/// An organisation that was put there, decided something, and was taken away again.
async fn borrowed_authority(site: &mut Site) {
    let there = "INSERT INTO organisation (tenant, revision, at, document)
         SELECT tenant, revision + 1, at, document FROM organisation WHERE tenant = 1";
    assert_eq!(site.place.sql(there).await, 1);
    site.start().await;
    let (id, _) = in_review(site, "ann", "400.00 EUR").await;
    site.stop().await;
    let gone = "DELETE FROM organisation WHERE revision = 2";
    assert_eq!(site.place.sql(gone).await, 1);
    let told = site.command(&["audit", "verify", "--json"]).await;
    let report: Value = serde_json::from_str(&told.output()).unwrap();
    let of_it = report["findings"].as_array().unwrap().iter().filter(|finding| finding["stream"] == *id);
    let of_it: Vec<(&Value, &Value)> = of_it.map(|finding| (&finding["code"], &finding["seq"])).collect();
    assert_eq!(of_it, [(&json!("unknown_revision"), &json!(1))], "{report}");
}

/// A refusal on grounds of authority cannot be taken out again.
async fn security_lane(site: &Site) {
    let store = site.place.store().await;
    let mut lane = None;
    for stream in store.streams(TenantId(1), None, 1000).await.unwrap() {
        let entries = store.entries(TenantId(1), stream, 0, 10).await.unwrap();
        if entries.iter().any(|entry| &*entry.parsed().unwrap().kind == "security") {
            assert_eq!(entries.len(), 1, "one refusal, one entry");
            lane = Some(stream);
        }
    }
    drop(store);
    let lane = lane.expect("the refusal was noted").to_string();
    let gone = format!("DELETE FROM audit_entry WHERE stream = {}", site.place.id(&lane));
    assert_eq!(site.place.sql(&gone).await, 1);
    found(site, &gone, &lane, &[("tail_missing", 1)]).await;
    site.place.sql("DELETE FROM audit_entry").await;
    site.place.sql("INSERT INTO audit_entry SELECT * FROM kept").await;
    // A key that was put there by hand: no entry made it.
    let forge =
        "INSERT INTO api_key (tenant, id, secret_hash, person, label, administrator, created_at)
         SELECT tenant, 'forged', (SELECT hash FROM audit_entry WHERE seq = 1 ORDER BY hash LIMIT 1), person, label, administrator, created_at FROM api_key
         WHERE tenant = 1 ORDER BY id LIMIT 1";
    assert_eq!(site.place.sql(forge).await, 1);
    let told = site.command(&["audit", "verify", "--json"]).await;
    let report: Value = serde_json::from_str(&told.output()).unwrap();
    assert_eq!(report["ok"], false);
    let stream = StreamId::of_record("key", "forged").to_string();
    assert_eq!(
        (&report["findings"][0]["stream"], &report["findings"][0]["code"]),
        (&json!(stream), &json!("row_unmade"))
    );
    site.place.sql("DELETE FROM api_key WHERE id = 'forged'").await;
}

/// Who could decide at an instant is asked of the organisation as it was then.
pub(super) async fn an_earlier_organisation_is_what_its_entries_say(mut site: Site) {
    site.admin().patch("/v1/organisation", &json!({ "zone": "Europe/Paris" })).await.is(200);
    site.stop().await;
    site.command(&["audit", "verify"]).await.done();
    for tampering in [
        "UPDATE organisation SET document = replace(document, '\"bob\"', '\"eve\"') WHERE revision = 1 AND tenant = 1",
        "DELETE FROM organisation WHERE revision = 1 AND tenant = 1",
    ] {
        assert_eq!(site.place.sql(tampering).await, 1);
        let told = site.command(&["audit", "verify"]).await;
        assert!(told.code() != 0 && told.all().contains("[row_changed]"), "{}", told.all());
        assert!(told.all().contains("revision 1 of the organisation is not what its entries say"), "{}", told.all());
    }
    site.end().await;
}

/// What stands beside the streams is held against them, too: since when a revision holds, what a record is called, what is set,
/// and the text of definitions.
pub(super) async fn rows_beside_the_streams_are_what_entries_made(mut site: Site) {
    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    site.admin().patch("/v1/organisation", &json!({ "zone": "Europe/Paris" })).await.is(200);
    site.stop().await;
    site.command(&["audit", "verify"]).await.done();
    let organisation = StreamId::of_record("organisation", "organisation").to_string();
    let limits = StreamId::of_record("setting", "limits").to_string();
    let cases: [Undone<'_>; 6] = [
        (
            "UPDATE organisation SET at = at - 4000000 WHERE revision = 2 AND tenant = 1",
            "UPDATE organisation SET at = at + 4000000 WHERE revision = 2 AND tenant = 1",
            (&organisation, "row_changed", "revision 2 of the organisation is dated"),
        ),
        (
            "UPDATE organisation SET at = at + 1 WHERE revision = 1 AND tenant = 1",
            "UPDATE organisation SET at = at - 1 WHERE revision = 1 AND tenant = 1",
            (&organisation, "row_changed", "revision 1 of the organisation is dated"),
        ),
        (
            "INSERT INTO organisation (tenant, revision, at, document)
             SELECT tenant, 3, at, document FROM organisation WHERE tenant = 1 AND revision = 2",
            "DELETE FROM organisation WHERE revision = 3",
            (&organisation, "row_changed", "no entry made revision 3"),
        ),
        (
            "UPDATE record SET key = 'other' WHERE kind = 'organisation' AND tenant = 1",
            "UPDATE record SET key = 'organisation' WHERE kind = 'organisation' AND tenant = 1",
            (&organisation, "row_changed", "names organisation `other`"),
        ),
        (
            "INSERT INTO setting (tenant, code, version, document) VALUES (1, 'limits', 1, '{}')",
            "DELETE FROM setting WHERE code = 'limits'",
            (&limits, "row_unmade", "no entry wrote the row of `limits`"),
        ),
        (
            "UPDATE definition SET source = source || '# ' WHERE name = 'purchase_order'",
            "UPDATE definition SET source = substr(source, 1, length(source) - 2) WHERE name = 'purchase_order'",
            (&id, "definition_changed", "of `purchase_order` makes"),
        ),
    ];
    each_is_found(&site, &cases).await;
    site.end().await;
}

/// What is done, how it is undone, and what is found: stream, code, words.
type Undone<'a> = (&'a str, &'a str, (&'a str, &'a str, &'a str));

/// One row each is tampered with, found, and given back.
async fn each_is_found(site: &Site, cases: &[Undone<'_>]) {
    for (tampering, back, (stream, code, word)) in cases {
        assert_eq!(site.place.sql(tampering).await, 1, "{tampering}");
        let told = site.command(&["audit", "verify", "--json"]).await;
        assert_eq!(told.code(), 1, "{tampering}: {}", told.all());
        let report: Value = serde_json::from_str(&told.output()).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let [finding] = &findings[..] else { panic!("{tampering}: {report}") };
        assert_eq!((&finding["stream"], &finding["code"]), (&json!(stream), &json!(code)), "{tampering}");
        assert!(finding["message"].as_str().unwrap().contains(word), "{tampering}: {report}");
        assert_eq!(site.place.sql(back).await, 1, "{back}");
    }
    site.command(&["audit", "verify"]).await.done();
}

/// Nobody comes in with another's secret, nor says in somebody's place how that person is written to, without its being found.
pub(super) async fn keys_and_preferences_are_what_entries_made(mut site: Site) {
    let bob = site.by("bob");
    let wish = bob.request(Method::PUT, "/v1/me/notices").header("idempotency-key", fresh_key());
    bob.send(wish.json(&json!({ "mail": "digest" }))).await.is(200);
    let keys = site.admin().get("/v1/keys").await.is(200);
    let own = keys["items"].as_array().unwrap().iter().find(|key| key["person"] == "bob").unwrap();
    let own = text(&own["id"]);
    site.stop().await;
    site.command(&["audit", "verify"]).await.done();
    site.place.sql("CREATE TABLE kept_key AS SELECT id, secret_hash FROM api_key").await;
    let exchanged = format!(
        "UPDATE api_key SET secret_hash = (SELECT hash FROM audit_entry WHERE seq = 1 ORDER BY hash LIMIT 1) WHERE id = '{own}'"
    );
    let given_back = format!(
        "UPDATE api_key SET secret_hash = (SELECT k.secret_hash FROM kept_key AS k WHERE k.id = '{own}') WHERE id = '{own}'"
    );
    let stream = |kind: &str, key: &str| StreamId::of_record(kind, key).to_string();
    let (key, bob, eve) = (stream("key", &own), stream("preference", "bob"), stream("preference", "eve"));
    let cases: [Undone<'_>; 4] = [
        (&exchanged, &given_back, (&key, "row_changed", "/secret")),
        (
            "UPDATE preference SET document = '{\"mail\":\"off\"}' WHERE person = 'bob'",
            "UPDATE preference SET document = '{\"mail\":\"digest\"}' WHERE person = 'bob'",
            (&bob, "row_changed", "the row of `bob` in `preference` is not what entry 1 wrote"),
        ),
        (
            "INSERT INTO preference (tenant, person, version, document) VALUES (1, 'eve', 1, '{}')",
            "DELETE FROM preference WHERE person = 'eve'",
            (&eve, "row_unmade", "no entry wrote the row of `eve` in `preference`"),
        ),
        (
            "DELETE FROM preference WHERE person = 'bob'",
            "INSERT INTO preference (tenant, person, version, document) VALUES (1, 'bob', 1, '{\"mail\":\"digest\"}')",
            (&bob, "row_changed", "the row of `bob` that entry 1 wrote is not in `preference`"),
        ),
    ];
    each_is_found(&site, &cases).await;
    site.place.sql("DROP TABLE kept_key").await;
    site.end().await;
}

/// The rows by which inboxes, due timers and repeated requests are found follow from the streams, and are no word of their own.
pub(super) async fn the_rows_of_indexes_are_what_the_streams_make(mut site: Site) {
    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    let body = json!({ "input": { "requester": "ann" } });
    let alarm = text(&site.by("ann").post("/v1/workflows/alarm/instances", &body).await.is(201)["id"]);
    site.stop().await;
    site.command(&["audit", "verify"]).await.done();
    let [order, alarm_id] = [&id, &alarm].map(|id| site.place.id(id));
    for table in ["task_holder", "timer", "start_key"] {
        site.place.sql(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
    }
    let moved =
        format!("UPDATE start_key SET instance = {alarm_id} WHERE instance = {order} AND scope LIKE 'request%'");
    let cases = [
        ("task_holder", format!("DELETE FROM task_holder WHERE instance = {order}"), &id, "index_missing", "bob"),
        (
            "task_holder",
            format!("UPDATE task_holder SET person = 'eve' WHERE instance = {order}"),
            &id,
            "index_extra",
            "eve",
        ),
        (
            "timer",
            format!("UPDATE timer SET due_at = due_at + 1 WHERE instance = {alarm_id}"),
            &alarm,
            "index_missing",
            "timer",
        ),
        (
            "timer",
            format!("UPDATE timer SET name = 'other' WHERE instance = {alarm_id}"),
            &alarm,
            "index_extra",
            "`other`",
        ),
        ("start_key", moved.clone(), &id, "index_missing", "`request:ann`"),
        ("start_key", moved, &alarm, "index_extra", "`request:ann`"),
        ("start_key", "DELETE FROM start_key".to_owned(), &id, "index_missing", "start_key"),
    ];
    for (table, tampering, stream, code, word) in cases {
        assert!(site.place.sql(&tampering).await > 0, "{tampering}");
        let told = site.command(&["audit", "verify", "--json"]).await;
        assert_eq!(told.code(), 1, "{tampering}: {}", told.all());
        let report: Value = serde_json::from_str(&told.output()).unwrap();
        let named = |finding: &Value| {
            let message = finding["message"].as_str().unwrap();
            finding["stream"] == **stream && finding["code"] == code && message.contains(word)
        };
        assert!(report["findings"].as_array().unwrap().iter().any(named), "{tampering}: {report}");
        site.place.sql(&format!("DELETE FROM {table}")).await;
        site.place.sql(&format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
    }
    site.command(&["audit", "verify"]).await.done();
    site.end().await;
}
