//! An orderly stop while many clients are at work.

use std::time::Duration;

use fluxor_tests::server::Site;

use crate::crash::load::Load;

pub(super) async fn an_orderly_stop_under_load_loses_nothing(mut site: Site) {
    let load = Load::start(&site, 16);
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let child = site.ask_to_stop();
        site.stopped(child).await;
        site.start().await;
        load.moved_to(&site.url);
    }
    let record = load.finish().await;
    record.tell();
    assert!(record.acknowledged.len() > 50);
    record.replay(&site).await;
    let log = site.log();
    assert!(!log.contains("cut off") && !log.contains("not everything was finished"), "{log}");
    site.end().await;
}
