//! What is answered about a ledger: health, readiness, metrics.

use fairshare_formats::time::Moment;
use serde::Serialize;

use crate::board::Snapshot;
use crate::http::{Page, Pages};
use crate::metrics;
use crate::shared::Shared;

impl Pages for Shared {
    fn paths(&self) -> &'static [&'static str] {
        &["/healthz", "/readyz", "/metrics"]
    }

    fn page(&self, path: &str) -> Page {
        // A copy, so that the board is not held while it is written down.
        let snapshot = self.board().clone();
        match path {
            "/healthz" => health(&snapshot),
            "/readyz" => readiness(&snapshot),
            _ => Page::metrics(metrics::text(&snapshot)),
        }
    }

    /// Once a thread has ended that should not have, whatever keeps the service running begins it anew.
    fn is_over(&self) -> bool {
        self.board().lost.is_some()
    }
}

#[derive(Serialize)]
struct Health {
    healthy: bool,
    reason: Option<String>,
}

fn health(snapshot: &Snapshot) -> Page {
    let reason = snapshot.unwell();
    Page::json(reason.is_none(), &Health { healthy: reason.is_none(), reason })
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    reason: Option<String>,
    entries: Option<u64>,
    head: Option<String>,
    last_read: Option<String>,
    last_audit: Option<String>,
    differences: Option<u64>,
    unaudited_epochs: Option<u64>,
}

fn readiness(snapshot: &Snapshot) -> Page {
    let reason = snapshot.unready();
    let end = snapshot.end();
    let date = |seconds: u64| Moment::from_unix_seconds(seconds).ok().map(|moment| moment.to_string());
    let audit = snapshot.audit.as_ref();
    let readiness = Readiness {
        ready: reason.is_none(),
        reason,
        entries: end.map(|(entries, _)| entries),
        head: end.and_then(|(_, head)| head).map(|head| head.to_string()),
        last_read: snapshot.read.and_then(|(_, seconds)| date(seconds)),
        last_audit: audit.and_then(|audit| date(audit.at)),
        differences: audit.map(|audit| audit.differences),
        unaudited_epochs: audit.map(|audit| audit.unaudited),
    };
    Page::json(readiness.ready, &readiness)
}
