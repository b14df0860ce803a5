//! The demonstration on a chain: the same airports, with a vault that computes what it pays, at a development
//! chain.
//!
//! Its accounts are those of keys that anybody can guess, with money that the chain makes: it refuses every
//! other chain.

use std::cell::RefCell;
use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use fairshare_audit::settlement::{Earned, settle};
use fairshare_chain::ChainError;
use fairshare_chain::deploy::{Deployment, Order, deploy};
use fairshare_chain::development::{endow, pass};
use fairshare_chain::node::Node;
use fairshare_chain::outbox::Terms;
use fairshare_chain::proving::{Pair, register_parameters};
use fairshare_chain::rounds::{Points, TaskKind};
use fairshare_chain::sender::{Sender, Told};
use fairshare_contracts::calldata::evm_address;
use fairshare_formats::ledger::Tenths;
use fairshare_formats::registry::SignedRegistration;
use fairshare_formats::time::Moment;
use fairshare_formats::units::Rounds;
use fairshare_ingest::units::read_units;
use fairshare_params::lagrange_tree::LagrangeTree;
use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use fairshare_params::units::Units;
use fairshare_prover::{Account, Limits, Prover};
use fairshare_verifier::{Bundle, Trust, Verifier};

use super::report::{Attack, Line, Payout};
use super::{
    Airport, Made, Outcome, airports, commit, data, fill, introduce, line, operator, parameters, prove,
    registry, say, warm,
};
use crate::commands::verify::MAX_BUNDLE_BYTES;
use crate::error::{CliError, Status};
use crate::load;
use crate::output::{Output, thousands};

/// Money that each account gets, in wei: a thousand ether of a chain where it is worth nothing.
const MONEY: u128 = 1_000_000_000_000_000_000_000;
/// A block of a development chain takes no minute, and its gas costs little.
const TERMS: Terms =
    Terms { patience: Duration::from_secs(60), max_fee: 1_000_000_000_000, is_dry_run: false };
/// Seconds of the epoch's time, from its beginning on.
const YEAR: u64 = 365 * 86_400;

/// Everything at the chain.
struct Stage<'a> {
    node: &'a Node,
    root: &'a Path,
    output: Output,
    /// Transactions and gas since the last line.
    spent: RefCell<(u64, u64)>,
}

impl Stage<'_> {
    /// Does something as an account, and says in one line what it took.
    fn act<T>(
        &self,
        account: &Account,
        what: &str,
        work: impl FnOnce(&mut Sender<'_>) -> Result<T, CliError>,
    ) -> Result<T, CliError> {
        let begun = Instant::now();
        let count = |told: Told<'_>| {
            if let Told::Mined(mined) = told {
                let (transactions, gas) = *self.spent.borrow();
                *self.spent.borrow_mut() = (transactions.saturating_add(1), gas.saturating_add(mined.gas));
            }
        };
        let outbox = self.root.join("outbox");
        let mut sender = Sender::open(self.node, account, &outbox, &TERMS, &count)?;
        let done = work(&mut sender)?;
        let (transactions, gas) = self.spent.replace((0, 0));
        let gas = match gas {
            0..1_000_000 => thousands(gas),
            _ => format!("{}.{} million", gas / 1_000_000, gas % 1_000_000 / 100_000),
        };
        let what = match transactions {
            0 => what.to_owned(),
            1..10 => format!("{what}, {gas} gas"),
            _ => format!("{what} in {} transactions, {gas} gas", thousands(transactions)),
        };
        say(self.output, &what, begun.elapsed())?;
        Ok(done)
    }
}

/// Runs the demonstration at the development chain of this URL.
pub fn run(url: &str, output: Output) -> Result<Status, CliError> {
    let begun = Instant::now();
    let (airports, operator) = (airports()?, operator()?);
    let folder =
        tempfile::tempdir().map_err(|source| CliError::File { path: std::env::temp_dir(), source })?;
    let root = folder.path();
    data::unpack(root)?;
    let node = Node::connect(url)?;
    for account in airports.iter().map(|airport| &airport.account).chain([&operator]) {
        endow(&node, evm_address(account.address()), MONEY)?;
    }
    let stage = Stage { node: &node, root, output, spent: RefCell::default() };
    let deployment = deployed(&stage, &operator)?;
    let policy = write_policy(root, &deployment, node.head()?.time)?;
    introduce(output, &policy)?;

    let (srs, parameters) = parameters(output, &policy)?;
    let units = read_units(&root.join(data::UNITS), Rounds::of(&policy))?;
    let verifier = Verifier::new(&parameters, &policy, Trust::AllowInsecure)?.with_units(&units)?;
    let prover = Prover::new(&srs, &verifier, Limits::default());
    warm(output, &prover, &policy)?;
    let pair = Pair::of(&node, &policy)?;
    stage.act(&operator, "keys and openings registered", |sender| {
        Ok(register_parameters(sender, deployment.verifier, &parameters)?)
    })?;

    let epoch = Epoch { stage, pair, policy: &policy, verifier: &verifier, airports: &airports, operator };
    let (mut lines, signed, first) = epoch.rounds(&srs, &units)?;
    let mut made = Vec::new();
    for (airport, line) in airports.iter().zip(&mut lines) {
        made.extend(prove(output, root, &prover, airport, line)?);
    }
    let sent = Instant::now();
    let scores = epoch.submit(&made)?;
    let verify_time = sent.elapsed();
    let attacks: Vec<_> = [first].into_iter().chain(epoch.forge(&made)?).collect();
    fill(&mut lines, &scores, &made)?;
    let payout = epoch.pay()?;
    let is_right = epoch.computed(&scores, &signed)? == (payout.data.clone(), payout.compute.clone());
    output.text(match is_right {
        true => "  this program computes the same, to the unit",
        false => "  THIS PROGRAM COMPUTES SOMETHING ELSE: please report this",
    })?;
    let accepted = is_right && attacks.iter().all(|attack| attack.refused);
    Outcome { begun, lines, payout, attacks, verify_time, accepted }.tell(output, &verifier, &policy)
}

