//! A definition is looked at, over HTTP and on the command line, with the same findings; nothing is stored.

use fluxor_tests::server::Site;
use reqwest::Method;
use serde_json::{Value, json};

const PATH: &str = "/v1/definitions/check";

const WISH: &str = "workflow: wish
version: 1
subject: { name: wish, fields: { requester: person, rows: int } }
start: asked
allow: [{ code: FLX0309, in: parked, because: entered by repair only }]
states:
  asked: { on: { grant: granted } }
  parked: { on: { go: asked } }
  lost: { on: { go: asked } }
  granted: { final: true }
";

pub(super) async fn a_definition_is_looked_at_and_not_stored(site: Site) {
    let ann = site.by("ann");
    let send = |kind: &'static str, text: String| {
        ann.send(ann.request(Method::POST, PATH).header("content-type", kind).body(text))
    };
    let before = ann.get("/v1/workflows").await.is(200);

    let told = send("application/yaml", WISH.to_owned()).await.is(200);
    assert_eq!(told["summary"], json!({ "errors": 0, "warnings": 1, "silenced": 1 }));
    let findings = told["findings"].as_array().unwrap();
    assert_eq!((&findings[0]["code"], &findings[0]["line"]), (&json!("FLX0309"), &json!(9)));
    assert_eq!(findings[1]["silenced"], "entered by repair only");

    let wrong = WISH.replace("grant: granted", "grant: grantd");
    let refused = send("text/plain; charset=utf-8", wrong.clone()).await.refused(422, "definition_refused");
    assert_eq!(refused["summary"]["errors"], 1);
    let finding = &refused["findings"][0];
    let at = wrong.find("grantd").unwrap();
    assert_eq!(
        (&finding["code"], &finding["fix"]["text"], &finding["fix"]["start"], &finding["fix"]["end"]),
        (&json!("FLX0202"), &json!("granted"), &json!(at), &json!(at + 6))
    );
    assert!(refused["rendered"].as_str().unwrap().contains("^^^^^^ no such state"), "{refused}");

    // Its page has an example; browsers get it as HTML.
    let page = finding["page"].as_str().unwrap();
    let shown = site.anonymous().get(page).await;
    assert!(shown.status == 200 && shown.text.contains("```yaml state"), "{}", shown.text);
    let html = site.anonymous().request(Method::GET, page).header("accept", "text/html");
    assert!(ann.send(html).await.text.contains("<pre><code>on: { reopen"), "{page}");
    assert!(site.anonymous().get("/problems").await.text.contains("(/problems/FLX0202)"));
    site.anonymous().get("/problems/FLX9999").await.refused(404, "not_found");

    what_cannot_be_looked_at(&site).await;
    assert_eq!(ann.get("/v1/workflows").await.is(200), before);
    the_command_line_says_the_same(&site, &wrong, finding).await;
    site.end().await;
}

async fn what_cannot_be_looked_at(site: &Site) {
    let ann = site.by("ann");
    let request =
        |kind: &'static str, body: Vec<u8>| ann.request(Method::POST, PATH).header("content-type", kind).body(body);
    ann.send(request("application/json", b"{}".to_vec())).await.refused(415, "unsupported_media_type");
    ann.send(request("application/yaml", vec![b'x'; (1 << 20) + 1])).await.refused(413, "payload_too_large");
    let bytes = ann.send(request("application/yaml", b"a: \xff".to_vec())).await.refused(422, "definition_refused");
    assert_eq!(bytes["findings"][0]["code"], "FLX0001");
    let empty = ann.send(request("application/yaml", Vec::new())).await.refused(422, "definition_refused");
    assert_eq!(empty["findings"][0]["code"], "FLX0013");
    let nobody = site.anonymous();
    let unsigned = nobody.request(Method::POST, PATH).header("content-type", "application/yaml").body(WISH);
    nobody.send(unsigned).await.refused(401, "unauthenticated");
}

async fn the_command_line_says_the_same(site: &Site, wrong: &str, finding: &Value) {
    let file = site.folder().join("wish.yaml");
    let file = file.to_str().unwrap();
    std::fs::write(file, wrong).unwrap();
    let told = site.command(&["check", file, "--json"]).await;
    assert_eq!(told.code(), 1, "{}", told.all());
    let all: Value = serde_json::from_str(&told.output()).unwrap();
    let mut same = all["diagnostics"][0].clone();
    same["file"] = finding["file"].clone();
    assert_eq!(&same, finding);

    std::fs::write(file, WISH).unwrap();
    let told = site.command(&["check", file]).await;
    assert_eq!(told.code(), 0, "{}", told.all());
    assert!(told.output().contains("1 file: 0 errors, 1 warning, 1 silenced"), "{}", told.all());
    assert_eq!(site.command(&["check", file, "--deny-warnings"]).await.code(), 1);
    let all = WISH.replace("  lost: { on: { go: asked } }\n", "");
    std::fs::write(file, all).unwrap();
    assert_eq!(site.command(&["check", file, "--deny-warnings"]).await.code(), 0, "what is silenced is not denied");

    let page = site.command(&["explain-code", "flx0202"]).await.done();
    assert!(page.contains("# FLX0202: ") && page.contains("Corrected:"), "{page}");
    for said in ["nobody", "nobody:one", "the approval needs help: nobody:one"] {
        let page = site.command(&["explain-code", said]).await.done();
        assert!(page.starts_with("# An approval needs a person") && page.contains("`nobody:STEP`"), "{said}: {page}");
    }
    let list = site.command(&["explain-code"]).await.done();
    assert!(list.contains("FLX0202  An arrow") && list.contains("not_accepted  "), "{list}");
}
