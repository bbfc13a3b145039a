//! Reading what matters where several servers share a store.

use serde_json::{Map, Value};

use super::{Walk, pointer};
use crate::policy::bounds::LARGEST;
use crate::policy::{Away, TokenLease};
use crate::settings::{Taken, Way, Written};
use crate::strategy::Leases;

impl Walk {
    pub(super) fn away(&mut self, map: &Map<String, Value>, at: &str) -> Option<Away> {
        let choices = [("local", Away::Local), ("open", Away::Open), ("closed", Away::Closed)];
        map.get("away").and_then(|value| self.choice(value, &pointer(at, "away"), &choices))
    }

    pub(super) fn token_lease(&mut self, value: &Value, at: &str) -> Option<Taken> {
        let map = self.object(value, at, &["tokens", "time"])?;
        let tokens = self.need(map, at, "tokens");
        let tokens = tokens.and_then(|value| self.number(value, &pointer(at, "tokens"), "tokens", LARGEST));
        let time = self.need(map, at, "time").and_then(|value| self.time(value, &pointer(at, "time"), "time"));
        if let Some(time) = time.as_ref().filter(|time| time.span > TokenLease::LONGEST) {
            let told = format!("tokens are good for at most a minute, not `{}`", time.text);
            self.hinted(&pointer(at, "time"), told, "a second is a good time: unused tokens go back after it");
        }
        Some(Taken { tokens: tokens?, time: time? })
    }

    /// What does not go together.
    pub(super) fn spread(&mut self, map: &Map<String, Value>, at: &str, policy: &Written) {
        if policy.per_server && map.contains_key("away") {
            let told = "each server counts this for itself: nothing is away".to_owned();
            self.hinted(&pointer(at, "away"), told, "leave `away` out, or `per_server`");
        }
        if let Way::Leases { limit, .. } = policy.strategy
            && limit > Leases::SHARED
            && !policy.per_server
        {
            let told =
                format!("{limit} places are too many for a store that servers share: at most {}", Leases::SHARED);
            let hint = "add `\"per_server\": true`: each server counts its own, up to 10000";
            self.hinted(&format!("{at}/strategy/leases/limit"), told, hint);
        }
        let Some(taken) = &policy.token_lease else { return };
        let at = pointer(at, "token_lease");
        if policy.per_server {
            let told = "each server counts this for itself: there is nothing to take ahead".to_owned();
            self.hinted(&at, told, "leave `token_lease` out, or `per_server`");
        }
        let most = match policy.strategy {
            Way::Log { .. } => return self.fault(&at, "a `log` is exact: nothing can be taken ahead of it".to_owned()),
            Way::Leases { .. } => {
                return self.fault(&at, "places cannot be taken ahead: a call holds one while it runs".to_owned());
            }
            Way::Fixed { limit, .. } | Way::Sliding { limit, .. } | Way::Ring { limit, .. } => limit,
            Way::Bucket { burst, .. } => burst,
        };
        if taken.tokens > most {
            let told = format!("`tokens` is {}, more than the policy ever has ({most})", taken.tokens);
            self.hinted(
                &pointer(&at, "tokens"),
                told,
                "a tenth of the limit, divided by the servers, is a good number",
            );
        }
    }
}
