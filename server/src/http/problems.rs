//! Every stable code has a page, served at the `type` of its problems and shown by `fluxor explain-code`. The page's
//! heading is the problem's title.

use fluxor_engine::decide::{APPROVAL_INCIDENT, NEEDS_HELP};
use fluxor_engine::diagnostic;

macro_rules! pages {
    ($($code:literal,)*) => {
        /// All pages by code, sorted.
        pub(crate) const PAGES: &[(&str, &str)] = &[$(($code, include_str!(concat!("problems/", $code, ".md"))),)*];
    };
}

pages! {
    "abnormal_usage",
    "absence_overlaps",
    "action_failed",
    "already_in_review",
    "already_voted",
    "approval_incident",
    "bank_details_changed",
    "budget_below_held",
    "budget_changed",
    "budget_exceeded",
    "busy",
    "calendar_failed",
    "call_failed",
    "choose_principal",
    "cost_over_limit",
    "database_unavailable",
    "definition_refused",
    "definition_unloadable",
    "delivery_failed",
    "distinct",
    "document_changed",
    "endless_loop",
    "etag_required",
    "excluded",
    "expression_failed",
    "field_locked",
    "history_incomplete",
    "idempotency_key_invalid",
    "idempotency_key_required",
    "inactive_person",
    "instance_ended",
    "internal",
    "invalid_bank_details",
    "invalid_budget",
    "invalid_budget_change",
    "invalid_if_match",
    "invalid_import",
    "invalid_input",
    "invalid_movement",
    "invalid_order",
    "invalid_path",
    "invalid_query",
    "invalid_receipt",
    "invalid_record",
    "invalid_run",
    "invalid_series",
    "key_exists",
    "key_reused",
    "key_taken",
    "limit_too_low",
    "malformed_json",
    "mapping_refused",
    "method_not_allowed",
    "needs_without_end",
    "no_question",
    "no_row",
    "no_secret",
    "no_task_then",
    "nobody_to_escalate",
    "not_a_decision",
    "not_accepted",
    "not_administrator",
    "not_allowed",
    "not_approver",
    "not_found",
    "not_migratable",
    "not_repairable",
    "not_requester",
    "not_submitted",
    "not_substitute",
    "not_the_approval_workflow",
    "not_your_turn",
    "nothing_to_change",
    "one_person_one_vote",
    "order_closed",
    "order_not_issued",
    "order_not_recorded",
    "organisation_moved",
    "organisation_needs_approval",
    "organisation_unreadable",
    "outcome_by_message",
    "outcome_unhandled",
    "outcome_unknown",
    "over_emergency_bound",
    "payload_too_large",
    "picture_too_large",
    "quota_exceeded",
    "reason_required",
    "recall_too_late",
    "received_already",
    "reduced_capacity",
    "refused_by_definition",
    "refused_to_engine",
    "repair_never_approves",
    "request_reused",
    "review_ended",
    "seat_taken",
    "shutting_down",
    "stale_setting",
    "stale_state",
    "stale_task",
    "state_unknown",
    "step_decided",
    "step_waiting",
    "subject_unreadable",
    "supplier_exists",
    "target_excluded",
    "target_inactive",
    "target_seated",
    "target_unknown",
    "task_closed",
    "tell_not_taken",
    "timeout",
    "too_many_absences",
    "too_many_starts",
    "too_many_undos",
    "too_much_stock",
    "unauthenticated",
    "undo_failed",
    "unknown_absence",
    "unknown_action",
    "unknown_delivery",
    "unknown_event",
    "unknown_instance",
    "unknown_key",
    "unknown_order_status",
    "unknown_person",
    "unknown_step",
    "unknown_task",
    "unknown_webhook",
    "unknown_workflow",
    "unsupported_media_type",
}

/// The page of a code.
#[must_use]
pub(crate) fn page(code: &str) -> Option<&'static str> {
    PAGES.binary_search_by_key(&code, |(known, _)| known).ok().map(|place| PAGES[place].1)
}

/// The code itself, if it has a page: metrics take no others.
#[must_use]
pub(crate) fn known(code: &str) -> Option<&'static str> {
    PAGES.binary_search_by_key(&code, |(known, _)| known).ok().map(|place| PAGES[place].0)
}

/// What an approval may need, as its incident says it (`nobody:manager`): all of it stands on one page.
const NEEDS: [&str; 7] =
    ["nobody", "over_limits", "rate_missing", "quorum_out_of_reach", "late", "nobody_to_escalate", "no_row"];

/// The code whose page explains what was `said`: a code itself, or the text of an approval's incident or what it names.
#[must_use]
pub(crate) fn explaining(said: &str) -> Option<&'static str> {
    let need = said.split_once(NEEDS_HELP).map_or(said, |(_, need)| need).trim();
    let word = need.split_once(':').map_or(need, |(word, _)| word);
    known(said).or_else(|| known(APPROVAL_INCIDENT).filter(|_| NEEDS.contains(&word)))
}

/// The heading of a code's page.
#[must_use]
pub(crate) fn title(code: &str) -> &'static str {
    page(code).and_then(|page| page.lines().next()).map_or("Declined", |line| line.trim_start_matches("# "))
}

/// The code most like this one.
#[must_use]
pub(crate) fn nearest(code: &str) -> Option<&'static str> {
    diagnostic::nearest(code, PAGES.iter().map(|(known, _)| *known))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repairs::sentence;

    #[test]
    fn what_an_approval_needs_is_explained_on_one_page() {
        let page = page(APPROVAL_INCIDENT).unwrap_or_default();
        for need in NEEDS {
            let text = format!("{NEEDS_HELP}{need}:manager");
            assert_eq!(explaining(&text), Some(APPROVAL_INCIDENT), "{text}");
            assert_eq!(explaining(&format!("{need}:manager")), Some(APPROVAL_INCIDENT), "{need}");
            assert_ne!(sentence(&text), text, "it is told in words, too");
            assert!(page.contains(&format!("`{need}")), "{need} is not on the page");
        }
        assert_eq!((explaining("nobody"), explaining("late")), (Some(APPROVAL_INCIDENT), Some(APPROVAL_INCIDENT)));
        assert_eq!(explaining("no_row"), Some("no_row"), "a code has a page of its own");
        assert_eq!(explaining(&format!("{NEEDS_HELP}no_row")), Some(APPROVAL_INCIDENT));
        assert_eq!((explaining("not_accepted"), explaining("nothing")), (Some("not_accepted"), None));
    }
}
