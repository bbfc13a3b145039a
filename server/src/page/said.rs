//! What came of what somebody did, in words to him.

/// What was done, to whoever did it.
pub(crate) fn done_in_words(act: &str) -> Option<&'static str> {
    Some(match act {
        "approve" => "You approved it.",
        "reject" => "You rejected it.",
        "abstain" => "You abstained.",
        "request_changes" => "You asked for changes.",
        "ask" => "Your question was asked.",
        "answer" => "Your answer was given.",
        "complete" => "What was asked for is given.",
        "delegate" => "You delegated it.",
        "reassign" => "You passed it on.",
        "add_before" | "add_after" => "The approver was added.",
        "add_watcher" => "The watcher was added.",
        "remind" => "They are reminded.",
        "remind_again" => "They were reminded less than an hour ago, and are not written to again so soon.",
        "said" => "It is done.",
        "started" => "It is started: below is what can be done with it next.",
        "saved" => "Saved.",
        "ended" => "The session is ended.",
        _ => return None,
    })
}

/// What came of it, where it did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// It was done, and cannot go on without an administrator.
    Stuck,
    /// Something in it could not be worked out, and nothing of it was done.
    Undone,
}

impl Came {
    /// As an address says it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::Undone => "undone",
        }
    }

    /// The same, read.
    pub(crate) fn read(name: &str) -> Option<Self> {
        [Self::Stuck, Self::Undone].into_iter().find(|came| came.name() == name)
    }

    /// To whoever did it. `done`: what he did.
    pub(crate) fn in_words(self, done: Option<&str>) -> String {
        match self {
            Self::Stuck => format!(
                "{} But it cannot go on by itself: an administrator has to help it. What is wrong is said below.",
                done.unwrap_or("It is done.")
            ),
            Self::Undone => "It was not done: something in it could not be worked out. All is as it was, and an administrator has to \
                             look at it. What is wrong is said below."
                .to_owned(),
        }
    }
}

/// What became of a repair, to whoever did it. `left`: what is wrong with it still; `sends`: who has to send again what failed
/// then, which nobody does in his place.
pub(crate) fn repaired_in_words(done: &str, left: Option<&str>, sends: Option<&str>) -> Option<String> {
    Some(match (done, left) {
        ("ended", _) => "It is ended where it stood. The trail says what was taken back, and why.".to_owned(),
        ("repaired", Some(left)) if let Some(sends) = sends => {
            format!("It is done. {sends} Until then what failed is said here: {left}")
        }
        ("repaired", None) => {
            "It is repaired. What is sent again by this shows here if it fails once more. The trail says what was done, and why."
                .to_owned()
        }
        ("repaired", Some(left)) => format!("It is done, and it needs help still: {left}"),
        ("same", Some(left)) => format!("It was tried, and the same came of it: {left}"),
        ("same", None) => "It was tried, and the same came of it.".to_owned(),
        _ => return None,
    })
}
