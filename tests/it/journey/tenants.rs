//! A key opens the doors of its own tenant: commands that are for another one ask nothing with it.

use fluxor_tests::server::Site;
use serde_json::{Value, json};

/// A command that goes to a server with a key, and is for tenant 2.
fn commands() -> Vec<Vec<&'static str>> {
    let lines = [
        "settings set limits FILE",
        "settings reset limits",
        "webhooks list",
        "webhooks secret erp",
        "webhooks deliveries erp",
        "webhooks replay erp --failed",
        "webhooks test erp",
        "sessions list --person bob",
        "sessions end --person bob",
        "definitions list",
        "definitions reload",
        "instances counts",
        "migrate MAP --reason x",
        "organisation load FILE",
        "absences list",
        "absences end x",
        "limits show",
        "limits show --me",
        "limits usage",
        "limits refused",
        "limits replay",
        "sign-in --person bob",
        "keys create --person bob",
        "keys revoke 0123456789abcdef",
        "notices set bob FILE",
        "reorder run --unit it",
        "settings list",
        "settings show limits",
        "settings history limits",
    ];
    lines.iter().map(|line| line.split(' ').collect()).collect()
}

pub(super) async fn a_key_is_for_its_own_tenant_alone(site: Site) {
    let file = site.folder().join("one.yaml");
    std::fs::write(&file, "policies: []\n").unwrap();
    let file = file.to_str().unwrap();
    let map = site.folder().join("map.yaml");
    std::fs::write(&map, "migrate: purchase_order\n").unwrap();
    let map = map.to_str().unwrap();
    let named = |word: &&'static str| match *word {
        "FILE" => file.to_owned(),
        "MAP" => map.to_owned(),
        word => word.to_owned(),
    };
    let admin = site.admin();
    let before = admin.get("/v1/audit/verify").await.is(200)["entries"].clone();
    for line in commands() {
        let words: Vec<String> = line.iter().map(named).collect();
        let mut arguments: Vec<&str> = words.iter().map(String::as_str).collect();
        arguments.extend(["--tenant", "2", "--server", &site.url]);
        let told = site.command_with(&arguments, Some(&site.keys["admin"])).await;
        let words = told.all();
        assert!(words.contains("the key is of tenant 1, and this is for tenant 2"), "{line:?}: {words}");
        assert_eq!(told.0.status.code(), Some(2), "{line:?}: {words}");
    }
    let after = admin.get("/v1/audit/verify").await.is(200)["entries"].clone();
    assert_eq!(before, after, "nothing was written");
    assert_eq!(admin.get("/v1/settings/limits").await.is(200)["version"], 0);

    // Whoever is over a limit is told whose key it is all the same.
    let shut = json!({ "policies": [{ "name": "shut", "by": ["user"],
        "strategy": { "log": { "limit": 1, "window": "1h" } } }] });
    super::limits::set(&site, "limits", &shut).await;
    admin.get("/v1/workflows").await.is(200);
    admin.get("/v1/workflows").await.refused(429, "quota_exceeded");
    let reset = ["settings", "reset", "limits", "--server", &site.url, "--tenant"];
    let foreign = site.command_with(&[&reset[..], &["2"]].concat(), Some(&site.keys["admin"])).await;
    assert!(foreign.all().contains("the key is of tenant 1"), "{}", foreign.all());
    site.command_with(&[&reset[..], &["1"]].concat(), Some(&site.keys["admin"])).await.done();
    // It says first that its sender may not, and then what is wrong.
    let stranger = ["settings", "set", "server_limits", file, "--server", &site.url, "--tenant", "2"];
    std::fs::write(file, "polices: []\n").unwrap();
    let told = site.command_with(&stranger, Some(&site.keys["stranger"])).await;
    assert!(told.all().contains("not_allowed") && !told.all().contains("polices"), "{}", told.all());
    let own = ["settings", "set", "limits", file, "--server", &site.url];
    let told = site.command_with(&own, Some(&site.keys["admin"])).await;
    assert!(told.all().contains("one.yaml: ") && told.all().contains("did you mean `policies`?"), "{}", told.all());
    settings_at_the_console(&site).await;
    site.end().await;
}

async fn settings_at_the_console(site: &Site) {
    let told = site.command(&["settings", "history", "limits", "--json"]).await.done();
    let changes: Value = serde_json::from_str(&told).unwrap();
    let named = ["settings", "history", "limits", "--json", "--server", &site.url];
    assert_eq!(site.command_with(&named, Some(&site.keys["admin"])).await.done(), told, "a server tells the same");
    let [first, second] = &**changes.as_array().unwrap() else { panic!("{told}") };
    assert_eq!((&first["version"], &first["by"]), (&json!(1), &json!("dan")));
    assert_eq!(first["document"]["policies"][0]["name"], "shut");
    assert_eq!(second["version"], 2);
    assert!(site.command(&["settings", "history", "limits"]).await.done().contains("VERSION"));
    let unknown = site.command(&["settings", "history", "limit"]).await.all();
    assert!(unknown.contains("Did you mean `limits`? `fluxor settings list` lists all."), "{unknown}");

    let file = site.folder().join("daily.yaml");
    let daily =
        "headers: off\npolicies:\n- { name: daily, by: [tenant], strategy: { fixed: { limit: 9, window: day } } }\n";
    std::fs::write(&file, daily).unwrap();
    let check = ["settings", "check", "limits", file.to_str().unwrap(), "--limits-store", "process"];
    let told = site.command(&check).await;
    assert!(told.0.status.success() && told.all().contains("a restart forgets it"), "{}", told.all());
    let told = site.command(&[&check[..], &["--json"]].concat()).await.done();
    assert!(told.contains("\"warnings\":[\"`daily`"), "{told}");
}
