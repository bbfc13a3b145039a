//! The whole road over HTTP, against the real program, on SQLite and on PostgreSQL: what is documented is answered,
//! and what is declined leaves the database as it was.

mod absences;
mod authority;
mod books;
mod changes;
mod charts;
mod checked;
pub(crate) mod company;
mod deciders;
mod declined;
mod explained;
mod gone;
mod hooks;
mod keys;
mod lacking;
pub(crate) mod limits;
mod links;
mod lists;
mod mail;
mod migrations;
mod named;
mod notices;
mod order;
mod organisation;
mod page;
mod pictures;
mod refused_mail;
mod reloads;
mod repairs;
mod repeats;
mod replicas;
mod reserved;
mod running;
mod scenarios;
mod shipped;
mod simulated;
mod site;
mod site_again;
mod site_answers;
mod site_contract;
mod site_fields;
mod site_forms;
mod site_lists;
mod site_long;
mod site_meant;
mod site_new;
mod site_news;
mod site_onward;
mod site_rules;
mod site_stuck;
mod site_told;
mod site_words;
mod stale;
mod stock;
mod stopping;
mod tampering;
mod tenants;
mod webhooks;
mod wrong;
mod wrong_people;

use fluxor_tests::server::Site;
use fluxor_tests::server::place::Place;

macro_rules! on_both {
    ($($module:ident::$test:ident)*) => {
        mod sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                $module::$test(Site::new(Place::sqlite(), company::DEFINITIONS).await).await;
            })*
        }

        mod postgres {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(place) = Place::postgres(stringify!($test)).await {
                    $module::$test(Site::new(place, company::DEFINITIONS).await).await;
                }
            })*
        }
    };
}

