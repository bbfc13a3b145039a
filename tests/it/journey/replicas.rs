//! Several servers that share a store of limits: a limit is one limit, whoever is asked; and a store that stops, dies and
//! comes back.

use std::time::{Duration, Instant};

use fluxor_tests::redis::Server;
use fluxor_tests::server::place::Place;
use fluxor_tests::server::{Replica, Site};
use serde_json::{Value, json};

use super::company;
use super::limits::set;

/// What is counted, by which route, and how far: names a log, a window, a ring, a bucket, and one that is taken ahead.
fn exact() -> Value {
    let policy = |name: &str, route: &str, strategy: Value| json!({ "name": name, "by": ["user"], "routes": [route], "strategy": strategy });
    let mut ahead = policy("ahead", "/v1/items", json!({ "fixed": { "limit": 60, "window": "month" } }));
    ahead["token_lease"] = json!({ "tokens": 5, "time": "1s" });
    json!({ "policies": [
        policy("log", "/v1/workflows", json!({ "log": { "limit": 40, "window": "1h" } })),
        policy("month", "/v1/tasks", json!({ "fixed": { "limit": 50, "window": "month" } })),
        policy("ring", "/v1/instances", json!({ "ring": { "limit": 45, "window": "1h", "slots": 12 } })),
        policy("bucket", "/v1/orders", json!({ "bucket": { "burst": 30, "tokens": 1, "per": "1h" } })),
        ahead,
    ] })
}

const ROUTES: [(&str, usize, usize); 5] = [
    ("/v1/workflows", 40, 0),
    ("/v1/tasks", 50, 0),
    ("/v1/instances", 45, 0),
    ("/v1/orders", 30, 0),
    ("/v1/items", 60, 4 * 5),
];

/// Asks all servers at once, so often each, and tells how many were answered.
async fn admitted(site: &Site, servers: &[Replica], route: &'static str, each: usize) -> usize {
    let mut asking = Vec::new();
    for server in servers {
        for _ in 0..each {
            let client = server.client(site, Some("ann"));
            asking.push(tokio::spawn(async move { client.get(route).await.status }));
        }
    }
    let mut admitted = 0;
    for one in asking {
        match one.await.unwrap() {
            200 => admitted += 1,
            status => assert_eq!(status, 429),
        }
    }
    admitted
}

async fn four(site: &Site, options: &[&str]) -> Vec<Replica> {
    let mut servers = Vec::new();
    for name in ["one", "two", "three", "four"] {
        servers.push(site.replica(name, options).await);
    }
    // What the first server took is in force on the others within a second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    servers
}

/// Whatever is asked of whom, what is exact is exact. `trouble` happens meanwhile.
async fn one_limit(store: &str, place: Place, mut trouble: impl FnMut()) {
    let site = Site::new(place, company::DEFINITIONS).await;
    set(&site, "limits", &exact()).await;
    // A loaded machine is no reason to decide alone here.
    let servers = four(&site, &["--limits-store", store, "--limits-patience", "10000"]).await;
    for (route, limit, more) in ROUTES {
        trouble();
        let mut passed = admitted(&site, &servers, route, 30).await;
        if more > 0 {
            // What servers took ahead and did not use is there for all a little later.
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            passed += admitted(&site, &servers, route, 10).await;
        }
        assert!((limit..=limit + more).contains(&passed), "{route}: {passed} of {limit}");
    }
    for server in &servers {
        let figures = server.client(&site, None).get("/metrics").await.text;
        assert!(figures.contains("fluxor_limits_store_away 0"), "{figures}");
        assert!(!figures.contains("fluxor_limit_decisions_alone_total"), "{figures}");
    }
    drop(servers);
    site.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_servers_on_redis() {
    let Some(mut redis) = Server::own(&[]) else { return };
    if let Some(place) = Place::postgres("four_servers_on_redis").await {
        // It stands still for a moment, for less than anybody's patience: all wait, and nothing is decided without it.
        let url = redis.url.clone();
        let pause = move || {
            redis.pause();
            std::thread::sleep(Duration::from_millis(20));
            let pid = redis.pid();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(400));
                fluxor_tests::redis::signal(pid, "CONT");
            });
        };
        one_limit(&url, place, pause).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_servers_on_postgres() {
    if let Some(place) = Place::postgres("four_servers_on_postgres").await {
        one_limit("database", place, || ()).await;
    }
}

/// What each policy does while the store is away: 20 of 40 by each of two servers, all, none.
fn away() -> Value {
    let policy = |name: &str, route: &str, limit: u64| {
        let month = json!({ "fixed": { "limit": limit, "window": "month" } });
        json!({ "name": name, "by": ["user"], "routes": [route], "away": name, "strategy": month })
    };
    json!({ "policies": [policy("local", "/v1/workflows", 40), policy("open", "/v1/tasks", 5), policy("closed", "/v1/orders", 1_000)] })
}

async fn gauge(site: &Site, server: &Replica) -> bool {
    let figures = server.client(site, None).get("/metrics").await.text;
    assert!(figures.contains("fluxor_limits_store_away "), "{figures}");
    figures.contains("fluxor_limits_store_away 1")
}

