//! Reports that are made from the database, without a server.

use fluxor_engine::clock::{Clock as _, SystemClock};
use fluxor_workflows::RefusedCalls;
use serde::Serialize;
use serde_json::{Value, json};

use super::Failure;
use crate::config::Config;
use crate::desk::Desk;
use crate::limits::explain::{Limited, Seen, Used, When, Which, Whose, Wish, replayed, used};
use crate::open::{Purpose, open};
use crate::traffic::{self, Refused, instant};

fn wrong((field, why): (&'static str, String)) -> Failure {
    Failure::Usage(format!("--{field}: {why}"))
}

fn report(report: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(report).map_err(|error| Failure::Broken(error.into()))
}

/// Limits, a stretch of time, and what was called in it.
struct Look {
    whose: Whose,
    limited: Limited,
    when: When,
    seen: Seen,
}

impl Look {
    async fn new(
        config: &Config,
        desk: &dyn Desk,
        (which, document): (Which, Option<&Value>),
        wish: &Wish,
    ) -> Result<Self, Failure> {
        // At the console of the machine one is the operator.
        let whose = Whose::new(which, config.tenant(), config.tenant())?;
        let limited = whose.limits(desk, document, config.request_timeout()).await?;
        let when = wish.when(instant(SystemClock.now()), &limited.zone).map_err(wrong)?;
        let kept = traffic::read(desk, whose.stretch(&when)).await?;
        let seen = whose.calls(&kept, &when, config.traffic_hours);
        Ok(Self { whose, limited, when, seen })
    }
}

/// How much was used.
pub(super) async fn usage(config: &Config, which: Which, wish: &Wish, asked: Used) -> Result<Value, Failure> {
    let desk = open(config, Purpose::Read).await?;
    let look = Look::new(config, &*desk, (which, None), wish).await?;
    look.limited.has(asked.policy.as_deref()).map_err(|why| wrong(("policy", why)))?;
    let step = asked.step(look.when.to.since(look.when.from).secs_up()).map_err(wrong)?;
    report(&used(&look.whose, &look.limited, look.seen, &asked, step))
}

/// Why requests were refused.
pub(super) async fn refused(config: &Config, asked: RefusedCalls) -> Result<Value, Failure> {
    let desk = open(config, Purpose::Read).await?;
    let rows = traffic::read_refused(&*desk, (config.tenant(), config.tenant()), asked).await?;
    let items: Vec<Refused> = rows.iter().filter_map(|row| serde_json::from_str(&row.told).ok()).collect();
    Ok(json!({ "items": items, "notes": traffic::notes_on_refusals(config.traffic_hours, items.is_empty()) }))
}

/// What limits would have done.
pub(super) async fn replay(
    config: &Config,
    which: Which,
    wish: &Wish,
    document: Option<&Value>,
) -> Result<Value, Failure> {
    let desk = open(config, Purpose::Read).await?;
    let look = Look::new(config, &*desk, (which, document), wish).await?;
    report(&replayed(&look.whose, &look.limited, look.seen))
}
