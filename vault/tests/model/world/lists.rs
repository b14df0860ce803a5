//! Claims, and paying by lists: what contributors and whoever pays do.

use super::*;

impl World<'_> {
    pub(super) fn claims(&mut self, epoch: Option<u64>) -> Checked {
        let found = self.ledgers[0].claim_tree(epoch);
        agree(found, self.model.claims(epoch), invariants::check_claims)
    }

    /// As `fairshare vault claim` does it: what the lists say is recorded, what is due is written, and only
    /// then is it recorded as sent. Whoever pays does what a list says, once.
    pub(super) fn pay(&mut self, contributor: Option<usize>, with: Lists) -> Checked {
        let mut given = self.lists.clone();
        if let Lists::AllButOne(place) = with {
            let known = |list: &PaymentList| self.model.lists.contains(&transfers(list));
            let places: Vec<_> = (0..given.len()).filter(|list| known(&given[*list])).collect();
            if places.is_empty() {
                return Ok(());
            }
            given.remove(places[place % places.len()]);
        }
        let as_model: Vec<_> = given.iter().map(transfers).collect();
        let found = self.ledgers[0].history(&given);
        let (mut unknown, mut missing) = (Vec::new(), 0);
        agree(found, self.model.history(&as_model), |found, expected| {
            (unknown, missing) = expected.clone();
            let unknown = found.unknown.iter().map(|list| list.position).collect();
            same("the history", (unknown, found.missing.len()), expected)
        })?;
        if self.model.rail() != Some("payments") || missing > 0 {
            return Ok(());
        }
        if given.is_empty() && with == Lists::Silent {
            return Ok(());
        }
        for list in unknown {
            let found = self.ledgers[0].record_sent(&given[list], at(self.now));
            let expected = self.model.record_sent(given[list].heading.epoch, &as_model[list], self.now);
            let is_refused = expected.is_err();
            agree(found, expected, |_, before| same("known before", before, false))?;
            // It says that it is older than its lists, and pays nobody.
            if is_refused {
                return Ok(());
            }
        }
        self.send(contributor.map(|contributor| ACTORS[contributor].address), with == Lists::Crash)
    }

    fn send(&mut self, contributor: Option<Address>, crash: bool) -> Checked {
        let mut written = None;
        let found = self.ledgers[0].send(contributor.as_ref(), at(self.now), |list| {
            written = Some(list.clone());
            if crash { Err(Halted::Crash) } else { Ok(()) }
        });
        let found = match found {
            Err(Halted::Vault(error)) => Err(error),
            Err(Halted::Crash) => Ok(None),
            Ok(sent) => Ok(sent.map(|sent| sent.list)),
        };
        agree(found, self.model.due(contributor), |sent, expected| {
            same("what is due", written.as_ref().map(transfers).unwrap_or_default(), expected)?;
            same("what was sent", sent, written.clone().filter(|_| !crash))
        })?;
        let Some(list) = written else { return Ok(()) };
        let read = PaymentList::from_json(list.to_json().as_bytes()).map_err(|error| error.to_string())?;
        same("the list that is read back", &read, &list)?;
        for (contributor, amount, _) in transfers(&list) {
            *self.paid.entry(contributor).or_default() += amount;
        }
        self.lists.push(list.clone());
        if crash {
            return Ok(());
        }
        let expected = self.model.record_sent(list.heading.epoch, &transfers(&list), self.now);
        same("sent before", Ok(false), expected)?;
        // Everything that was paid is on record, and nothing else is.
        let sent = self.model.sent.clone();
        same("what was paid", &self.paid, &sent)
    }

    /// The list of all that is due, which is not sent.
    fn due(&mut self) -> Result<Option<PaymentList>, VaultError> {
        let mut due = None;
        let halted = self.ledgers[0].send(None, at(self.now), |list| {
            due = Some(list.clone());
            Err(Halted::Crash)
        });
        if let Err(Halted::Vault(error)) = halted { Err(error) } else { Ok(due) }
    }

    pub(super) fn false_list(&mut self, how: Falsehood) -> Checked {
        let due = self.due();
        let expected = self.model.due(None);
        let Ok(due) = due else { return agree(due, expected, |_, _| Ok(())) };
        // With a list at hand that is not on record, nobody writes another.
        let is_known = |list: &PaymentList| self.model.lists.contains(&transfers(list));
        if how == Falsehood::Part && !self.lists.iter().all(is_known) {
            return Ok(());
        }
        let known = self.model.lists.len();
        let stranger = Transfer { contributor: Address([1; 20]), amount: 1, cumulative: 1 };
        let last = self.lists.last();
        let Some(mut heading) = due.as_ref().or(last).map(|list| list.heading) else { return Ok(()) };
        let mut payments = due.map_or_else(|| vec![stranger], |due| due.payments().to_vec());
        match (how, &mut payments[..]) {
            (Falsehood::Again(place), _) => {
                let Some(again) = self.lists.get(place % self.lists.len().max(1)) else { return Ok(()) };
                payments = again.payments().to_vec();
                heading = ListHeading { entries: 1, head: Digest([5; 32]), ..again.heading };
            }
            (Falsehood::Empty, _) => payments.clear(),
            (Falsehood::Stranger, _) => payments = vec![stranger],
            (Falsehood::More, [first, ..]) => {
                (first.amount, first.cumulative) = (first.amount + 1, first.cumulative + 1)
            }
            (Falsehood::Jump, [first, ..]) => first.cumulative += 1,
            (Falsehood::Part, [first, ..]) if first.amount > 1 => {
                (first.amount, first.cumulative) = (first.amount - 1, first.cumulative - 1);
            }
            (Falsehood::Later, _) => heading.epoch += 1,
            (Falsehood::OtherVault, _) => heading.vault = Address([7; 20]),
            _ => {}
        }
        let list = PaymentList::new(heading, payments).map_err(|error| error.to_string())?;
        let transfers = transfers(&list);
        let found = self.ledgers[0].record_sent(&list, at(self.now));
        let epoch = list.heading.epoch;
        let mut expected = self.model.clone().record_sent(epoch, &transfers, self.now);
        if how == Falsehood::OtherVault {
            expected = Err("OtherList".to_owned());
        } else if expected.is_ok() {
            expected = self.model.record_sent(epoch, &transfers, self.now);
        }
        // A list that is recorded was written, and is paid.
        if expected == Ok(false) && self.model.lists.len() > known {
            for (contributor, amount, _) in &transfers {
                if !matches!(how, Falsehood::Again(_)) {
                    *self.paid.entry(*contributor).or_default() += amount;
                }
            }
            if !matches!(how, Falsehood::Again(_)) {
                self.lists.push(list);
            }
        }
        agree(found, expected, |_, _| Ok(()))
    }

    pub(super) fn confirm(&mut self, contributor: usize, evidence: &str) -> Checked {
        let contributor = ACTORS[contributor].address;
        // Of the last list that pays it, or of the last one at all.
        let pays = |list: &&PaymentList| transfers(list).iter().any(|(payee, ..)| *payee == contributor);
        let Some(list) = self.lists.iter().rfind(pays).or(self.lists.last()) else { return Ok(()) };
        let found = self.ledgers[0].confirm(list, &[contributor], evidence, at(self.now));
        let expected = self.model.confirm(&transfers(list), contributor, evidence, self.now);
        agree(found, expected, |found, expected| same("confirmed", (found.confirmed, found.before), expected))
    }
}

/// A list as the model has it.
fn transfers(list: &PaymentList) -> Transfers {
    let one = |transfer: &Transfer| {
        (transfer.contributor, BigInt::from(transfer.amount), BigInt::from(transfer.cumulative))
    };
    list.payments().iter().map(one).collect()
}
