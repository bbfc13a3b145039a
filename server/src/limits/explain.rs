//! Explains limits: how much of each is used, by whom and when, and what others would do with the same calls.
//!
//! What must hold: nothing is decided and nothing is counted here; each report says of which time it is, and what it does not
//! know. Over HTTP, on the command line and on the page it is the same report.

mod key;
mod now;
mod own;
mod replayed;
mod told;
mod used;
mod when;

use std::collections::BTreeSet;
use std::time::Duration;

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::ids::TenantId;
use fluxor_engine::refusal::Refusal;
use fluxor_limits::{At, Calls, Policies, Settings, Span, Strategy};
use fluxor_workflows::Stretch;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{SERVER, SIGN_IN, TENANT, documents, scope, usual};
use crate::desk::{Desk, Kept, NotDone};
use crate::settings;
use crate::traffic::timestamp;
use crate::webhooks::Allowed;

pub(crate) use key::{Wanted, readable};
pub(crate) use now::{Now, lately, now};
pub(crate) use own::{Asker, Own, own};
pub(crate) use replayed::{Replayed, replayed};
pub(crate) use told::{number, rows};
pub(crate) use used::{Usage, Used, used};
pub(crate) use when::{When, Wish};

/// Which of both settings is explained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub(crate) enum Which {
    /// A tenant's own.
    #[default]
    Limits,
    /// The server's, over the calls of everybody. Only for the tenant that runs it.
    ServerLimits,
}

impl Which {
    /// The setting's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Limits => TENANT,
            Self::ServerLimits => SERVER,
        }
    }
}

/// Whose limits are explained.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose {
    which: Which,
    tenant: TenantId,
}

/// Limits, and the zone that their days are in.
pub(crate) struct Limited {
    /// As they count.
    pub policies: Policies,
    /// The tenant's.
    pub zone: TimeZone,
}

/// A tenant's time zone.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn zone(desk: &dyn Desk, tenant: TenantId) -> Result<TimeZone, NotDone> {
    documents::zone(desk, tenant).await
}

impl Limited {
    /// That there is such a policy, if one is named.
    ///
    /// # Errors
    /// A sentence that names what there is.
    pub(crate) fn has(&self, policy: Option<&str>) -> Result<(), String> {
        let Some(name) = policy.filter(|name| self.policies.named(name).is_none()) else { return Ok(()) };
        let names: Vec<&str> = self.policies.iter().map(|one| &*one.name).collect();
        let hint = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "they have none at all".to_owned(),
            None => format!("there are `{}`", names.join("`, `")),
        };
        let shown: String = name.chars().take(80).collect();
        Err(format!("these limits have no policy `{shown}`: {hint}"))
    }
}

impl Whose {
    /// # Errors
    /// If they are the server's and `tenant` does not run it.
    pub(crate) fn new(which: Which, tenant: TenantId, operator: TenantId) -> Result<Self, NotDone> {
        if which == Which::ServerLimits && tenant != operator {
            let rule = format!("a key of the tenant that runs the server ({operator})");
            return Err(NotDone::Refused(Refusal::NotAllowed { rule: rule.into() }));
        }
        Ok(Self { which, tenant })
    }

    /// Which setting.
    pub(crate) const fn which(&self) -> Which {
        self.which
    }

    /// The one tenant whose limits and calls they are; nothing for those of everybody.
    fn one(&self) -> Option<TenantId> {
        (self.which == Which::Limits).then_some(self.tenant)
    }

    /// The limits in force, or those of a document that somebody would like to set where a request may take so long.
    ///
    /// # Errors
    /// Everything that is wrong with the document.
    pub(crate) async fn limits(
        &self,
        desk: &dyn Desk,
        document: Option<&Value>,
        longest: Duration,
    ) -> Result<Limited, NotDone> {
        let zone = documents::zone(desk, self.tenant).await?;
        let kind = settings::kind(self.which.name());
        let document = match (document, kind) {
            (Some(document), Some(kind)) => {
                let (fields, allowed) = (&BTreeSet::new(), &Allowed::default());
                let beside = settings::Beside { fields, allowed, longest };
                kind.change(self.tenant, self.tenant, document.clone(), None, beside).map_err(NotDone::Refused)?;
                document.clone()
            }
            _ => documents::setting(desk, self.tenant, self.which.name()).await?,
        };
        let read = Settings::read(&document);
        let read = read.map_err(|faults| NotDone::Refused(Refusal::Invalid(usual::told(faults))))?;
        Ok(Limited { policies: read.compile(&zone).scoped(&scope(self.one())).apart(SIGN_IN), zone })
    }