fn deployed(stage: &Stage<'_>, operator: &Account) -> Result<Deployment, CliError> {
    stage.act(operator, "verifier, vault, registry, token deployed", |sender| {
        let owner = sender.address();
        let order = Order {
            token: None,
            verifier: None,
            takes_insecure: true,
            subnet: "nyc-flights".to_owned(),
            task: TaskKind::Federated,
            owner,
            operator: owner,
            coordinator: owner,
        };
        Ok(deploy(sender, &order, &stage.root.join("deployment.json"))?.0)
    })
}

/// The epoch at the chain, and who takes part in it.
struct Epoch<'a> {
    stage: Stage<'a>,
    pair: Pair<'a>,
    policy: &'a Policy,
    verifier: &'a Verifier<'a>,
    airports: &'a [Airport; 3],
    operator: Account,
}

impl Epoch<'_> {
    /// From the rules to the last round's end: each airport's data in its round, everybody's units in all of
    /// them. One airport tries to have another's data for its own.
    fn rounds(
        &self,
        srs: &Srs,
        units: &Units,
    ) -> Result<(Vec<Line>, Vec<SignedRegistration>, Attack), CliError> {
        let Self { stage, pair, policy, airports, operator, .. } = self;
        let (rules, output) = (self.verifier.rules(), stage.output);
        stage.act(operator, "rules opened, funded and begun", |sender| {
            pair.open(sender, rules)?;
            pair.fund(sender, rules, rules.terms.pool)?;
            Ok(pair.begin(sender, rules)?)
        })?;
        let points = srs.lagrange().get(..policy.geometry().alphabet()).unwrap_or_default();
        let tree = LagrangeTree::new(points).ok_or(CliError::OtherParameters)?;
        let points = Points { points, tree: &tree };
        let record = |what: &str, to| {
            stage.act(operator, what, |sender| {
                Ok(pair.record_to(sender, rules, Some((units, &points)), to)?)
            })
        };
        let (mut lines, mut signed, mut attack) = (Vec::new(), Vec::new(), None);
        let [_, thief, _] = airports;
        for airport in *airports {
            output.text("")?;
            let took = commit(output, stage.root, srs, policy, airport)?;
            lines.push(line(units, airport, took));
            let registration = registry::sign(output, stage.root, policy, airport)?;
            if let Some(before) = airport.round.checked_sub(1) {
                record(&format!("    units recorded up to round {before}"), before)?;
            }
            let what = format!("    the registry takes it in round {}", airport.round);
            stage.act(&airport.account, &what, |sender| Ok(pair.register(sender, &registration)?))?;
            // While the owner's signature still counts: it is refused for the data's sake alone.
            if attack.is_none() {
                let what = "EWR's data registered once more, by JFK";
                attack = Some(super::try_out(output, what, || {
                    refused(stage, &thief.account, |sender| pair.register_again(sender, &registration))
                })?);
            }
            signed.push(registration);
        }
        output.text("")?;
        let attack = attack.ok_or(CliError::Demo("nobody registered anything"))?;
        record("other rounds' units recorded", rules.terms.last_round())?;
        output.text("")?;
        Ok((lines, signed, attack))
    }

    /// Everybody sends both bundles; their scores.
    fn submit(&self, made: &[Made]) -> Result<Vec<u64>, CliError> {
        let Self { stage, pair, verifier, airports, .. } = self;
        stage.output.text("")?;
        let mut scores = Vec::new();
        for (airport, own) in airports.iter().zip(made.chunks(2)) {
            let what = format!("{} sends both bundles; the vault verifies", airport.name);
            stage.act(&airport.account, &what, |sender| {
                for made in own {
                    let bytes = load::bytes(&made.bundle, MAX_BUNDLE_BYTES)?;
                    pair.submit(sender, verifier.rules(), verifier.parameters(), &bytes)?;
                    scores.push(verifier.read(&bytes, made.registration.as_slice())?.claimed_score());
                }
                Ok(())
            })?;
        }
        Ok(scores)
    }

    /// Forged bundles, which the contracts have to refuse.
    fn forge(&self, made: &[Made]) -> Result<[Attack; 2], CliError> {
        let Self { stage, pair, verifier, airports, .. } = self;
        let [_, thief, _] = airports;
        let made = made.first().ok_or(CliError::Demo("there is no bundle to forge"))?;
        let bytes = load::bytes(&made.bundle, MAX_BUNDLE_BYTES)?;
        let Bundle::Data(honest) = verifier.read(&bytes, made.registration.as_slice())? else {
            return Err(CliError::Demo("its first bundle is not for data"));
        };
        let (mut raised, mut replayed) = (honest.clone(), honest);
        raised.score += 1;
        replayed.contributor = *thief.account.address();
        let submit = |bundle| {
            let bytes = Bundle::Data(bundle).to_bytes();
            refused(stage, &thief.account, |sender| {
                pair.submit(sender, verifier.rules(), verifier.parameters(), &bytes).map(|_| ())
            })
        };
        Ok([
            super::try_out(stage.output, "EWR's data score raised by 1/256 nat", || submit(raised))?,
            super::try_out(stage.output, "EWR's data bundle replayed by JFK", || submit(replayed))?,
        ])
    }

    /// Everybody is paid, once the deadline is over.
    fn pay(&self) -> Result<Payout, CliError> {
        let Self { stage, pair, verifier, airports, .. } = self;
        let terms = &verifier.rules().terms;
        pass(stage.node, terms.proving_seconds.saturating_add(1))?;
        let mut payout = Payout { data: Vec::new(), compute: Vec::new(), rounding: 0 };
        for airport in *airports {
            let contributor = evm_address(airport.account.address());
            let what = format!("{} is paid by the vault", airport.name);
            let claimed = stage.act(&airport.account, &what, |sender| {
                Ok(pair.claim(sender, terms.epoch, contributor, None)?)
            })?;
            payout.data.push(claimed.data);
            payout.compute.push(claimed.compute);
        }
        let sum: u128 = payout.data.iter().chain(&payout.compute).sum();
        payout.rounding = terms.pool.saturating_sub(sum);
        Ok(payout)
    }

    /// What everybody should be paid, for data and for computing power.
    fn computed(
        &self,
        scores: &[u64],
        signed: &[SignedRegistration],
    ) -> Result<(Vec<u128>, Vec<u128>), CliError> {
        let mut earned = Vec::new();
        for ((airport, scores), signed) in self.airports.iter().zip(scores.chunks(2)).zip(signed) {
            let (account, [data, compute]) = (*airport.account.address(), scores) else { continue };
            let records = NonZeroU32::new(signed.unsigned().request().records());
            let records = records.ok_or(CliError::Demo("a dataset without records"))?;
            earned.push((account, Earned::Data { score: *data, records, latest: airport.round }));
            earned.push((account, Earned::Compute { score: *compute }));
        }
        let settled = settle(self.policy, &Tenths::default(), &earned);
        let settled = settled.map_err(|_| CliError::Demo("the scores cannot be settled"))?;
        let of =
            |airport: &Airport| settled.payouts.get(airport.account.address()).copied().unwrap_or_default();
        Ok(self.airports.iter().map(of).map(|payout| (payout.data, payout.compute)).unzip())
    }
}

