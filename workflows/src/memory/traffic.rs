//! What was called, and what limits refused.

use std::collections::BTreeMap;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use uuid::Uuid;

use super::Memory;
use crate::traffic::{RefusedCall, RefusedCalls, Stretch, TrafficRow};

/// Rows by their keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Traffic {
    calls: BTreeMap<(TenantId, Timestamp, Uuid), Vec<u8>>,
    refused: BTreeMap<(TenantId, Timestamp, String), RefusedCall>,
}

fn size(calls: &[u8]) -> i64 {
    i64::try_from(calls.len()).unwrap_or(i64::MAX)
}

impl Traffic {
    fn within(&self, asked: &Stretch) -> impl Iterator<Item = (Timestamp, &Vec<u8>)> {
        let asked = *asked;
        let calls = self.calls.iter().filter(move |((tenant, minute, _), _)| asked.has(*tenant, *minute));
        calls.map(|((_, minute, _), calls)| (*minute, calls))
    }
}

impl Memory {
    pub(crate) fn keep_traffic(&mut self, rows: &[TrafficRow]) {
        for row in rows {
            self.traffic.calls.entry((row.tenant, row.minute, row.part)).or_insert_with(|| row.calls.clone());
        }
    }

    pub(crate) fn keep_refused(&mut self, rows: &[RefusedCall]) {
        for row in rows {
            let key = (row.tenant, row.at, row.request.clone());
            self.traffic.refused.entry(key).or_insert_with(|| row.clone());
        }
    }

    pub(crate) fn traffic_sizes(&self, asked: &Stretch) -> Vec<(Timestamp, i64)> {
        let mut sizes = BTreeMap::new();
        for (minute, calls) in self.traffic.within(asked) {
            *sizes.entry(minute).or_insert(0) += size(calls);
        }
        sizes.into_iter().rev().collect()
    }

    pub(crate) fn traffic(&self, asked: &Stretch) -> Vec<Vec<u8>> {
        self.traffic.within(asked).map(|(_, calls)| calls.clone()).collect()
    }

    pub(crate) fn refused_calls(&self, tenant: TenantId, asked: &RefusedCalls) -> Vec<RefusedCall> {
        let own = self.traffic.refused.values().rev().filter(|row| row.tenant == tenant && asked.fits(row));
        own.take(usize::try_from(asked.limit).unwrap_or(0)).cloned().collect()
    }

    pub(crate) fn forget_traffic(&mut self, before: Timestamp) {
        self.traffic.calls.retain(|(_, minute, _), _| *minute >= before);
        self.traffic.refused.retain(|(_, at, _), _| *at >= before);
    }

    pub(crate) fn forget_traffic_beyond(&mut self, tenant: TenantId, bytes: i64, refused: i64) {
        let all = Stretch {
            tenant: Some(tenant),
            from: Timestamp::from_micros(i64::MIN),
            to: Timestamp::from_micros(i64::MAX),
        };
        let mut held = 0;
        let beyond = self.traffic_sizes(&all).into_iter().find(|(_, size)| {
            held += size;
            held > bytes
        });
        if let Some((last, _)) = beyond {
            self.traffic.calls.retain(|(of, minute, _), _| *of != tenant || *minute > last);
        }
        let own = self.traffic.refused.keys().rev().filter(|(of, ..)| *of == tenant);
        let beyond = own.map(|(_, at, _)| *at).nth(usize::try_from(refused).unwrap_or(usize::MAX));
        if let Some(last) = beyond {
            self.traffic.refused.retain(|(of, at, _), _| *of != tenant || *at > last);
        }
    }
}
