//! The public store suite, on memory, SQLite and PostgreSQL; and what only one of them can show.

use fluxor_engine::store::MemoryStore;
use fluxor_tests::counter::domain;
use fluxor_tests::databases::{self, Fresh};
use fluxor_tests::store_suite;

macro_rules! suite {
    ($($check:ident)*) => {
        mod memory {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                store_suite::$check(MemoryStore::new(domain())).await;
            })*
        }

        mod sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let (_folder, store) = databases::sqlite().await;
                store_suite::$check(store).await;
            })*
        }

        mod postgres {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                if let Some(database) = Fresh::new(stringify!($check)).await {
                    store_suite::$check(database.store().await).await;
                    database.remove().await;
                }
            })*
        }
    };
}

suite! {
    what_is_written_is_read
    versions_are_guarded
    large_batches_are_one
    keys_are_unique
    a_failed_batch_leaves_nothing
    an_abandoned_batch_leaves_nothing
    index_rows_follow
    repeats_are_found
    rare_rows
    racing_writers_lose_nothing
    instances_are_listed
    streams_are_listed
    seats_are_listed
    due_times_are_polled
    the_inbox_is_polled
    messages_go_in_order
    leases_end
    what_was_given_up_is_resumed
    what_nobody_waits_for_is_withdrawn
    what_is_sent_anew_goes_out_once
    instances_are_found_by_their_incidents
    racing_claimers_share
}

mod one_only;
