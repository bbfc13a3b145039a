//! What the pages cost somebody for whom very much waits: the inbox, one task of it, and the same list for programs, beside a page
//! of the same server that asks no database.

use std::time::Duration;

use crate::place::Place;
use crate::{Asked, http, load};

/// What nobody's patience notices.
const ENOUGH: Duration = Duration::from_millis(80);

pub(crate) async fn run(asked: &Asked) {
    let own = tempfile::tempdir().unwrap();
    let folder = asked.folder.as_deref().unwrap_or_else(|| own.path());
    let place = Place::new(&asked.database, folder).await;
    let server = http::Server::start(&place.address, folder, &[]);
    let before = load();
    let (task, seconds) = server.fill(asked.tasks).await;
    println!(
        "{} tasks wait for bob (written in {seconds:.1} s); load before: {before}, after: {}",
        asked.tasks,
        load()
    );
    let session = server.session("bob").await;
    let task = format!("/tasks/{task}");
    let cases = [
        ("sign-in (ceiling)", "/sign-in", Some(&*session)),
        ("inbox", "/inbox", Some(&*session)),
        ("inbox, searched", "/inbox?q=800", Some(&*session)),
        ("a task", &*task, Some(&*session)),
        ("GET /v1/tasks", "/v1/tasks", None),
    ];
    println!("page              | clients | p50 ms | p95 ms | CPU ms | bytes");
    for &clients in &asked.clients {
        let mut figures = vec![Vec::new(); cases.len()];
        let mut more = vec![(0.0, 0, 0); cases.len()];
        // In turn, so that whatever else the machine does meets all of them.
        for _ in 0..asked.rounds {
            for ((place, (_, path, session)), more) in cases.iter().enumerate().zip(&mut more) {
                let seen = server.times(path, *session, clients, asked.seconds).await;
                *more = (more.0 + seen.processor, more.1 + seen.times.len(), seen.bytes);
                figures[place].extend(seen.times);
            }
        }
        for (((name, ..), mut times), (processor, count, bytes)) in cases.iter().zip(figures).zip(more) {
            times.sort_unstable();
            let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
            let (middle, most) = (at(0.5), at(0.95));
            let told = if most > ENOUGH && clients == 1 { "  over 80 ms" } else { "" };
            let (middle, most) = (middle.as_secs_f64() * 1e3, most.as_secs_f64() * 1e3);
            let processor = processor * 1e3 / count as f64;
            println!("{name:<17} | {clients:>7} | {middle:>6.1} | {most:>6.1} | {processor:>6.2} | {bytes}{told}");
        }
    }
    server.stop();
    place.drop().await;
}
