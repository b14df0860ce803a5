//! Who writes the entries that a chain's events give, one after the other.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::rc::Rc;

use fairshare_audit::registry::{Identity, Now, Refusal, Span, Stage, Timeline, check_token};
use fairshare_audit::settlement::Payout;
use fairshare_formats::ledger::{Event, Files};
use fairshare_formats::policy::PolicySource;
use fairshare_formats::registry::{RecordedRegistration, RegistryFileError, recorded_to_json};
use fairshare_formats::time::Moment;
use fairshare_formats::units::{MAX_UNITS, Rounds, UnitsError, from_csv, to_csv};
use fairshare_params::address::Address;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::registry::{Evidence, Request, Unsigned};
use fairshare_params::role::Role;
use fairshare_params::units::Units;
use fairshare_verifier::bundle::Header;

use super::claims::{check_settled, claim};
use super::note::note;
use super::{ChainEvent, ChainRegistration, Mirrored};
use crate::database::{DatabaseError, Transaction};
use crate::error::{MirrorError, VaultError};
use crate::ledger::beside::check_rows;
use crate::ledger::chain::Chain;
use crate::ledger::strike::Target;
use crate::ledger::submit::{Scored, covers};
use crate::ledger::{
    Epoch, Result, epoch_of, id, insert, open, read_policy, register, settle, strike, submit, timeline,
};

/// Who appends entries at the end of a ledger that follows a chain.
pub(super) struct Clerk {
    identity: Identity,
    timeline: Timeline,
    chain: Chain,
    /// Epochs whose rounds are over and that are not settled, in order, and the last time at which no claim
    /// of each is paid.
    due: VecDeque<(u64, Moment)>,
    /// Policies that were read.
    policies: BTreeMap<u64, Rc<Policy>>,
    rows_checked: bool,
    /// The last entry before it began.
    start: u64,
    settled: Vec<u64>,
}

impl Clerk {
    /// At the end of what is on record.
    pub fn at_the_end(transaction: &mut Transaction<'_>, identity: &Identity) -> Result<Self> {
        let timeline = timeline(transaction)?;
        let chain = Chain::end(transaction, identity, Moment::default(), timeline.round())?;
        let waiting = timeline.stages().iter().filter(|stage| stage.settled.is_none());
        let due = waiting.filter_map(|stage| {
            let epoch = stage.span.epoch;
            timeline.closed_until(epoch).map(|until| (epoch, until))
        });
        Ok(Self {
            identity: identity.clone(),
            due: due.collect(),
            start: chain.at().index,
            timeline,
            chain,
            policies: BTreeMap::new(),
            rows_checked: false,
            settled: Vec::new(),
        })
    }

    /// What was done.
    pub fn finish(self) -> Mirrored {
        let appended = self.chain.at().index.saturating_sub(self.start);
        Mirrored { appended, settled: self.settled }
    }

    /// Closes and settles epochs whose claims are paid at this time, in order.
    pub fn close_before(&mut self, transaction: &mut Transaction<'_>, time: Moment) -> Result<()> {
        while let Some((epoch, until)) = self.due.front().copied().filter(|(_, until)| *until < time) {
            self.due.pop_front();
            self.close(transaction, epoch, until)?;
        }
        Ok(())
    }

    fn close(&mut self, transaction: &mut Transaction<'_>, epoch: u64, until: Moment) -> Result<()> {
        if !self.rows_checked {
            check_rows(transaction)?;
            self.rows_checked = true;
        }
        self.move_to(Moment::from_unix_seconds(until.unix_seconds().saturating_add(1))?)?;
        self.append(transaction, Event::Closed { epoch })?;
        let policy = self.policy(transaction, epoch)?;
        let recorded = self.epoch(transaction, epoch)?;
        let (settled, earnings, _) = settle::compute(transaction, &self.identity, &recorded, &policy)?;
        settle::put(transaction, &mut self.chain, &settled, &earnings)?;
        self.timeline.apply(self.chain.at(), &Event::Settled(settled));
        self.policies.remove(&epoch);
        self.settled.push(epoch);
        Ok(())
    }

