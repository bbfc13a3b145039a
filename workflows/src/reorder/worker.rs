//! Who looks what is short when a run asks: reads one view of the store and answers with all proposals at once. It writes
//! nothing: the answer becomes the run's event `proposed`.

use std::pin::Pin;
use std::sync::Arc;

use fluxor_engine::commit::{OrganisationRow, OutboxRow};
use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::money::{Currency, parse_scaled};
use fluxor_engine::runtime::{Delivering, Reply, Sink, Undelivered};
use fluxor_engine::store::{AnyStore, Reader, StoreError};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value as Json;

use super::{Ask, Rates, Ratio, snapshot};
use crate::memory::Memory;
use crate::procurement::Procurement;

/// The message that it takes.
pub const PROPOSE: &str = "propose_reorder";

type Opening<'a> = Pin<Box<dyn Future<Output = Result<Reader<Memory>, StoreError>> + Send + 'a>>;
type Knowing<'a> = Pin<Box<dyn Future<Output = Result<Option<OrganisationRow>, StoreError>> + Send + 'a>>;

/// Where a worker reads.
pub trait Looks: Send + Sync {
    /// A connection for reading.
    fn reader(&self) -> Opening<'_>;

    /// The organisation, which has the exchange rates.
    fn organisation(&self, tenant: TenantId) -> Knowing<'_>;
}

impl Looks for AnyStore<Procurement> {
    fn reader(&self) -> Opening<'_> {
        Box::pin(Self::reader(self))
    }

    fn organisation(&self, tenant: TenantId) -> Knowing<'_> {
        Box::pin(fluxor_engine::store::Store::organisation(self, tenant))
    }
}

/// Looks what is short.
#[derive(Clone)]
pub struct Worker(Arc<dyn Looks>);

#[derive(Deserialize)]
struct Asked {
    run: InstanceId,
    as_of: Date,
    currency: Currency,
}

impl Worker {
    /// Over a store.
    #[must_use]
    pub fn new(store: Arc<dyn Looks>) -> Self {
        Self(store)
    }

    /// The organisation's rates, which say what a unit of each currency is worth, as units for one of the home currency. They
    /// hold today, whatever day a run is for.
    #[must_use]
    pub fn rates(organisation: Option<&OrganisationRow>, home: Currency, day: Date) -> Rates {
        let document: Json = organisation.and_then(|row| serde_json::from_str(&row.document).ok()).unwrap_or_default();
        let worth = |code: &str| {
            let text = document.get("rates")?.get(code)?.as_str()?;
            Ratio::new(parse_scaled(text, PLACES).ok()?.into(), 10_i128.pow(PLACES))
        };
        let mut rates = Rates::of(home);
        let Some(own) = worth(home.code()) else { return rates };
        for code in document.get("rates").and_then(Json::as_object).into_iter().flat_map(|rates| rates.keys()) {
            if let (Ok(currency), Some(one)) = (code.parse::<Currency>(), worth(code))
                && let Some(units) = own.over(one)
            {
                rates = rates.with(currency, day, units);
            }
        }
        rates
    }

    async fn look(&self, message: &OutboxRow) -> Result<Reply, Undelivered> {
        let asked: Asked = serde_json::from_str(&message.payload)
            .map_err(|why| Undelivered::Never(format!("a run's question cannot be read: {why}")))?;
        let broken = |why: StoreError| Undelivered::Again(format!("the run {} could not look: {why}", asked.run));
        let organisation = self.0.organisation(message.tenant).await.map_err(broken)?;
        let ask = Ask { today: asked.as_of, rates: Self::rates(organisation.as_ref(), asked.currency, asked.as_of) };
        let mut reader = self.0.reader().await.map_err(broken)?;
        let found = snapshot(reader.connection(), message.tenant, &ask).await.map_err(broken)?;
        match serde_json::to_value(found) {
            Ok(Json::Object(reply)) => Ok(reply),
            Ok(_) | Err(_) => Err(Undelivered::Never("what was found cannot be written as JSON".to_owned())),
        }
    }
}

impl Sink for Worker {
    fn deliver<'a>(&'a self, message: &'a OutboxRow) -> Delivering<'a> {
        Box::pin(self.look(message))
    }
}

/// Digits of a rate behind the point.
const PLACES: u32 = 9;