/// The example's policy, for the vault that was deployed, and an epoch that ends a year from now.
fn write_policy(root: &Path, deployment: &Deployment, now: u64) -> Result<Policy, CliError> {
    let path = root.join(data::POLICY);
    let failed = |source| CliError::File { path: path.clone(), source };
    let text = fs::read_to_string(&path).map_err(failed)?;
    let ends = Moment::from_unix_seconds(now.saturating_add(YEAR)).map_err(|_| CliError::Clock)?;
    let lines = text.lines().map(|line| match line.split_once(" = ") {
        Some(("chain_id", _)) => format!("chain_id = {}", deployment.chain_id),
        Some(("address", _)) => format!("address = \"{}\"", deployment.vault.to_checksum(None)),
        Some(("registry", _)) => format!("registry = \"{}\"", deployment.registry.to_checksum(None)),
        Some(("settlement", _)) => "settlement = \"contract\"".to_owned(),
        Some(("ends_by", _)) => format!("ends_by = {ends}"),
        _ => line.to_owned(),
    });
    let text: Vec<_> = lines.collect();
    fs::write(&path, text.join("\n")).map_err(failed)?;
    load::policy(&path)
}

/// What the contracts say to it; an error within the result if they refuse it.
fn refused(
    stage: &Stage<'_>,
    account: &Account,
    work: impl FnOnce(&mut Sender<'_>) -> Result<(), ChainError>,
) -> Result<Result<(), String>, CliError> {
    let outbox = stage.root.join("outbox");
    let mut sender = Sender::open(stage.node, account, &outbox, &TERMS, &|_| {})?;
    match work(&mut sender) {
        Ok(()) => Ok(Ok(())),
        Err(ChainError::Refused { refusal, .. }) => Ok(Err(refusal.text)),
        Err(error) => Err(error.into()),
    }
}
