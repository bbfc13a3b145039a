//! Plays what would happen on the rows that there are. It reads, on a connection of its own, and holds nothing while it plays:
//! no writer waits for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use fluxor_engine::decide::Stop;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::ids::{PersonId, TenantId};
use fluxor_engine::refusal::Refusal;
use fluxor_engine::rehearsal::Setting;
use fluxor_engine::runtime::{Engine, NotDone};
use fluxor_engine::simulate::{Simulation, simulate};
use fluxor_engine::store::{AnyStore, Persist as _};
use fluxor_workflows::{Facts, Procurement};
use tokio::sync::Semaphore;

use crate::simulate::Question;

/// How many simulations are played at a time.
static TURNS: Semaphore = Semaphore::const_new(2);

/// How often a simulation may ask for more rows.
const MOST_LOADS: usize = 200;

/// Who asks for what.
#[derive(Debug)]
pub(crate) struct WhatIf {
    /// Whose data.
    pub tenant: TenantId,
    /// Who starts it, where the question names nobody.
    pub starter: Option<PersonId>,
    /// What.
    pub question: Question,
    /// What the text of its definition came to.
    pub tried: Option<Arc<Definition>>,
}

pub(super) async fn run(
    engine: &Engine<Procurement, AnyStore<Procurement>>,
    WhatIf { tenant, starter, question, tried }: WhatIf,
) -> Result<Simulation, NotDone> {
    let organisation = engine.organisation(tenant).await?;
    // Nobody wants to read the microseconds of what would be.
    let now = engine.clock().now();
    let now = now.plus_micros(-now.micros().rem_euclid(1_000_000));
    let prepared = question.prepared(starter, tried, (&engine.library(), organisation), now);
    let prepared = Arc::new(prepared.map_err(NotDone::Refused)?);
    let mut facts = Facts::default();
    for _ in 0..MOST_LOADS {
        // It takes its time, and others wait for this thread. Few at a time: who gives up leaves the work behind.
        let turn = TURNS.acquire().await.map_err(|_| NotDone::ShuttingDown)?;
        let (domain, ground) = (engine.domain().clone(), prepared.clone());
        let played = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let (library, organisations) = (&ground.library, ground.organisations.as_slice());
            let setting = Setting { domain: &*domain, library, organisations, tenant };
            (simulate(setting, &facts, &ground.asked), facts)
        });
        let (told, known) = played
            .await
            .unwrap_or_else(|ended| std::panic::resume_unwind(Box::new(format!("a simulation did not end: {ended}"))));
        facts = known;
        let needs: BTreeSet<_> = match told {
            Ok(simulation) => return Ok(simulation),
            Err(Stop::Refused(refusal)) => return Err(NotDone::Refused(refusal)),
            Err(Stop::Needs(needs)) => needs.into_iter().map(|need| (tenant, need)).collect(),
            Err(Stop::Keys(_) | Stop::Nothing) => return Err(endless()),
        };
        let mut reader = engine.store().reader().await?;
        engine.domain().load(reader.connection(), &needs, &mut facts).await?;
    }
    Err(endless())
}

fn endless() -> NotDone {
    let sentence = "The simulation asked for more and more rows without an end.".to_owned();
    NotDone::Refused(Refusal::Domain { code: "needs_without_end", sentence })
}