    /// The stretch of time whose calls are needed: whole minutes.
    pub(crate) fn stretch(&self, when: &When) -> Stretch {
        const MINUTE: u64 = 60_000_000;
        let minute = |micros: u64| timestamp(At::from_micros(micros / MINUTE * MINUTE));
        Stretch {
            tenant: self.one(),
            from: minute(when.from.micros()),
            // A call is kept in the minute in which it ended.
            to: minute(when.to.micros().saturating_add(61 * MINUTE)),
        }
    }

    /// The calls that these limits apply to, of what was read.
    pub(crate) fn calls(&self, kept: &Kept, when: &When, hours: u32) -> Seen {
        let oldest = when.now.minus(Span::from_secs(u64::from(hours) * 3_600));
        let (calls, unreadable) = Calls::read_lossy(&kept.calls);
        let from = when.from.max(crate::traffic::instant(kept.from));
        let calls = calls.within(from, when.to);
        let tenant = self.tenant.to_string();
        let own = match self.which {
            Which::Limits => calls.only(|called| called.caller.tenant == Some(&*tenant)),
            Which::ServerLimits => calls,
        };
        let is_older = hours > 0 && when.from < oldest;
        Seen {
            calls: own,
            scope: format!("{}|", scope(self.one())),
            from,
            to: when.to,
            hours,
            is_older,
            is_cut: from > when.from,
            unreadable,
        }
    }
}

/// How much is counted on at once: calls times what they are for the policies; some seconds.
const MOST_WORK: u64 = 32_000_000;

/// What a call is for these policies.
fn work(policies: &Policies) -> u64 {
    let each = policies.iter().map(|policy| {
        let kept = match &policy.strategy {
            Strategy::Log(log) => log.limit,
            Strategy::Leases(leases) => leases.limit,
            Strategy::Ring(ring) => ring.slots.into(),
            Strategy::Fixed(_) | Strategy::Sliding(_) | Strategy::Bucket(_) => 0,
        };
        1 + kept / 300
    });
    each.sum::<u64>().max(1)
}

/// What was called in a stretch of time.
pub(crate) struct Seen {
    /// The calls.
    pub calls: Calls,
    /// How these limits are told apart from others that refused a call.
    scope: String,
    /// From then on.
    pub from: At,
    /// Up to then.
    pub to: At,
    /// For how many hours it is kept what was called.
    hours: u32,
    /// Whether older calls were asked for.
    is_older: bool,
    /// Whether it begins later than was asked.
    is_cut: bool,
    /// How many rows were none.
    unreadable: usize,
}

impl Seen {
    /// No more than can be counted on at once: the newest.
    fn bounded(mut self, policies: &Policies) -> Self {
        let most = usize::try_from(MOST_WORK / work(policies)).unwrap_or(usize::MAX);
        if self.calls.len() > most {
            self.calls = self.calls.newest(most);
            self.from = self.calls.span().map_or(self.from, |(first, _)| first);
            self.is_cut = true;
        }
        self
    }

    /// What a report does not know.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        match self.hours {
            0 => notes.push("It is not kept what is called: `--traffic-hours` says for how long it is.".to_owned()),
            hours if self.calls.is_empty() => {
                notes.push(format!("No call of that time is kept. Calls are kept for {hours} hours."));
            }
            hours if self.is_older => {
                notes.push(format!("Calls are kept for {hours} hours: of older ones there are none."))
            }
            _ => {}
        }
        if self.is_cut {
            let from = timestamp(self.from);
            notes
                .push(format!("There are too many calls to look at them all at once: only those from {from} on were."));
        }
        if self.calls.sampled() {
            let why = "In some minutes there were too many calls to keep each: some stand for others, and the numbers are right \
                       but for chance.";
            notes.push(why.to_owned());
        }
        if self.unreadable > 0 {
            notes.push(format!("{} stretches of calls cannot be read.", self.unreadable));
        }
        notes
    }
}

/// An instant as it is written.
fn text(at: At) -> String {
    timestamp(at).to_string()
}

/// `2 h 5 min`, of seconds: the two largest units.
pub(crate) fn long(seconds: u64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units {
        if rest >= unit {
            parts.push(format!("{} {name}", rest / unit));
            rest %= unit;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}
