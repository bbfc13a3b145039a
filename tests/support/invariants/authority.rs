//! Who may do what, written naively from approvals.md (sections 4 to 6, 10) and the definitions: wider than the rules in
//! places, never narrower, and without a line of the engine's own judging.

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::approval::{Ballot, Verb as Act};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::instance::{Document, Instance};

use super::company::{Company, Cover, day};
use super::rules::{Rules, Sender};

/// What has happened to an instance that matters to who may act.
#[derive(Clone, Debug, Default)]
pub struct Tale {
    /// The first company that it may have seen.
    pub since: usize,
    /// Its subjects so far.
    pub subjects: Vec<Document>,
    /// Who changed the subject after the first submission.
    pub editors: BTreeSet<String>,
    /// To whom seats were passed or given, by step.
    pub passed: BTreeSet<(String, String)>,
    /// Step, who delegated, to whom.
    pub delegated: BTreeSet<(String, String, String)>,
}

/// What a naive check looks at.
#[derive(Debug)]
pub struct Court<'a> {
    /// Every company so far, the present one last.
    pub companies: &'a [Company],
    /// The rules of the workflow.
    pub rules: &'a Rules,
    /// The instance just before.
    pub instance: &'a Instance,
    /// Its tale just before.
    pub tale: &'a Tale,
    /// Now.
    pub at: Timestamp,
}

fn text(subject: &Document, field: &str) -> Option<String> {
    subject.get(field).and_then(|value| value.as_str()).map(str::to_owned)
}