    /// Takes an event.
    pub fn take(
        &mut self,
        transaction: &mut Transaction<'_>,
        time: Moment,
        event: &ChainEvent,
    ) -> Result<()> {
        self.move_to(time)?;
        match event {
            ChainEvent::EpochBegan { source, rules_hash } => self.begin(transaction, source, *rules_hash),
            ChainEvent::RoundBegan { epoch, round } => self.advance(transaction, *epoch, *round),
            ChainEvent::DataRegistered { round, registration, signature } => {
                self.register(transaction, *round, registration, signature)
            }
            ChainEvent::UnitsRecorded { epoch, round, units } => {
                self.units(transaction, *epoch, *round, units)
            }
            ChainEvent::DataStruck { digest, reason } => {
                self.strike(transaction, Target::Data(*digest), None, reason)
            }
            ChainEvent::NodeStruck { epoch, node, reason } => {
                self.running(*epoch)?;
                self.strike(transaction, Target::Node(*node), Some(*epoch), reason)
            }
            ChainEvent::EpochEnded { epoch, last_round, pool, closed_until } => {
                self.end(transaction, *epoch, *last_round, *pool)?;
                self.wait(*epoch, *closed_until)
            }
            ChainEvent::BundleTaken { epoch, role, contributor, score, records, latest, bytes } => {
                let data = NonZeroU32::new(*records).map(|records| (records, *latest));
                let (epoch, role, contributor, score) = (*epoch, *role, *contributor, *score);
                self.bundle(transaction, time, &Scored { epoch, role, contributor, score, data }, bytes)
            }
            ChainEvent::EpochSettled { epoch, divided, carried } => {
                check_settled(transaction, self.timeline.stage(*epoch)?, divided, carried)
            }
            ChainEvent::Claimed { epoch, contributor, compute, data, transaction: evidence } => {
                let share = Payout { compute: *compute, data: *data };
                claim(transaction, &mut self.chain, *epoch, *contributor, share, evidence)
            }
        }
    }

    fn move_to(&mut self, time: Moment) -> Result<()> {
        let (found, before) = (time.unix_seconds(), self.chain.time().unix_seconds());
        let is_later = self.chain.move_to(time);
        if is_later { Ok(()) } else { Err(MirrorError::Backwards { found, before }.into()) }
    }

    fn append(&mut self, transaction: &mut Transaction<'_>, event: Event) -> Result<u64> {
        let index = self.chain.append(transaction, event.clone(), &Files::none())?.index;
        self.timeline.apply(self.chain.at(), &event);
        Ok(index)
    }

    /// The epoch whose rounds go on, which is this one, and its round.
    fn running(&self, epoch: u64) -> Result<(Stage, u64)> {
        match self.timeline.now() {
            Now::Round(stage, round) if stage.span.epoch == epoch => Ok((*stage, round)),
            _ => Err(MirrorError::NotRunning { epoch }.into()),
        }
    }

    fn epoch(&self, transaction: &mut Transaction<'_>, epoch: u64) -> Result<Epoch> {
        epoch_of(transaction, &self.timeline, self.timeline.stage(epoch)?)
    }

    fn policy(&mut self, transaction: &mut Transaction<'_>, epoch: u64) -> Result<Rc<Policy>> {
        if let Some(policy) = self.policies.get(&epoch) {
            return Ok(Rc::clone(policy));
        }
        let recorded = self.epoch(transaction, epoch)?;
        let policy = Rc::new(read_policy(transaction, &recorded)?);
        self.policies.insert(epoch, Rc::clone(&policy));
        Ok(policy)
    }

    fn begin(
        &mut self,
        transaction: &mut Transaction<'_>,
        source: &PolicySource,
        rules_hash: Digest,
    ) -> Result<()> {
        let policy = source.policy().map_err(|source| MirrorError::Policy(Box::new(source)))?;
        let given = Identity::of(&policy);
        if given != self.identity {
            let (ledger, policy) = (Box::new(self.identity.clone()), Box::new(given));
            return Err(Refusal::OtherVault { ledger, policy }.into());
        }
        if let Now::Round(stage, round) = self.timeline.now() {
            let Span { epoch, last, .. } = stage.span;
            return Err(Refusal::RoundsGoOn { epoch, round, last }.into());
        }
        let span = Span::of(policy.terms());
        let Span { epoch, first, .. } = span;
        self.timeline.check_next(&span)?;
        check_token(policy.token(), open::token(transaction, epoch)?.as_ref(), epoch)?;
        let event = Event::Rules { epoch, rules_hash, policy: source.hash() };
        let index = self.chain.append(transaction, event, &Files::of_policy(source))?.index;
        open::record(transaction, index, &span, &rules_hash.to_string(), policy.token())?;
        self.timeline.apply_rules(span, index);
        self.policies.insert(epoch, Rc::new(policy));
        self.append(transaction, Event::Rounds { first, last: first }).map(|_| ())
    }

