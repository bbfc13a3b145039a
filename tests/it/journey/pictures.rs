//! Pictures over HTTP and on the command line: of a workflow, and of an order half way.

use fluxor_tests::server::Site;
use reqwest::Method;

use super::company::in_review;

const WORKFLOW: &str = "/v1/workflows/purchase_order/picture";

/// The class of a state in a picture.
pub(super) fn class(picture: &str, path: &str) -> String {
    let document = roxmltree::Document::parse(picture).unwrap();
    let of = document.descendants().find(|node| node.attribute("data-state") == Some(path));
    of.unwrap().attribute("class").unwrap().to_owned()
}

pub(super) async fn a_workflow_and_an_order_half_way_are_drawn(site: Site) {
    let ann = site.by("ann");
    let picture = ann.get(WORKFLOW).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, "image/svg+xml"));
    assert_eq!(class(&picture.text, "open.review"), "state approval");
    assert!(picture.text.contains("<style>") && picture.header("cache-control").contains("no-cache"));
    // Nothing is sent twice, and nothing is taken for something else.
    let etag = picture.header("etag").to_owned();
    let again = |path: &'static str, etag: &str| ann.send(ann.request(Method::GET, path).header("if-none-match", etag));
    let same = again(WORKFLOW, &etag).await;
    assert_eq!((same.status, same.text.as_str(), same.header("etag")), (304, "", etag.as_str()));
    assert_eq!(again(WORKFLOW, "\"other\"").await.text, picture.text);
    let bare = again("/v1/workflows/purchase_order/picture?bare=true", &etag).await;
    assert!(bare.status == 200 && !bare.text.contains("<style"), "{}", bare.text);
    let dot = ann.get("/v1/workflows/purchase_order/picture?format=dot").await;
    assert!(dot.text.starts_with("digraph \"purchase_order\" {") && dot.header("content-type").contains("graphviz"));
    let mermaid = ann.get("/v1/workflows/purchase_order/picture?format=mermaid").await;
    assert!(mermaid.text.contains("stateDiagram-v2"), "{}", mermaid.text);
    let wrong = ann.get("/v1/workflows/purchase_order/picture?format=png").await.refused(400, "invalid_query");
    assert!(wrong["detail"].as_str().unwrap().contains("mermaid"), "{wrong}");
    let unknown = ann.get("/v1/workflows/purchase_ordr/picture").await.refused(404, "unknown_workflow");
    assert!(unknown.to_string().contains("purchase_order"), "{unknown}");
    site.anonymous().get(WORKFLOW).await.refused(401, "unauthenticated");

    let (id, _) = in_review(&site, "ann", "100.00 EUR").await;
    let path = format!("/v1/instances/{id}/picture");
    let half = ann.get(&path).await;
    half_way(&half.text);
    // What changes the instance changes its picture.
    ann.signal(&id, "recall", &serde_json::json!({})).await.is(200);
    let back = ann.get(&path).await;
    assert_ne!(half.header("etag"), back.header("etag"));
    assert_eq!(
        (class(&back.text, "draft").as_str(), class(&back.text, "open.review").as_str()),
        ("state now", "state approval been")
    );
    ann.signal(&id, "submit", &serde_json::json!({})).await.is(200);
    ann.get("/v1/instances/01890000-0000-7000-8000-000000000001/picture").await.refused(404, "unknown_instance");

    on_the_command_line(&site, &id).await;
    site.end().await;
}

/// An order in review: placed by hand, submitted.
fn half_way(picture: &str) {
    assert_eq!(class(picture, "open.review"), "state approval now");
    assert_eq!(class(picture, "open"), "frame now");
    assert_eq!(class(picture, "draft"), "state been");
    assert_eq!(class(picture, "ordered"), "state");
    // Only an order of a run is placed by the engine.
    assert_eq!(class(picture, "placing"), "state closed");
    assert!(picture.contains("It is now in In approval."), "{picture}");
}

async fn on_the_command_line(site: &Site, id: &str) {
    let file = site.folder().join("order.svg");
    let shown = file.display().to_string();
    let told = site.command(&["graph", "--instance", id, "--output", &shown]).await.done();
    assert!(told.contains(&shown) && told.contains("Purchase order"), "{told}");
    half_way(&std::fs::read_to_string(&file).unwrap());
    let told = site.command(&["--json", "graph", "requisition", "--format", "mermaid"]).await.done();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["format"], "mermaid");
    assert!(told["picture"].as_str().unwrap().contains("stateDiagram-v2"));
    let near = site.command(&["graph", "requsition"]).await;
    assert!(near.code() == 1 && near.all().contains("Did you mean `requisition`?"), "{}", near.all());
    let other = site.command(&["graph", "requisition", "--instance", id]).await;
    assert!(other.code() == 2 && other.all().contains("`purchase_order`"), "{}", other.all());
    let ending = site.command(&["graph", "requisition", "--output", "x.png"]).await;
    assert!(ending.code() == 2 && ending.all().contains("mmd"), "{}", ending.all());
    let wrong = site.folder().join("wrong.yaml");
    std::fs::write(&wrong, "workflow: wrong\nversion: 1\nstart: nowhere\n").unwrap();
    let refused = site.command(&["graph", &wrong.display().to_string()]).await;
    assert!(refused.code() == 1 && refused.all().contains("error[FLX"), "{}", refused.all());
}
