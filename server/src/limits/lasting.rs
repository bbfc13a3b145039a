//! What of a document would not outlive the server: what is counted in its memory begins anew when it starts again.

use fluxor_limits::{At, Policy, Settings, Span, Strategy};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::{SERVER, TENANT, store};
use crate::config::Config;

/// From which window on that matters.
const LONG: Span = Span::from_secs(86_400);

/// Whether a policy counts over a day or longer.
fn is_long(policy: &Policy) -> bool {
    let strategy = &policy.strategy;
    let now = At::from_micros(0);
    !matches!(strategy, Strategy::Leases(_)) && strategy.view(&strategy.fresh(now), now).window >= LONG
}

/// What whoever sets this document should know, where limits are counted as these options say.
pub(crate) fn warnings(name: &str, document: &Value, config: &Config) -> Vec<String> {
    let memory = store::in_memory(config);
    if ![TENANT, SERVER].contains(&name) {
        return Vec::new();
    }
    let Ok(settings) = Settings::read(document) else { return Vec::new() };
    let policies = settings.compile(&TimeZone::UTC);
    let lost = policies.iter().filter(|policy| is_long(policy) && (memory || policy.per_server));
    let told = lost.map(|policy| {
        let (name, admits) = (&policy.name, &policy.strategy);
        let help = match memory {
            true => "; `--limits-store` names a store that keeps it",
            false => ", because it is `per_server`",
        };
        format!(
            "`{name}` ({admits}) is counted in a server's memory: a restart forgets it, and each key begins anew{help}."
        )
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;
    use serde_json::json;

    #[test]
    fn a_quota_that_a_restart_forgets_is_told() {
        let policy = |name: &str, strategy: Value| json!({ "name": name, "by": ["user"], "strategy": strategy });
        let mut document = json!({ "policies": [
            policy("day", json!({ "fixed": { "limit": 9, "window": "day" } })),
            policy("long", json!({ "log": { "limit": 9, "window": "24h" } })),
            policy("hour", json!({ "fixed": { "limit": 9, "window": "hour" } })),
            policy("places", json!({ "leases": { "limit": 9, "lease": "1d" } })),
        ] });
        let told = |document: &Value, options: &[&str]| warnings("limits", document, &config(options)).join("\n");
        let memory = told(&document, &[]);
        assert!(memory.contains("`day` (9 a calendar day") && memory.contains("`long`"), "{memory}");
        assert!(memory.lines().count() == 2 && memory.contains("--limits-store"), "{memory}");
        assert_eq!(told(&document, &["--limits-store", "redis://127.0.0.1/"]), "");
        assert_eq!(told(&document, &["--database", "postgres://db/fluxor"]), "");
        document["policies"][0]["per_server"] = true.into();
        let near = told(&document, &["--database", "postgres://db/fluxor"]);
        assert!(near.contains("`day`") && near.contains("per_server") && near.lines().count() == 1, "{near}");
    }
}