    fn advance(&mut self, transaction: &mut Transaction<'_>, epoch: u64, round: u64) -> Result<()> {
        let (_, now) = self.running(epoch)?;
        let first = now.saturating_add(1);
        self.timeline.check_rounds(first, round)?;
        self.append(transaction, Event::Rounds { first, last: round }).map(|_| ())
    }

    fn register(
        &mut self,
        transaction: &mut Transaction<'_>,
        round: u64,
        registration: &ChainRegistration,
        signature: &[u8],
    ) -> Result<()> {
        let (stage, expected) = self.timeline.takes_data()?;
        let epoch = stage.span.epoch;
        if round != expected {
            return Err(MirrorError::Round { found: round, expected }.into());
        }
        let policy = self.policy(transaction, epoch)?;
        let recorded = recorded(&policy, registration, signature).map_err(|source| {
            let (digest, source) = (registration.digest, Box::new(source));
            MirrorError::Registration { digest, source }
        })?;
        let (unsigned, text) = (recorded.unsigned(), recorded_to_json(&recorded));
        register::take(transaction, &mut self.chain, &policy, round, unsigned, text)??;
        Ok(())
    }

    fn units(
        &mut self,
        transaction: &mut Transaction<'_>,
        epoch: u64,
        round: u64,
        units: &[(Address, u32)],
    ) -> Result<()> {
        let (_, expected) = self.running(epoch)?;
        if round != expected {
            return Err(MirrorError::Round { found: round, expected }.into());
        }
        let (epoch, round) = (epoch.to_string(), round.to_string());
        let row = |(node, units): &(Address, u32)| {
            vec![epoch.as_str().into(), round.as_str().into(), node.into(), i64::from(*units).into()]
        };
        insert(transaction, "recorded (epoch, round, node, units)", units.iter().map(row).collect())
    }

    fn strike(
        &mut self,
        transaction: &mut Transaction<'_>,
        target: Target,
        epoch: Option<u64>,
        reason: &str,
    ) -> Result<()> {
        strike::put(transaction, &mut self.chain, target, epoch, note(reason)).map(|_| ())
    }

    /// The epoch's rounds are over: those that are left were empty.
    fn end(
        &mut self,
        transaction: &mut Transaction<'_>,
        epoch: u64,
        last_round: u64,
        pool: u128,
    ) -> Result<()> {
        let (Stage { span, .. }, now) = self.running(epoch)?;
        let Span { last, pool: named, .. } = span;
        if last_round != last {
            return Err(MirrorError::Round { found: last_round, expected: last }.into());
        }
        if now < last {
            self.append(transaction, Event::Rounds { first: now.saturating_add(1), last })?;
        }
        self.put_units(transaction, epoch)?;
        self.append(transaction, Event::Ended { epoch })?;
        if named == 0 {
            return self.fund(transaction, epoch, pool);
        }
        if named == pool {
            Ok(())
        } else {
            Err(MirrorError::Pool { epoch, chain: pool, rules: named }.into())
        }
    }

    fn fund(&mut self, transaction: &mut Transaction<'_>, epoch: u64, pool: u128) -> Result<()> {
        let index = self.append(transaction, Event::Funded { epoch, pool })?;
        let row = [id(index)?, epoch.to_string().into(), pool.to_string().into()];
        transaction.execute("INSERT INTO pools (entry, epoch, pool) VALUES ($1, $2, $3)", &row)?;
        Ok(())
    }

    /// Keeps in mind when its claims are paid.
    fn wait(&mut self, epoch: u64, closed_until: u64) -> Result<()> {
        let until = self.timeline.closed_until(epoch).unwrap_or_default();
        let (ledger, chain) = (until.unix_seconds(), closed_until);
        if ledger != chain {
            return Err(MirrorError::ClosedUntil { epoch, chain, ledger }.into());
        }
        self.due.push_back((epoch, until));
        Ok(())
    }

    /// The entry of the units that were recorded round by round, if there are any.
    fn put_units(&mut self, transaction: &mut Transaction<'_>, epoch: u64) -> Result<()> {
        let policy = self.policy(transaction, epoch)?;
        let Some(units) = gathered(transaction, epoch, &policy)? else { return Ok(()) };
        register::put_units(transaction, &mut self.chain, epoch, &units)?;
        Ok(())
    }

