//! What waits for somebody who wants his mail together.

use std::collections::BTreeMap;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{PersonId, TenantId};
use uuid::Uuid;

use super::Memory;
use crate::digests::{DigestClaim, DigestItem, DigestWaiting, REMEMBERED_MICROS};

/// Rows by their keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Digests {
    people: BTreeMap<(TenantId, PersonId), Digest>,
    items: BTreeMap<(TenantId, PersonId, Uuid), Item>,
}

#[derive(Clone, Debug, PartialEq)]
struct Digest {
    leased_until: Timestamp,
    /// Its name, and when it was begun.
    begun: Option<(Uuid, Timestamp)>,
}

#[derive(Clone, Debug, PartialEq)]
struct Item {
    item: DigestItem,
    batch: Option<Uuid>,
    sent_at: Option<Timestamp>,
}

impl Digests {
    fn of(&mut self, (tenant, person): (TenantId, &PersonId)) -> impl Iterator<Item = &mut Item> {
        self.items.values_mut().filter(move |row| row.item.tenant == tenant && row.item.person == *person)
    }
}

impl Memory {
    pub(crate) fn put_digest_item(&mut self, item: &DigestItem) {
        let key = (item.tenant, item.person.clone());
        let idle = Digest { leased_until: Timestamp::from_micros(0), begun: None };
        self.digests.people.entry(key).or_insert(idle);
        let key = (item.tenant, item.person.clone(), item.id);
        let row = Item { item: item.clone(), batch: None, sent_at: None };
        self.digests.items.entry(key).or_insert(row);
    }

    pub(crate) fn digests_waiting(
        &self,
        now: Timestamp,
        after: Option<(TenantId, &PersonId)>,
        limit: i64,
    ) -> Vec<DigestWaiting> {
        let mut all: BTreeMap<(TenantId, &PersonId), Timestamp> = BTreeMap::new();
        for row in self.digests.items.values().filter(|row| row.sent_at.is_none()) {
            let since = all.entry((row.item.tenant, &row.item.person)).or_insert(row.item.at);
            *since = (*since).min(row.item.at);
        }
        let free = all.into_iter().filter_map(|((tenant, person), since)| {
            let digest = self.digests.people.get(&(tenant, person.clone()))?;
            let waiting = DigestWaiting { tenant, person: person.clone(), since, begun: digest.begun.is_some() };
            (digest.leased_until <= now).then_some(waiting)
        });
        let behind = free.filter(|one| after.is_none_or(|after| (one.tenant, &one.person) > after));
        behind.take(usize::try_from(limit).unwrap_or(0)).collect()
    }

    pub(crate) fn claim_digest(
        &mut self,
        whose: (TenantId, &PersonId),
        batch: Uuid,
        (now, until): (Timestamp, Timestamp),
        most: i64,
    ) -> Option<DigestClaim> {
        let digest = self.digests.people.get(&(whose.0, whose.1.clone()))?.clone();
        if digest.leased_until > now {
            return None;
        }
        let (batch, began) = digest.begun.unwrap_or_else(|| {
            self.digests.of(whose).filter(|row| row.batch.is_none()).for_each(|row| row.batch = Some(batch));
            (batch, now)
        });
        let under_way = self.digests.of(whose).filter(|row| row.batch == Some(batch) && row.sent_at.is_none());
        let mut items: Vec<DigestItem> = under_way.map(|row| row.item.clone()).collect();
        if items.is_empty() {
            return None;
        }
        items.sort_by_key(|item| (item.at, item.id));
        let all = items.len();
        items.truncate(usize::try_from(most).unwrap_or(0));
        let more = i64::try_from(all - items.len()).unwrap_or(i64::MAX);
        let held = Digest { leased_until: until, begun: Some((batch, began)) };
        self.digests.people.insert((whose.0, whose.1.clone()), held);
        Some(DigestClaim { batch, began, items, more })
    }

    pub(crate) fn finish_digest(&mut self, whose: (TenantId, &PersonId), batch: Uuid, now: Timestamp) {
        let rows = self.digests.of(whose);
        rows.filter(|row| row.batch == Some(batch) && row.sent_at.is_none()).for_each(|row| row.sent_at = Some(now));
        let before = now.plus_micros(-REMEMBERED_MICROS);
        self.digests.items.retain(|(tenant, person, _), row| {
            (*tenant, person) != whose || row.sent_at.is_none_or(|sent| sent >= before)
        });
        self.end_digest(whose, batch, Digest { leased_until: Timestamp::from_micros(0), begun: None });
    }

    pub(crate) fn postpone_digest(&mut self, whose: (TenantId, &PersonId), batch: Uuid, until: Timestamp) {
        let key = (whose.0, whose.1.clone());
        let begun = self.digests.people.get(&key).and_then(|digest| digest.begun);
        self.end_digest(whose, batch, Digest { leased_until: until, begun });
    }

    fn end_digest(&mut self, (tenant, person): (TenantId, &PersonId), batch: Uuid, then: Digest) {
        if let Some(digest) = self.digests.people.get_mut(&(tenant, person.clone()))
            && digest.begun.is_some_and(|(own, _)| own == batch)
        {
            *digest = then;
        }
    }
}
