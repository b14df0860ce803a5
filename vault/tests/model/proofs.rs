//! The model's proofs: which are taken, what they cover, and who gets nothing.

use std::collections::BTreeMap;

use fairshare_params::address::Address;
use num_bigint::BigInt;

use crate::acts::{Altered, Submitted, Thing, With};
use crate::cast::{ACTORS, DATA, RULES, rules_hash};
use crate::exact::{data_weight, whole};
use crate::model::{Counted, Dataset, Epoch, Fate, Model, Refusal, owner, refused};
use crate::pool::{Bundle, POOL, What};

impl Model {
    /// Why a dataset does not count in an epoch.
    fn ineligible(&self, epoch: &Epoch, data: &Dataset) -> Option<&'static str> {
        let plain = epoch.plain();
        if !(plain.window..plain.last()).contains(&data.round) {
            return Some("Round");
        }
        if plain.evidence && !data.item.evidence {
            return Some("Evidence");
        }
        // In time: before the epoch's last round had ended.
        let is_struck = data.struck.is_some_and(|struck| epoch.ended.is_none_or(|(ended, _)| struck < ended));
        is_struck.then_some("Struck")
    }

    /// Whether proofs are taken at this time.
    pub fn takes_proofs(&self, epoch: &Epoch, is_data: bool, time: u64) -> Fate<()> {
        if epoch.closed {
            return refused("Closed");
        }
        match epoch.deadline() {
            None if self.has_begun(epoch) => refused("RoundsGoOn"),
            None => refused("NotBegun"),
            Some(deadline) if is_data && time > deadline => refused("Deadline"),
            Some(_) => Ok(()),
        }
    }

    /// Nodes of an epoch without a proof, by address; not before its rounds are over.
    pub fn unproved(&self, epoch: Option<u64>) -> Fate<Vec<Address>> {
        let epoch = &self.epochs[self.find_proving(epoch)?];
        if !epoch.closed {
            self.takes_proofs(epoch, false, self.time)?;
        }
        Ok(epoch.unproved())
    }

    /// The latest round of what a data bundle covers: its contributor's datasets that count, each once, in
    /// order of registration.
    fn covers(&self, epoch: &Epoch, whose: Address, set: &[usize]) -> Fate<u64> {
        let (mut latest, mut before) = (0, 0);
        for data in set {
            let known = self.data.iter().find(|known| known.thing == Thing::Data(*data));
            let known = known.filter(|known| owner(known.thing) == whose);
            let Some(known) = known else { return Err("NotCovered.Unregistered".to_owned()) };
            if let Some(why) = self.ineligible(epoch, known) {
                return Err(format!("NotCovered.Ineligible.{why}"));
            }
            if known.entry <= before {
                return Err("NotCovered.Order".to_owned());
            }
            (latest, before) = (latest.max(known.round), known.entry);
        }
        Ok(latest)
    }

    /// What an epoch's submission is given.
    pub fn verifier(&self, index: usize, with: With) -> (usize, Option<usize>) {
        let Epoch { rules, units, .. } = self.epochs[index];
        match with {
            With::Own => (rules, units),
            With::NoUnits => (rules, None),
            With::OtherUnits if RULES[rules].is_standard => {
                (rules, Some(units.map_or(0, |units| (units + 1) % 3)))
            }
            With::OtherUnits => (rules, None),
            With::OtherRules(rules) => (rules, None),
        }
    }

    /// Bundles are submitted together. Of each: its entry, and whether it stood there before.
    pub fn submit(
        &mut self,
        epoch: Option<u64>,
        with: With,
        bundles: &[Submitted],
        now: u64,
    ) -> Fate<Vec<Fate<(u64, bool)>>> {
        let index = self.find_proving(epoch)?;
        let (rules, units) = self.verifier(index, with);
        if rules_hash(rules) != rules_hash(self.epochs[index].rules) {
            return Err("OtherRules".to_owned());
        }
        if units.is_some() && units != self.epochs[index].units {
            return Err("UnitsOtherwise".to_owned());
        }
        let read = |Submitted { bundle, altered }: &Submitted| {
            let whose = match altered {
                None => POOL.bundles[*bundle].contributor(),
                Some(Altered::As(actor)) => ACTORS[*actor].address,
                // It is refused, for whatever reason is found first.
                Some(_) => return Err(Refusal::new()),
            };
            self.judge(&self.epochs[index], *bundle, whose, units, now).map(|()| *bundle)
        };
        let read: Vec<_> = bundles.iter().map(read).collect();
        Ok(read.into_iter().map(|read| read.and_then(|bundle| self.record(index, bundle, now))).collect())
    }

    /// What is said of a bundle in somebody's name before anything is recorded.
    fn judge(&self, epoch: &Epoch, index: usize, whose: Address, units: Option<usize>, now: u64) -> Fate<()> {
        let bundle @ Bundle { rules, what, .. } = &POOL.bundles[index];
        let (is_data, is_own) = (matches!(what, What::Data { .. }), bundle.contributor() == whose);
        let is_on_record = is_own && epoch.bundles.iter().any(|counted| counted.bundle == index);
        if !is_on_record {
            self.takes_proofs(epoch, is_data, now)?;
        }
        let is_true = match what {
            What::Data { set, .. } => self.covers(epoch, whose, set).map(|_| true)?,
            What::Compute { record, .. } => is_own && units == Some(*record),
        };
        if is_true && rules_hash(*rules) == rules_hash(epoch.rules) {
            Ok(())
        } else {
            Err("Verify".to_owned())
        }
    }

    fn record(&mut self, epoch: usize, index: usize, now: u64) -> Fate<(u64, bool)> {
        let bundle = &POOL.bundles[index];
        let standing = &self.epochs[epoch];
        let (is_data, weight) = match &bundle.what {
            What::Data { set, records, .. } => {
                let latest = self.covers(standing, bundle.contributor(), set)?;
                (true, data_weight(standing.plain(), bundle.score, *records, latest))
            }
            What::Compute { .. } => (false, whole(bundle.score)),
        };
        let is_own = |counted: &&Counted| {
            let other = &POOL.bundles[counted.bundle];
            other.contributor() == bundle.contributor() && matches!(other.what, What::Data { .. }) == is_data
        };
        let own: Vec<_> = standing.bundles.iter().filter(is_own).collect();
        // Of computing power one proof is as good as another.
        if let Some(same) = own.iter().find(|own| own.bundle == index || !is_data) {
            return Ok((same.entry, true));
        }
        self.takes_proofs(standing, is_data, self.stamp(now))?;
        if own.iter().any(|own| own.weight >= weight) {
            return Err("NoHeavier".to_owned());
        }
        let entry = self.append(now);
        self.epochs[epoch].bundles.push(Counted { bundle: index, entry, weight });
        Ok((entry, false))
    }

    /// Everybody on record for an epoch who gets nothing: contributors of data, then nodes, by address.
    pub fn forfeits(&self, index: usize) -> Vec<(Address, bool, String)> {
        let epoch = &self.epochs[index];
        let (mut found, mut reasons) = (Vec::new(), BTreeMap::new());
        let best: BTreeMap<_, _> = epoch.of_role(true).collect();
        for data in &self.data {
            let why = self.ineligible(epoch, data);
            let is_of_epoch = (epoch.plain().first..=epoch.plain().last()).contains(&data.round);
            if why.is_some() && !is_of_epoch {
                continue;
            }
            let reason = reasons.entry(owner(data.thing)).or_insert(why);
            if reason.is_some() {
                *reason = why;
            }
        }
        let payouts = self.amounts(index).payouts;
        let paid = |contributor: &Address| payouts.get(contributor).cloned().unwrap_or_default();
        for (contributor, reason) in reasons {
            let why = match (best.get(&contributor), reason) {
                (Some(_), _) if paid(&contributor).data > BigInt::ZERO => continue,
                (Some(counted), _) if counted.weight > whole(0) => "Rounded".to_owned(),
                (Some(_), _) => "Weightless".to_owned(),
                (None, None) => "Unproved".to_owned(),
                (None, Some(reason)) => format!("Ineligible.{reason}"),
            };
            found.push((contributor, true, why));
        }
        for (node, counted) in epoch.of_role(false) {
            if epoch.struck.contains(&node) {
                found.push((node, false, "Struck".to_owned()));
            } else if counted.weight == whole(0) {
                found.push((node, false, "NoUnits".to_owned()));
            } else if paid(&node).compute == BigInt::ZERO {
                found.push((node, false, "Rounded".to_owned()));
            }
        }
        found
    }

    /// The bundle of all that a contributor has on record and may prove in an epoch, if the pool has it.
    pub fn all_of(&self, index: usize, owner: usize) -> Option<usize> {
        let epoch = &self.epochs[index];
        let own = self.data.iter().filter_map(|data| match data.thing {
            Thing::Data(place) if DATA[place].owner == owner && self.ineligible(epoch, data).is_none() => {
                Some(place)
            }
            _ => None,
        });
        let own: Vec<_> = own.collect();
        let is_all = |bundle: &Bundle| {
            bundle.rules == epoch.rules && matches!(&bundle.what, What::Data { set, .. } if *set == own)
        };
        POOL.bundles.iter().position(is_all)
    }
}
