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
use prometheus::Error;

use crate::board::{Deliveries, Snapshot};
use crate::families::Families;
use crate::notice::NoticeKind;

type Result = std::result::Result<(), Error>;

/// All metrics, as text.
pub fn text(snapshot: &Snapshot) -> std::result::Result<String, Error> {
    let page = Ledger(Families::default());
    page.service(snapshot)?;
    if let Some(standing) = &snapshot.standing {
        page.ledger(standing)?;
        page.money(standing)?;
    }
    page.audits(snapshot)?;
    if let Some(webhook) = &snapshot.webhook {
        page.webhook(webhook)?;
    }
    page.0.text()
}

/// The page of a ledger.
struct Ledger(Families);

impl Ledger {
    fn service(&self, snapshot: &Snapshot) -> Result {
        let version = snapshot.software.trim_start_matches("fairshare ");
        self.0.gauges("fairshare_build_info", "The program.", &["version"], [(vec![version], 1.0)])?;
        let readable = f64::from(u8::from(snapshot.unready().is_none()));
        self.0.gauge(
            "fairshare_ledger_readable",
            "Whether the ledger could be read lately: 1 or 0.",
            readable,
        )?;
        if let Some((_, at)) = snapshot.read {
            let help = "When the ledger was last read.";
            self.0.gauge("fairshare_ledger_last_read_timestamp_seconds", help, at as f64)?;
        }
        let help = "How often the ledger could not be read.";
        self.0.counter("fairshare_ledger_read_failures_total", help, snapshot.read_failures)?;
        let help = "How often the ledger was another copy than the one seen before.";
        self.0.counter("fairshare_ledger_replaced_total", help, snapshot.replaced)?;
        let help = "How often the service's own state could not be written.";
        self.0.counter("fairshare_state_write_failures_total", help, snapshot.state_failures)?;
        let Some(time) = snapshot.last_entry else { return Ok(()) };
        let help = "When the ledger's last entry was appended.";
        self.0.gauge("fairshare_ledger_last_entry_timestamp_seconds", help, time.unix_seconds() as f64)
    }

    fn ledger(&self, standing: &Status) -> Result {
        let identity = &standing.identity;
        let chain_id = identity.chain_id.to_string();
        let [vault, registry] = [identity.vault, identity.registry].map(|of| checksummed(&of).to_string());
        let names = ["chain_id", "vault", "registry", "subnet", "settlement"];
        let values: Vec<&str> =
            vec![&chain_id, &vault, &registry, &identity.subnet, identity.settlement.name()];
        self.0.gauges("fairshare_vault_info", "Whose ledger it is.", &names, [(values, 1.0)])?;
        let of_kind = |kind: Kind| standing.kinds.get(&kind).copied().unwrap_or_default();
        let kinds = Kind::ALL.map(|kind| (vec![kind.name()], of_kind(kind)));
        let help = "Entries of the ledger: registrations, strikes, bundles and the others.";
        self.0.counters("fairshare_ledger_entries_total", help, &["kind"], kinds)?;
        let of_state = |state: State| {
            let epochs = standing.epochs.iter().filter(|status| status.epoch.state == state);
            epochs.count() as f64
        };
        let states = State::ALL.map(|state| (vec![state.name()], of_state(state)));
        self.0.gauges("fairshare_epochs", "Epochs in each state.", &["state"], states)
    }

    fn money(&self, standing: &Status) -> Result {
        let help = "Earned in all settled epochs.";
        self.0.gauge("fairshare_earned_base_units", help, standing.earned as f64)?;
        let help = "The liability: earned, and not known to be paid.";
        self.0.gauge("fairshare_outstanding_base_units", help, standing.outstanding as f64)?;
        let units = |tenths: &BigUint| tenths.to_f64().unwrap_or(f64::INFINITY) / 10.0;
        let carried = [
            (vec!["compute"], units(&standing.carried.compute)),
            (vec!["data"], units(&standing.carried.data)),
        ];
        let help = "What the last settled epoch leaves to the next one, of each pool.";
        self.0.gauges("fairshare_carried_base_units", help, &["pool"], carried)?;
        if standing.identity.settlement != Settlement::Payments {
            return Ok(());
        }
        let help = "Earned, and on no list of payments yet.";
        self.0.gauge("fairshare_payments_due_base_units", help, standing.due as f64)?;
        self.0.gauge("fairshare_payments_sent_base_units", "Listed to be paid.", standing.sent as f64)?;
        let help = "Listed, and confirmed as paid.";
        self.0.gauge("fairshare_payments_confirmed_base_units", help, standing.confirmed as f64)
    }

    fn audits(&self, snapshot: &Snapshot) -> Result {
        self.0.counter("fairshare_audits_total", "Audits that came to their end.", snapshot.audits)?;
        let help = "Audits that did not come to their end.";
        self.0.counter("fairshare_audit_failures_total", help, snapshot.audit_failures)?;
        let Some(audit) = &snapshot.audit else { return Ok(()) };
        let help = "When the last audit came to its end.";
        self.0.gauge("fairshare_audit_last_timestamp_seconds", help, audit.at as f64)?;
        let help = "How long the last audit took.";
        self.0.gauge("fairshare_audit_duration_seconds", help, audit.took.as_secs_f64())?;
        let help = "What the last audit found to differ: more than 0 is an alarm.";
        self.0.gauge("fairshare_audit_differences", help, audit.differences as f64)?;
        let help = "Epochs that the last audit did not verify for want of parameters.";
        self.0.gauge("fairshare_audit_unaudited_epochs", help, audit.unaudited as f64)
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
            self.0.counters(name, help, &["kind"], of(counts))?;
        }
        self.0.gauge("fairshare_webhook_queue", "What waits to be delivered.", webhook.waiting as f64)?;
        let Some(last) = webhook.last else { return Ok(()) };
        let help = "When something was last delivered.";
        self.0.gauge("fairshare_webhook_last_delivery_timestamp_seconds", help, last as f64)
    }
}
