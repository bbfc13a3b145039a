//! Why an act is declined (approvals.md section 12): a stable code and a sentence that a buyer understands.

use serde::{Deserialize, Serialize};

macro_rules! refusals {
    ($($(#[$authority:ident])? $name:ident = $code:literal, $sentence:literal;)*) => {
        /// A refusal. It changes nothing; on grounds of authority it goes to the security log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Refusal {
            $(#[doc = $sentence] $name,)*
        }

        impl Refusal {
            /// Every refusal there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// One sentence for the person who is refused.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)* }
            }

            /// Whether the person lacked the right, as against the act coming at the wrong time.
            #[must_use]
            pub const fn is_authority(self) -> bool {
                match self { $(Self::$name => refusals!(@ $($authority)?),)* }
            }
        }
    };
    (@ authority) => { true };
    (@) => { false };
}

refusals! {
    #[authority] UnknownPerson = "unknown_person", "Nobody of this id is in the organisation.";
    #[authority] InactivePerson = "inactive_person", "This person is not active on this day.";
    #[authority] Excluded = "excluded", "This person may not decide on this document, or for those who may not.";
    ReviewEnded = "review_ended", "The review has ended.";
    NotSubmitted = "not_submitted", "The document is not in review.";
    UnknownStep = "unknown_step", "The review has no step of this name.";
    StepWaiting = "step_waiting", "This step waits for an earlier one.";
    StepDecided = "step_decided", "This step is decided already.";
    #[authority] Distinct = "distinct", "This step needs somebody who had no part in its sister step.";
    #[authority] NotApprover = "not_approver", "Nobody whom this person could act for is asked in this step.";
    ChoosePrincipal = "choose_principal", "Several people could be meant: say on whose behalf.";
    #[authority] OnePersonOneVote = "one_person_one_vote", "One person has one vote in a step.";
    #[authority] NotSubstitute = "not_substitute", "This person does not stand in for the one named.";
    SeatTaken = "seat_taken", "Somebody else has answered in this place already.";
    NotYourTurn = "not_your_turn", "Others are asked first in this step.";
    DocumentChanged = "document_changed", "The document has changed since it was opened: look at it again.";
    ReasonRequired = "reason_required", "Give a reason.";
    AlreadyVoted = "already_voted", "A vote is given here already.";
    TargetUnknown = "target_unknown", "Nobody of the id given is in the organisation.";
    TargetInactive = "target_inactive", "The person named is not active on this day.";
    #[authority] TargetExcluded = "target_excluded", "The person named may not decide here.";
    TargetSeated = "target_seated", "The person named is asked in this step already.";
    #[authority] LimitTooLow = "limit_too_low", "The limit of the person named does not cover the amount.";
    #[authority] NotAdministrator = "not_administrator", "Only an administrator of this approval may do this.";
    #[authority] NotRequester = "not_requester", "Only the requester may do this.";
    NobodyToEscalate = "nobody_to_escalate", "There is nobody higher to ask.";
    #[authority] RepairNeverApproves = "repair_never_approves", "A repair never approves.";
    FieldLocked = "field_locked", "This field may not change any more.";
    AlreadyInReview = "already_in_review", "The document is in review already.";
    NoQuestion = "no_question", "No question is open here that this person could answer.";
    RecallTooLate = "recall_too_late", "It is too late to recall the document.";
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.sentence())
    }
}
