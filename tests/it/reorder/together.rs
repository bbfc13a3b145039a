//! Two runs at the same instant.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_at_once_order_nothing_twice() {
    let Some(place) = Place::postgres("two runs at once").await else { return };
    small(&place).await;
    let run = || fluxor(&place, &["reorder", "run", "--json"]).output();
    let (one, other) = tokio::join!(run(), run());
    let told = [one, other].map(|output| object(&printed(&output.unwrap(), 0)));
    let states = told.each_ref().map(|told| told["told"]["state"].as_str().unwrap());
    assert_eq!(states, ["done", "done"]);
    let lines = |told: &Value| -> usize {
        let orders = told["told"]["orders"].as_array().unwrap();
        orders.iter().map(|order| order["lines"].as_array().unwrap().len()).sum()
    };
    assert_eq!(told.iter().map(lines).sum::<usize>(), SHORT);
    everything_once(&place).await;
    place.remove().await;
}
