//! What is counted, as Prometheus reads it.
//!
//! A metric is a double: amounts of base units lose digits beyond 2^53, one part in 10^16. `vault status`
//! has them all. The ledger's head is no metric either, for each one would be a series of its own: it stands
//! in `/readyz`.

use fairshare_audit::registry::State;
use fairshare_formats::eip55::checksummed;
use fairshare_formats::ledger::Kind;
use fairshare_params::rules::Settlement;
use fairshare_vault::ledger::Status;
use num_bigint::BigUint;
use num_traits::ToPrimitive;
use prometheus::core::Collector;
use prometheus::{Encoder, Error, GaugeVec, IntCounterVec, Opts, Registry, TextEncoder};

use crate::board::{Deliveries, Snapshot};
use crate::notice::NoticeKind;

type Result = std::result::Result<(), Error>;

/// All metrics, as text.
pub fn text(snapshot: &Snapshot) -> std::result::Result<String, Error> {
    let families = Families(Registry::new());
    families.service(snapshot)?;
    if let Some(standing) = &snapshot.standing {
        families.ledger(standing)?;
        families.money(standing)?;
    }
    families.audits(snapshot)?;
    if let Some(webhook) = &snapshot.webhook {
        families.webhook(webhook)?;
    }
    let mut text = Vec::new();
    TextEncoder::new().encode(&families.0.gather(), &mut text)?;
    String::from_utf8(text).map_err(|error| Error::Msg(error.to_string()))
}

/// What stands on one page.
struct Families(Registry);

impl Families {
    fn add(&self, family: impl Collector + 'static) -> Result {
        self.0.register(Box::new(family))
    }

    /// A value of now.
    fn gauge(&self, name: &str, help: &str, value: f64) -> Result {
        self.gauges(name, help, &[], [(vec![], value)])
    }

