//! What limits cost: `GET /v1/tasks` without any (and without noting what is called), with one policy, with one whose tokens are
//! taken ahead, and with five on every request, in turn; counted in the server, in Redis, or in the database.

use std::path::Path;

use fluxor_tests::redis;

use crate::place::Place;
use crate::{Asked, http, load, median};

/// Nothing that the benchmark itself would meet.
const MANY: u64 = 1_000_000_000;

/// A document with a policy for each of these parts, of which the last only reports.
fn policies(parts: &[&str], more: &str) -> String {
    let policies: Vec<String> = parts
        .iter()
        .enumerate()
        .map(|(n, part)| {
            let shadow = n + 1 == parts.len() && n > 0;
            format!(
                r#"{{"name":"p{n}","by":["{part}"],"shadow":{shadow},{more}
                    "strategy":{{"bucket":{{"burst":{MANY},"tokens":{MANY},"per":"1s"}}}}}}"#
            )
        })
        .collect();
    format!(r#"{{"policies":[{}]}}"#, policies.join(","))
}

pub(crate) async fn run(asked: &Asked) {
    let own = tempfile::tempdir().unwrap();
    let folder = asked.folder.as_deref().unwrap_or_else(|| own.path());
    println!("GET /v1/tasks, {} rounds of {} s in turn; load before: {}", asked.rounds, asked.seconds, load());
    println!("store    | clients | policies | requests/s | CPU us | of bare");
    for store in &asked.stores {
        let redis = if store == "redis" { redis::Server::own(&[]) } else { None };
        if store == "redis" && redis.is_none() {
            continue;
        }
        on(asked, store, redis.as_ref().map_or(store, |redis| &redis.url), folder).await;
    }
}

async fn on(asked: &Asked, name: &str, store: &str, folder: &Path) {
    let place = Place::new(&asked.database, folder).await;
    let server = http::Server::start(&place.address, folder, &["--limits-store", store]);
    let bare_place = Place::new(&asked.database, folder).await;
    let bare_options = ["--limits-store", store, "--traffic-hours", "0"];
    let bare = http::Server::start(&bare_place.address, folder, &bare_options);
    let cases = [
        ("bare", policies(&[], "")),
        ("noted", policies(&[], "")),
        ("one", policies(&["user"], "")),
        ("ahead", policies(&["user"], r#""token_lease":{"tokens":100,"time":"1s"},"#)),
        ("five", policies(&["user", "api_key", "tenant", "address", "route"], "")),
    ];
    for &clients in &asked.clients {
        let mut figures = vec![(Vec::new(), Vec::new()); cases.len()];
        for _ in 0..asked.rounds {
            for ((case, document), (rates, times)) in cases.iter().zip(&mut figures) {
                let server = if *case == "bare" { &bare } else { &server };
                server.set("limits", document, folder);
                let (rate, time) = server.gets("/v1/tasks", clients, asked.seconds).await;
                rates.push(rate);
                times.push(time * 1e6);
            }
        }
        let bare = median(figures[0].0.clone());
        for ((case, _), (rates, times)) in cases.iter().zip(figures) {
            let rate = median(rates);
            let (cpu, share) = (median(times), rate / bare);
            println!("{name:<8} | {clients:>7} | {case:<8} | {rate:>10.0} | {cpu:>6.1} | {share:>7.2}");
        }
    }
    for (server, place) in [(server, place), (bare, bare_place)] {
        server.stop();
        place.drop().await;
    }
}