async fn until(site: &Site, servers: &[Replica], away: bool) -> Duration {
    let since = Instant::now();
    for server in servers {
        while gauge(site, server).await != away {
            assert!(since.elapsed() < Duration::from_secs(30), "{}", server.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    since.elapsed()
}

/// So often the log says that.
fn said(server: &Replica, words: &str) -> usize {
    server.log().lines().filter(|line| line.contains(words)).count()
}

/// The log has said so often that the store went, and when it stays, that it is back.
async fn told(servers: &[Replica], times: usize) {
    let since = Instant::now();
    for server in servers {
        while (said(server, "is away"), said(server, "is back")) != (times, times) {
            assert!(since.elapsed() < Duration::from_secs(30), "{}", server.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_stops_dies_and_comes_back() {
    let Some(mut redis) = Server::own(&[]) else { return };
    let Some(place) = Place::postgres("a_store_that_stops_dies_and_comes_back").await else { return };
    let site = Site::new(place, company::DEFINITIONS).await;
    set(&site, "limits", &away()).await;
    let options = ["--limits-store", redis.url.as_str()];
    let servers = [site.replica("one", &options).await, site.replica("two", &options).await];
    // Each has heard of the other, and of the limits.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(admitted(&site, &servers, "/v1/tasks", 5).await, 5);

    redis.pause();
    let began = Instant::now();
    for _ in 0..40 {
        for server in &servers {
            server.client(&site, Some("ann")).get("/v1/tasks").await.is(200);
        }
    }
    println!("80 requests one after the other while Redis stands still: {:?}", began.elapsed());
    until(&site, &servers, true).await;
    for server in &servers {
        let client = server.client(&site, Some("ann"));
        let refused = client.get("/v1/orders").await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
        let problem = refused.refused(503, "reduced_capacity");
        assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity");
        assert_eq!(problem["violated-policies"], json!(["closed"]));
        assert!(problem["detail"].as_str().unwrap().contains("cannot be looked up"), "{problem}");
    }
    // Shares of two servers that know of each other.
    assert_eq!(admitted(&site, &servers, "/v1/workflows", 30).await, 40);
    redis.resume();
    println!("found again after {:?}", until(&site, &servers, false).await);
    assert_eq!(admitted(&site, &servers, "/v1/tasks", 5).await, 0, "what was counted before still counts");
    assert_eq!(admitted(&site, &servers, "/v1/orders", 5).await, 10);
    told(&servers, 1).await;

    redis.stop();
    until(&site, &servers, true).await;
    assert_eq!(admitted(&site, &servers, "/v1/tasks", 20).await, 40);
    assert_eq!(admitted(&site, &servers, "/v1/workflows", 30).await, 0, "the shares of this month are used up");
    redis.start_again();
    println!("found again after {:?}", until(&site, &servers, false).await);
    // It has forgotten all: at most the limit once more.
    assert_eq!(admitted(&site, &servers, "/v1/tasks", 5).await, 5);
    told(&servers, 2).await;
    leavers_hold_nothing(&site, &servers[0]).await;
    let late = site.replica("late", &["--limits-store", "redis://127.0.0.1:1/"]).await;
    late.client(&site, Some("ann")).get("/v1/tasks").await.is(200);
    assert_eq!(said(&late, "is away"), 1, "{}", late.log());
    drop((servers, late));
    site.end().await;
}

/// Callers who go away while their request is decided, or served, keep no place.
async fn leavers_hold_nothing(site: &Site, server: &Replica) {
    let places = json!({ "leases": { "limit": 3, "lease": "1h" } });
    let document = json!({ "policies": [{ "name": "places", "by": ["user"], "strategy": places }] });
    set(site, "limits", &document).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let address = server.url.trim_start_matches("http://").to_owned();
    let ask =
        format!("GET /v1/tasks HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n", site.keys["ann"]);
    for wait in 0..100_u64 {
        let mut caller = std::net::TcpStream::connect(&address).unwrap();
        std::io::Write::write_all(&mut caller, ask.as_bytes()).unwrap();
        tokio::time::sleep(Duration::from_micros(wait * 50)).await;
    }
    let since = Instant::now();
    while server.client(site, Some("ann")).get("/v1/tasks").await.status != 200 {
        assert!(since.elapsed() < Duration::from_secs(20), "all places are held");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A certificate for 127.0.0.1 by an authority of the test's own; nothing where there is no `openssl`.
fn certificates(folder: &std::path::Path) -> Option<()> {
    let script = r#"
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem &&
        openssl req -newkey rsa:2048 -nodes -subj /CN=redis -keyout own.key -out own.csr &&
        printf 'subjectAltName=IP:127.0.0.1' > own.ext &&
        openssl x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile own.ext -out own.pem &&
        chmod a+r *.pem *.key"#;
    let made = std::process::Command::new("sh").arg("-c").arg(script).current_dir(folder).output();
    made.is_ok_and(|made| made.status.success()).then_some(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let Some(()) = certificates(folder.path()) else {
        return eprintln!("skipped: Redis over TLS (there is no openssl that makes certificates)");
    };
    // Redis may be somebody else.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let port = fluxor_tests::redis::free_port().to_string();
    let (own, key, authority) = (file("own.pem"), file("own.key"), file("ca.pem"));
    let tls = ["--tls-port", &port, "--tls-cert-file", &own, "--tls-key-file", &key, "--tls-ca-cert-file", &authority];
    let Some(_redis) = Server::own(&[&tls[..], &["--tls-auth-clients", "no"]].concat()) else { return };
    let site = Site::new(Place::sqlite(), company::DEFINITIONS).await;
    let database = tempfile::tempdir().unwrap();
    let other = database.path().join("other.sqlite").display().to_string();
    let url = format!("rediss://127.0.0.1:{port}/");
    let options = ["--limits-store", &url, "--database", &other];
    let mut known = site.replica_with("known", &options, &[("SSL_CERT_FILE", &authority)]).await;
    assert!(!gauge(&site, &known).await, "{}", known.log());
    // One that is only dropped may hold the file for a moment more.
    known.kill().await;
    let unknown = site.replica_with("unknown", &options, &[]).await;
    assert!(gauge(&site, &unknown).await);
    assert!(unknown.log().contains("certificate"), "{}", unknown.log());
    drop(unknown);
    site.end().await;
}