impl Court<'_> {
    fn now(&self) -> &Company {
        self.companies.last().unwrap()
    }

    fn covers(&self, cover: &Cover, surely: bool) -> bool {
        let day = day(self.at);
        let amount = text(&self.instance.subject, "amount").unwrap_or_default();
        let euros = amount.strip_suffix(" EUR").and_then(|a| a.parse::<f64>().ok());
        let enough = cover.max.is_none_or(|max| euros.map_or(!surely, |amount| amount <= max as f64));
        let there = cover.workflow.as_deref().is_none_or(|w| *w == *self.instance.workflow);
        enough && there && cover.until.as_ref().is_none_or(|until| day < *until)
    }

    /// Everybody whom a walk from `start` meets within the hops.
    fn walk(&self, start: &str, hops: usize, surely: bool, passes: &dyn Fn(&str) -> bool) -> BTreeSet<String> {
        let mut met = BTreeSet::from([start.to_owned()]);
        for _ in 0..hops {
            let next: Vec<String> = self
                .now()
                .covers
                .iter()
                .filter(|c| met.contains(&c.person) && passes(&c.substitute) && self.covers(c, surely))
                .map(|c| c.substitute.clone())
                .collect();
            met.extend(next);
        }
        met
    }

    /// Section 6.
    #[must_use]
    pub fn excluded(&self) -> BTreeSet<String> {
        let day = day(self.at);
        let named = self.rules.never.iter().filter_map(|field| text(&self.instance.subject, field));
        let mut out: BTreeSet<String> = named.collect();
        if self.rules.editors {
            out.extend(self.tale.editors.iter().cloned());
        }
        if self.rules.never_substitutes {
            let active = |who: &str| self.now().active(who, &day);
            let walks: Vec<_> = out.iter().map(|who| self.walk(who, 5, true, &active)).collect();
            out.extend(walks.into_iter().flatten());
        }
        out
    }

    /// Everybody who can ever have got a seat in the step.
    fn seated(&self, step: &str) -> BTreeSet<String> {
        let mut seated: BTreeSet<String> =
            self.tale.passed.iter().filter(|(s, _)| s == step).map(|(_, who)| who.clone()).collect();
        let finds = self.rules.steps.get(step).map_or(&[][..], Vec::as_slice);
        for company in &self.companies[self.tale.since..] {
            let mut here = BTreeSet::new();
            for subject in &self.tale.subjects {
                here.extend(finds.iter().flat_map(|f| f.could_name(company, &|field| text(subject, field))));
            }
            // Escalation climbs from whoever is asked.
            let above: Vec<_> = here.iter().chain(&seated).map(|who| company.above(who)).collect();
            seated.extend(here);
            seated.extend(above.into_iter().flatten());
        }
        seated
    }

    /// Sections 5 and 6: an accepted act in a seat was this person's to do.
    ///
    /// # Errors
    /// Why it was not.
    pub fn may_decide(&self, person: &str, ballot: &Ballot) -> Result<(), String> {
        let day = day(self.at);
        let excluded = self.excluded();
        if !self.now().active(person, &day) {
            return Err(format!("{person} is not active"));
        }
        if excluded.contains(person) {
            return Err(format!("{person} is one of those who never decide: {excluded:?}"));
        }
        let fit = |who: &str| self.now().active(who, &day) && !excluded.contains(who);
        let seated = self.seated(&ballot.step);
        let may = |principal: &String| {
            let mut reached = self.walk(principal, 5, false, &fit);
            for (step, from, to) in &self.tale.delegated {
                if **step == *ballot.step && from == principal && fit(to) {
                    reached.extend(self.walk(to, 4, false, &fit));
                }
            }
            reached.contains(person)
        };
        let principals: Vec<&String> = match &ballot.on_behalf_of {
            Some(principal) => seated.iter().filter(|who| ***who == *principal.as_str()).collect(),
            None => seated.iter().collect(),
        };
        if principals.iter().any(|principal| may(principal)) {
            return Ok(());
        }
        Err(format!("{person} reaches none of {principals:?} in step {}; seated: {seated:?}", ballot.step))
    }

    /// Section 10: verbs that are no ballots.
    ///
    /// # Errors
    /// Why it was not his to do.
    pub fn may_act(&self, person: &str, act: &Act) -> Result<(), String> {
        let administers = self.rules.administrators.iter().any(|a| a == person);
        let own = |step: &str| self.may_decide(person, &Ballot { step: step.into(), ..Ballot::default() });
        match act {
            Act::Approve(b) | Act::Reject(b) | Act::Abstain(b) | Act::RequestChanges(b) => self.may_decide(person, b),
            Act::Ask { ballot, .. } => self.may_decide(person, ballot),
            Act::AddApprover { ballot, .. } if !administers => self.may_decide(person, ballot),
            Act::Reassign { step, from, .. } if !administers => {
                let own_seat = from.as_ref().is_none_or(|f| f.as_str() == person);
                if own_seat { own(step) } else { Err("another's seat".to_owned()) }
            }
            Act::Delegate { step, .. } | Act::Look { step } => own(step),
            Act::Escalate { .. } | Act::Repair { .. } if !administers => Err("no administrator".to_owned()),
            Act::AddApprover { .. } | Act::Reassign { .. } | Act::Escalate { .. } | Act::Repair { .. } => {
                let bad = self.excluded().contains(person) || !self.now().active(person, &day(self.at));
                if bad { Err("an administrator who may not act".to_owned()) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// An accepted event was this person's to send.
    ///
    /// # Errors
    /// Why it was not.
    pub fn may_send(&self, person: &str, event: &str) -> Result<(), String> {
        let subject = &self.instance.subject;
        let state = &self.instance.state;
        let requests = || text(subject, "requester").as_deref() == Some(person);
        let company = self.now();
        let buys_in = |unit: &str| company.has(person, "buyer", unit, &day(self.at));
        let buys = || text(subject, "unit").is_some_and(|unit| buys_in(&unit));
        let buys_anywhere = || text(subject, "unit").is_none() && company.roles.keys().any(|(unit, _)| buys_in(unit));
        let ok = match self.rules.sender(event, state) {
            None => false,
            Some(Sender::Anyone) => true,
            Some(Sender::Requester) => requests(),
            Some(Sender::Buyer) => buys(),
            Some(Sender::OrderBuyer) => buys() || buys_anywhere(),
            Some(Sender::Receiver) => requests() || buys() || buys_anywhere(),
        };
        if ok { Ok(()) } else { Err(format!("{person} may not send {event} in {state}")) }
    }
}

/// Adds what an accepted act changed about who may act.
pub fn told(tale: &mut Tale, person: &str, act: &Act) {
    match act {
        Act::Delegate { step, to } => {
            tale.delegated.insert((step.to_string(), person.to_owned(), to.to_string()));
        }
        Act::Reassign { step, to, .. } => {
            tale.passed.insert((step.to_string(), to.to_string()));
        }
        Act::Repair { step, to: Some(to), .. } => {
            tale.passed.insert((step.to_string(), to.to_string()));
        }
        Act::AddApprover { person, .. } => {
            for n in 0..20 {
                tale.passed.insert((format!("added.{n}"), person.to_string()));
            }
        }
        _ => {}
    }
}

/// The rules of every workflow in play.
pub type Law = BTreeMap<String, Rules>;
