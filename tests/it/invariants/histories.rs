//! Invariants 1, 2, 4, 5, 11, 13: one command after another, each judged by the rows before and after it.

use fluxor_tests::invariants::bench::{Bench, InMemory, OnPostgres, OnSqlite};
use fluxor_tests::invariants::dice::seeds;
use fluxor_tests::invariants::play::{Play, Tally};

/// Steps of a history.
const STEPS: usize = 80;

async fn histories<B: Bench>(few: u64, many: u64) -> Tally {
    let mut tally = Tally::new();
    play::<B>(seeds(few, many), &mut tally).await;
    tally
}

async fn play<B: Bench>(seeds: impl IntoIterator<Item = u64>, tally: &mut Tally) {
    for seed in seeds {
        let Some(mut play) = Play::<B>::begin("histories", seed, 2, 1, 256).await else { return };
        for _ in 0..STEPS {
            play.step().await;
        }
        for (what, count) in play.end().await {
            *tally.entry(what).or_default() += count;
        }
    }
}

#[tokio::test]
async fn every_command_keeps_the_invariants_on_memory() {
    let mut tally = histories::<InMemory>(25, 300).await;
    // The histories are worth something only if they get somewhere; what is rare is looked for a while longer.
    let often = [
        "abstain ok",
        "cancel ok",
        "add_approver ok",
        "approve again",
        "approve for ok",
        "approve ok",
        "approve! document_changed",
        "approve! excluded",
        "approve! not_approver",
        "approve! stale_task",
        "delegate ok",
        "escalate ok",
        "move ok",
        "move! not_allowed",
        "move! repair_never_approves",
        "organisation ok",
        "past asked",
        "reassign ok",
        "record again",
        "reject ok",
        "repair ok",
        "request_changes ok",
        "retry ok",
        "set_data ok",
        "set_data! invalid_input",
        "signal again",
        "signal ok",
        "signal! budget_exceeded",
        "signal! not_allowed",
        "signal! request_reused",
        "signal! stale_state",
        "skip ok",
        "start again",
        "start! key_reused",
        "start! request_reused",
    ];
    if std::env::var_os("FLUXOR_TEST_SEED").is_some() {
        return;
    }
    let missing =
        |tally: &Tally| -> Vec<&str> { often.into_iter().filter(|what| !tally.contains_key(*what)).collect() };
    for seed in 301..400 {
        if missing(&tally).is_empty() {
            return;
        }
        play::<InMemory>([seed], &mut tally).await;
    }
    panic!("never seen: {:?} in {tally:#?}", missing(&tally));
}

#[tokio::test]
async fn every_command_keeps_the_invariants_on_sqlite() {
    histories::<OnSqlite>(4, 40).await;
}

#[tokio::test]
async fn every_command_keeps_the_invariants_on_postgres() {
    histories::<OnPostgres>(4, 40).await;
}