on_both! {
    order::a_purchase_order_from_draft_to_closed
    order::a_requisition
    authority::who_may_not_leaves_one_entry_in_the_security_stream
    authority::a_manager_over_the_limit_does_not_suffice
    wrong_people::everybody_who_may_not_is_refused_on_every_path
    deciders::then_and_now_and_why
    deciders::every_round_is_kept
    deciders::what_was_passed_on_and_left
    deciders::instants_that_cannot_be_asked_and_one_to_come
    declined::a_refusal_names_the_person_and_the_rule
    lacking::a_command_without_the_folder_says_what_it_lacks
    keys::keys_open_only_their_own_door
    keys::a_revoked_key_is_useless_at_once
    keys::the_server_that_is_named_is_asked
    keys::an_administrator_signs_somebody_out
    gone::whoever_was_away_comes_in_anew
    gone::a_link_ends_with_the_key_that_made_it
    repairs::a_delivery_that_was_given_up_is_retried_or_skipped
    repairs::moves_corrections_and_an_end
    migrations::running_instances_move_to_another_version
    migrations::a_migration_is_done_once_under_its_key
    migrations::a_page_of_many_costs_its_size
    migrations::the_command_line_migrates_beside_a_running_server
    repeats::a_repeated_request_is_done_once
    repeats::a_business_key_belongs_to_one_input
    checked::a_definition_is_looked_at_and_not_stored
    simulated::who_would_be_asked_and_nothing_is_stored
    wrong::bodies_that_cannot_be_used
    wrong::addresses_that_lead_nowhere
    wrong::events_that_do_not_fit
    stale::a_decision_says_what_it_is_about
    stale::a_form_says_what_it_is_about
    stale::two_voters_at_once_both_count
    stale::a_signal_may_bring_the_revision_it_saw
    stale::reading_changes_nothing
    lists::pages_have_no_gap_and_no_double
    named::who_and_where_nothing_is_is_told_with_the_nearest
    named::instances_are_named_by_their_last_digits
    named::a_key_is_made_of_whoever_starts_it
    lists::tasks_of_somebody_who_stands_in
    mail::people_find_what_they_are_asked_in_their_mail
    mail::a_broken_template_is_named
    mail::a_silent_mail_server_holds_up_no_order
    refused_mail::who_was_not_told_is_said_and_stops_nothing
    refused_mail::what_waits_for_a_role_waits_on
    refused_mail::pages_name_whom_the_mail_did_not_reach
    refused_mail::a_repair_stays_in_the_review_and_a_decision_clears
    notices::each_is_told_once_as_he_wants_it
    notices::a_dead_mail_server_delays_nothing_else
    hooks::messages_go_out_at_the_pace_that_is_asked_for
    hooks::what_an_address_refuses_is_an_incident
    reloads::what_is_changed_counts_for_those_who_begin
    reloads::a_broken_file_is_told_of_until_it_is_mended
    reloads::a_server_starts_with_what_was_in_force
    reloads::only_administrators_of_the_server_load
    reloads::files_come_and_go_and_so_does_their_folder
    reloads::a_restless_file_holds_up_no_other
    reloads::the_command_line_loads
    books::every_list_is_walked_once
    limits::a_limit_holds_for_one_and_not_for_others
    limits::limits_count_objects_pages_and_what_never_fits
    limits::no_tenant_has_the_server_s_limits_off
    limits::settings_are_checked_guarded_and_written_down
    limits::whoever_tries_keys_is_slowed_down
    explained::why_and_who_and_what_if
    explained::nothing_is_kept_where_nobody_wants_it
    explained::one_server_explains_what_another_refused
    page::limits_in_a_browser
    site::somebody_comes_in_and_leaves
    links::a_mailed_link_takes_one_act
    links::a_question_is_answered_by_its_link
    links::a_link_to_sign_in_comes_by_mail
    links::repaired_on_a_page
    site::decided_without_a_script
    site::a_document_that_changed_meanwhile
    site::several_decided_at_once
    site_again::a_form_whose_lines_moved_on_is_sent_again
    site_again::a_delivery_is_noted_beside_another
    site_again::what_is_wrong_hides_no_news
    site_answers::what_is_asked_is_answered
    site_contract::a_contract_is_told_in_words
    site_contract::what_nobody_confirmed_is_no_amount
    site_answers::what_is_left_out_is_said
    site_fields::what_is_not_said_is_left_out
    site_fields::lengths_of_time_as_people_write_them
    site_fields::an_amount_that_may_mean_two_is_asked_about
    site_forms::what_is_emptied_is_empty
    site_forms::what_came_back_is_in_the_inbox
    site_forms::several_people_of_one_name
    site_lists::what_stands_around_an_order
    site_lists::what_is_on_screen_is_exported
    site_long::what_is_long_is_cut
    site_meant::a_name_that_nobody_has
    site_meant::what_is_not_taken_any_more
    site_meant::what_is_delivered_to_a_place
    site_new::what_somebody_may_start
    site_new::started_by_a_form
    site_new::a_supplier_is_chosen_by_code_or_name
    site_new::instants_and_maps
    site_news::whose_turn_it_is
    site_news::what_may_be_done_and_what_was
    site_news::lines_are_changed_and_received
    site_rules::what_different_rules_ask_is_not_decided_at_once
    site_onward::what_leads_on_and_why
    site_onward::what_changed_and_what_was_written
    site_stuck::what_was_not_done_is_not_called_done
    site_stuck::somebody_is_asked_instead
    site_stuck::what_may_be_mended_is_offered
    site_told::about_whom_and_what_stayed
    site_told::what_was_done_instead_is_told
    site_told::whoever_abstains_alone
    site_told::what_is_wrong_with_lines
    site_told::what_waits_for_a_role
    site_told::what_was_chosen_beside_a_wrong_time
    site_told::what_a_step_waits_for_and_when_it_is_left
    site_told::what_is_pinned_has_its_names
    site_words::a_change_of_the_organisation_is_read
    site_words::what_is_ended_and_what_is_ones_own
    site_words::what_moved_on_is_shown
    site_words::a_key_that_is_taken
    pictures::a_workflow_and_an_order_half_way_are_drawn
    reserved::nobody_takes_the_names_of_others
    books::what_is_not_there_and_what_is_not_ours
    changes::taken_back_and_given_up
    charts::a_supplier_is_checked_from_three_sides_at_once
    charts::a_called_workflow_reports_after_a_kill
    changes::the_organisation_counts_from_the_next_decision
    absences::who_is_away_is_stood_in_for_from_that_day_on
    absences::what_is_wrong_with_one_is_said_and_a_repeat_is_one
    absences::no_approval_is_asked_and_proposals_find_out
    absences::nobody_else_notes_or_ends_one
    organisation::a_change_is_proposed_approved_and_applied
    organisation::the_past_is_shown_and_who_made_it_so
    organisation::of_two_changes_of_one_person_the_second_is_outdated
    organisation::what_was_approved_survives_a_kill
    organisation::a_workflow_that_approves_nothing_does_not_lock_it
    organisation::the_console_goes_past_approval_with_a_reason
    shipped::each_is_walked_by_the_people_of_the_sample_company
    running::a_timer_fires_once_after_a_restart
    running::a_database_that_takes_no_writes_is_not_ready
    running::health_and_figures
    running::one_owner_and_commands_while_it_serves
    stock::goods_come_in_parts
    stopping::an_orderly_stop_under_load_loses_nothing
    webhooks::every_transition_arrives_once_and_signed
    webhooks::what_was_committed_is_delivered_after_a_kill
    webhooks::a_dead_endpoint_delays_nobody
    webhooks::what_failed_is_delivered_again_and_what_is_gone_is_left_alone
    webhooks::an_old_secret_signs_for_a_day
    webhooks::addresses_that_are_not_public_are_refused
    webhooks::endpoints_belong_to_administrators_of_their_tenant
    webhooks::the_command_line_does_the_same
    tenants::a_key_is_for_its_own_tenant_alone
    tampering::an_earlier_organisation_is_what_its_entries_say
    tampering::keys_and_preferences_are_what_entries_made
    tampering::rows_beside_the_streams_are_what_entries_made
    tampering::the_rows_of_indexes_are_what_the_streams_make
    tampering::whatever_is_tampered_with_is_found_and_named
}