    fn bundle(
        &mut self,
        transaction: &mut Transaction<'_>,
        time: Moment,
        scored: &Scored,
        bytes: &[u8],
    ) -> Result<()> {
        let Scored { epoch, role, contributor, .. } = *scored;
        self.timeline.takes_proofs_by_deadline(epoch, time)?;
        let policy = self.policy(transaction, epoch)?;
        let recorded = self.epoch(transaction, epoch)?;
        if !is_of(transaction, &recorded, &policy, scored, bytes)? {
            return Err(MirrorError::Bundle { epoch, contributor, role }.into());
        }
        submit::put(transaction, &mut self.chain, scored, bytes).map(|_| ())
    }
}

/// A registration as the ledger keeps it. Geometry and schema are those of the rules, without a root there is
/// no evidence.
fn recorded(
    policy: &Policy,
    registration: &ChainRegistration,
    signature: &[u8],
) -> std::result::Result<RecordedRegistration, RegistryFileError> {
    let ChainRegistration { contributor, records, digest, segments, root, .. } = registration.clone();
    let request = Request::new(contributor, policy.geometry(), policy.schema().hash(), records, segments)?
        .with_digest(digest)?;
    let evidence = (root != Digest([0; 32])).then(|| Evidence {
        storage_root: root,
        byte_length: registration.length,
        path: registration.path.clone(),
        transaction_hash: registration.upload_tx,
    });
    let (vault, last_round) = (policy.terms().vault, registration.last_round);
    let unsigned = Unsigned::new(request, evidence, policy.domain(), vault, last_round)?;
    Ok(RecordedRegistration::new(unsigned, signature.to_vec())?)
}

/// The units that were recorded in an epoch's rounds, if there are any and a ledger can keep them.
fn gathered(transaction: &mut Transaction<'_>, epoch: u64, policy: &Policy) -> Result<Option<Units>> {
    let sql = "SELECT round, node, units FROM recorded WHERE epoch = $1";
    let rows = transaction.query(sql, &[epoch.to_string().into()])?;
    if rows.is_empty() {
        return Ok(None);
    }
    let rounds = Rounds::of(policy);
    let too_many = |source| VaultError::from(MirrorError::Units { epoch, source: Box::new(source) });
    let corrupt =
        || VaultError::from(DatabaseError::Corrupt { what: "units that are no record of the epoch" });
    let mut by_node: BTreeMap<Address, Vec<u32>> = BTreeMap::new();
    for row in &rows {
        let columns = by_node.len();
        if columns.saturating_mul(rounds.count) > MAX_UNITS {
            let (rounds, bound) = (rounds.count, MAX_UNITS);
            return Err(too_many(UnitsError::TooManyUnits { columns, rounds, bound }));
        }
        let of_node = by_node.entry(row.address("node")?).or_insert_with(|| vec![0; rounds.count]);
        let at = row.parsed::<u64>("round")?.checked_sub(rounds.first);
        let at = at.and_then(|at| of_node.get_mut(usize::try_from(at).ok()?));
        *at.ok_or_else(corrupt)? = u32::try_from(row.count("units")?).map_err(|_| corrupt())?;
    }
    let units = Units::new(rounds.first, rounds.count, by_node).map_err(|_| corrupt())?;
    // Whoever audits it reads it.
    from_csv(to_csv(&units).as_bytes(), rounds).map_err(too_many).map(Some)
}

/// Whether a bundle is what its contract says that it is, by the datasets on record.
fn is_of(
    transaction: &mut Transaction<'_>,
    epoch: &Epoch,
    policy: &Policy,
    scored: &Scored,
    bytes: &[u8],
) -> Result<bool> {
    let Ok(header) = Header::read(bytes) else { return Ok(false) };
    if (header.role, header.contributor) != (scored.role, scored.contributor) {
        return Ok(false);
    }
    let Some((records, latest)) = scored.data else { return Ok(scored.role == Role::Compute) };
    let Ok(covered) = covers(transaction, epoch, policy, &header.contributor, &header.digests)? else {
        return Ok(false);
    };
    let sum: u64 = covered.registrations.iter().map(|own| u64::from(own.records())).sum();
    Ok(scored.role == Role::Data && (sum, covered.latest) == (u64::from(records.get()), latest))
}
