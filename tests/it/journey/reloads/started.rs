//! A server that starts while a file is refused.

use fluxor_tests::server::Site;
use serde_json::json;

use super::super::company::text;
use super::{begin, entries, item, read, ready, until, write};

pub(in super::super) async fn a_server_starts_with_what_was_in_force(mut site: Site) {
    let source = read(&site, "pair.yaml");
    let first = text(&begin(&site).await.is(201)["id"]);
    let old = item(&site, "pair").await;
    site.stop().await;

    // Nothing is kept of a workflow that nobody has begun: as with any first start, all files must hold.
    write(&site, "never.yaml", "workflow: never\nversion: 1\nsubject: { name: n, fields: { n: } }\n");
    let told = site.command(&["serve", "--listen", "127.0.0.1:0"]).await;
    assert!(told.code() != 0 && told.all().contains("no version of `never` is kept"), "{}", told.all());
    std::fs::remove_file(super::file(&site, "never.yaml")).unwrap();

    write(&site, "pair.yaml", &source.replace("to: done", "to: dne"));
    site.start().await;
    let refused = ready(&site).await;
    assert!(refused[0]["file"] == "pair.yaml" && text(&refused[0]["error"]).contains("FLX0202"), "{refused}");
    assert!(site.log().contains("pair.yaml is refused, and what was in force stays"), "{}", site.log());
    assert_eq!(item(&site, "pair").await["hash"], old["hash"]);
    let second = text(&begin(&site).await.is(201)["id"]);
    for id in [&first, &second] {
        assert_eq!(site.by("ann").signal(id, "submit", &json!({})).await.is(200)["state"], "review");
    }

    // Another version comes in force, which nobody begins; what was before it is not fallen back on.
    let before = entries(&site).await;
    write(&site, "pair.yaml", &source.replace("version: 1", "version: 2"));
    site.hang_up();
    until("it is mended", async || ready(&site).await == json!([])).await;
    until("that it is in force is in the trail", async || entries(&site).await > before).await;
    site.stop().await;
    write(&site, "pair.yaml", "workflow: pair\nversion: {");
    let told = site.command(&["serve", "--listen", "127.0.0.1:0"]).await;
    assert!(told.code() != 0 && told.all().contains("no version of `pair` is kept"), "{}", told.all());
    // Begun once, it is kept.
    write(&site, "pair.yaml", &source.replace("version: 1", "version: 2"));
    site.start().await;
    begin(&site).await.is(201);
    site.stop().await;
    write(&site, "pair.yaml", "workflow: pair\nversion: {");
    site.start().await;
    assert_eq!(item(&site, "pair").await["version"], 2);
    begin(&site).await.is(201);
    site.stop().await;

    // Beside it a copy that somebody has left there, before it by name and older, or broken; and saved in another encoding.
    let whole = source.replace("version: 1", "version: 2");
    write(&site, "pair.yaml", &whole);
    for copy in [source.clone(), whole.clone(), "workflow: pair\nversion: {".to_owned()] {
        write(&site, "copy of pair.yaml", &copy);
        site.start().await;
        assert_eq!(item(&site, "pair").await["version"], 2, "what was in force counts");
        assert_ne!(ready(&site).await, json!([]), "and the other file is told");
        site.stop().await;
    }
    std::fs::remove_file(super::file(&site, "copy of pair.yaml")).unwrap();
    let utf_16: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(super::file(&site, "pair.yaml"), [&[0xff, 0xfe], &*utf_16].concat()).unwrap();
    site.start().await;
    assert_eq!(item(&site, "pair").await["version"], 2);
    let refused = ready(&site).await;
    assert!(text(&refused[0]["error"]).contains("this is not UTF-8"), "{refused}");
    site.end().await;
}
