//! Whole approvals: over HTTP, in the engine alone, and the raw ceiling, in turn, so that a busy minute hits all three.

use std::time::Duration;

use crate::place::Place;
use crate::{Asked, ceiling, http, inside, load, median};

#[derive(Default)]
struct Line {
    over_http: Vec<f64>,
    middle: Vec<f64>,
    p99: Vec<f64>,
    http_batch: Vec<f64>,
    engine: Vec<f64>,
    engine_batch: Vec<f64>,
    http_processor: Vec<f64>,
    engine_processor: Vec<f64>,
    raw: Vec<f64>,
    of_http: Vec<f64>,
    of_engine: Vec<f64>,
}

pub(crate) async fn run(asked: &Asked) {
    let own = tempfile::tempdir().unwrap();
    let folder = asked.folder.as_deref().unwrap_or_else(|| own.path());
    let shown = asked.database.rsplit('@').next().unwrap_or_default();
    println!(
        "{shown}: start, two decisions, result; median of {} rounds of {} s; load before: {}",
        asked.rounds,
        asked.seconds,
        load()
    );
    println!(
        "clients | HTTP /s   p50      p99      batch CPU us | engine /s  batch CPU us | ceiling /s | HTTP/ceiling engine/ceiling | load"
    );
    for &clients in &asked.clients {
        let mut line = Line::default();
        for _ in 0..asked.rounds {
            round(asked, folder, clients, &mut line).await;
        }
        let time = |seconds: Vec<f64>| match seconds.is_empty() {
            true => format!("{:>8}", "-"),
            false => format!("{:>8.2?}", Duration::from_secs_f64(median(seconds))),
        };
        println!(
            "{clients:>7} | {:>7.0} {} {} {:>6.1} {:>6.0} | {:>9.0} {:>6.1} {:>6.0} | {:>10.0} | {:>12.2} {:>14.2} | {}",
            median(line.over_http),
            time(line.middle),
            time(line.p99),
            median(line.http_batch),
            median(line.http_processor),
            median(line.engine),
            median(line.engine_batch),
            median(line.engine_processor),
            median(line.raw),
            median(line.of_http),
            median(line.of_engine),
            load()
        );
    }
}

async fn round(asked: &Asked, folder: &std::path::Path, clients: usize, line: &mut Line) {
    let place = Place::new(&asked.database, folder).await;
    let engine = inside::measure(&place.address, clients, asked.seconds, false).await;
    place.drop().await;
    line.engine.push(engine.rate);
    line.engine_batch.push(engine.batch);
    line.engine_processor.push(engine.processor * 1e6);
    if asked.alone {
        return;
    }
    let place = Place::new(&asked.database, folder).await;
    let recorded = inside::measure(&place.address, clients, asked.seconds, true).await.recorded;
    place.drop().await;
    let place = Place::new(&asked.database, folder).await;
    let raw = ceiling::measure(&place.address, recorded).await;
    place.drop().await;
    line.raw.push(raw);
    line.of_engine.push(engine.rate / raw);
    if asked.inside {
        return;
    }
    let place = Place::new(&asked.database, folder).await;
    let server = http::Server::start(&place.address, folder, &[]);
    let over_http = server.measure(clients, asked.seconds).await;
    server.stop();
    place.drop().await;
    line.over_http.push(over_http.rate);
    line.middle.push(over_http.middle.as_secs_f64());
    line.p99.push(over_http.p99.as_secs_f64());
    line.http_batch.push(over_http.batch);
    line.http_processor.push(over_http.processor * 1e6);
    line.of_http.push(over_http.rate / raw);
}