    /// Values of now, told apart by labels.
    fn gauges<'a>(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: impl IntoIterator<Item = (Vec<&'a str>, f64)>,
    ) -> Result {
        let gauges = GaugeVec::new(Opts::new(name, help), labels)?;
        for (of, value) in values {
            gauges.get_metric_with_label_values(&of)?.set(value);
        }
        self.add(gauges)
    }

    /// What only grows.
    fn counter(&self, name: &str, help: &str, value: u64) -> Result {
        self.counters(name, help, &[], [(vec![], value)])
    }

    /// The same, told apart by a label.
    fn counters<'a>(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
        values: impl IntoIterator<Item = (Vec<&'a str>, u64)>,
    ) -> Result {
        let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
        for (of, value) in values {
            counters.get_metric_with_label_values(&of)?.inc_by(value);
        }
        self.add(counters)
    }

    fn service(&self, snapshot: &Snapshot) -> Result {
        let version = snapshot.software.trim_start_matches("fairshare ");
        self.gauges("fairshare_build_info", "The program.", &["version"], [(vec![version], 1.0)])?;
        let readable = f64::from(u8::from(snapshot.unready().is_none()));
        self.gauge(
            "fairshare_ledger_readable",
            "Whether the ledger could be read lately: 1 or 0.",
            readable,
        )?;
        if let Some((_, at)) = snapshot.read {
            let help = "When the ledger was last read.";
            self.gauge("fairshare_ledger_last_read_timestamp_seconds", help, at as f64)?;
        }
        let help = "How often the ledger could not be read.";
        self.counter("fairshare_ledger_read_failures_total", help, snapshot.read_failures)?;
        let help = "How often the ledger was another copy than the one seen before.";
        self.counter("fairshare_ledger_replaced_total", help, snapshot.replaced)?;
        let help = "How often the service's own state could not be written.";
        self.counter("fairshare_state_write_failures_total", help, snapshot.state_failures)?;
        let Some(time) = snapshot.last_entry else { return Ok(()) };
        let help = "When the ledger's last entry was appended.";
        self.gauge("fairshare_ledger_last_entry_timestamp_seconds", help, time.unix_seconds() as f64)
    }

    fn ledger(&self, standing: &Status) -> Result {
        let identity = &standing.identity;
        let chain_id = identity.chain_id.to_string();
        let [vault, registry] = [identity.vault, identity.registry].map(|of| checksummed(&of).to_string());
        let names = ["chain_id", "vault", "registry", "subnet", "settlement"];
        let values: Vec<&str> =
            vec![&chain_id, &vault, &registry, &identity.subnet, identity.settlement.name()];
        self.gauges("fairshare_vault_info", "Whose ledger it is.", &names, [(values, 1.0)])?;
        let of_kind = |kind: Kind| standing.kinds.get(&kind).copied().unwrap_or_default();
        let kinds = Kind::ALL.map(|kind| (vec![kind.name()], of_kind(kind)));
        let help = "Entries of the ledger: registrations, strikes, bundles and the others.";
        self.counters("fairshare_ledger_entries_total", help, &["kind"], kinds)?;
        let of_state = |state: State| {
            let epochs = standing.epochs.iter().filter(|status| status.epoch.state == state);
            epochs.count() as f64
        };
        let states = State::ALL.map(|state| (vec![state.name()], of_state(state)));
        self.gauges("fairshare_epochs", "Epochs in each state.", &["state"], states)
    }

    fn money(&self, standing: &Status) -> Result {
        let help = "Earned in all settled epochs.";
        self.gauge("fairshare_earned_base_units", help, standing.earned as f64)?;
        let help = "The liability: earned, and not known to be paid.";
        self.gauge("fairshare_outstanding_base_units", help, standing.outstanding as f64)?;
        let units = |tenths: &BigUint| tenths.to_f64().unwrap_or(f64::INFINITY) / 10.0;
        let carried = [
            (vec!["compute"], units(&standing.carried.compute)),
            (vec!["data"], units(&standing.carried.data)),
        ];
        let help = "What the last settled epoch leaves to the next one, of each pool.";
        self.gauges("fairshare_carried_base_units", help, &["pool"], carried)?;
        if standing.identity.settlement != Settlement::Payments {
            return Ok(());
        }
        let help = "Earned, and on no list of payments yet.";
        self.gauge("fairshare_payments_due_base_units", help, standing.due as f64)?;
        self.gauge("fairshare_payments_sent_base_units", "Listed to be paid.", standing.sent as f64)?;
        let help = "Listed, and confirmed as paid.";
        self.gauge("fairshare_payments_confirmed_base_units", help, standing.confirmed as f64)
    }

    fn audits(&self, snapshot: &Snapshot) -> Result {
        self.counter("fairshare_audits_total", "Audits that came to their end.", snapshot.audits)?;
        let help = "Audits that did not come to their end.";
        self.counter("fairshare_audit_failures_total", help, snapshot.audit_failures)?;
        let Some(audit) = &snapshot.audit else { return Ok(()) };
        let help = "When the last audit came to its end.";
        self.gauge("fairshare_audit_last_timestamp_seconds", help, audit.at as f64)?;
        let help = "How long the last audit took.";
        self.gauge("fairshare_audit_duration_seconds", help, audit.took.as_secs_f64())?;
        let help = "What the last audit found to differ: more than 0 is an alarm.";
        self.gauge("fairshare_audit_differences", help, audit.differences as f64)?;
        let help = "Epochs that the last audit did not verify for want of parameters.";
        self.gauge("fairshare_audit_unaudited_epochs", help, audit.unaudited as f64)
    }

    fn webhook(&self, webhook: &Deliveries) -> Result {
        let of = |counts: &std::collections::BTreeMap<NoticeKind, u64>| {
            NoticeKind::ALL.map(|kind| (vec![kind.name()], counts.get(&kind).copied().unwrap_or_default()))
        };
        for (name, help, counts) in [
            ("fairshare_webhook_attempts_total", "Attempts to deliver.", &webhook.attempts),
            ("fairshare_webhook_failures_total", "Attempts that failed.", &webhook.failures),
            ("fairshare_webhook_deliveries_total", "Deliveries that were accepted.", &webhook.delivered),
        ] {
            self.counters(name, help, &["kind"], of(counts))?;
        }
        self.gauge("fairshare_webhook_queue", "What waits to be delivered.", webhook.waiting as f64)?;
        let Some(last) = webhook.last else { return Ok(()) };
        let help = "When something was last delivered.";
        self.gauge("fairshare_webhook_last_delivery_timestamp_seconds", help, last as f64)
    }
}
