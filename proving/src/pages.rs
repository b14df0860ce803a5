//! What is told to whoever watches the service: health, readiness, metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fairshare_serve::{Families, Page, Pages};
use serde::Serialize;

use crate::jobs::Jobs;
use crate::record::State;

/// The pages of a service.
pub(crate) struct Watched {
    pub software: &'static str,
    pub jobs: Arc<Jobs>,
    /// Whether keys are made and jobs are worked on.
    pub ready: AtomicBool,
    /// Whether the worker has ended.
    pub over: AtomicBool,
}

#[derive(Serialize)]
struct Health {
    healthy: bool,
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    reason: Option<&'static str>,
}

impl Pages for Watched {
    fn paths(&self) -> &'static [&'static str] {
        &["/healthz", "/readyz", "/metrics"]
    }

    fn page(&self, path: &str) -> Page {
        match path {
            "/healthz" => {
                let healthy = !self.is_over();
                Page::json(healthy, &Health { healthy })
            }
            "/readyz" => {
                let ready = self.ready.load(Ordering::Relaxed);
                let reason = (!ready).then_some("the proving keys are being made; jobs are taken and wait");
                Page::json(ready, &Readiness { ready, reason })
            }
            _ => Page::metrics(self.metrics()),
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

impl Watched {
    fn metrics(&self) -> Result<String, prometheus::Error> {
        let page = Families::default();
        let version = self.software.trim_start_matches("fairshare ");
        page.gauges("fairshare_build_info", "The program.", &["version"], [(vec![version], 1.0)])?;
        let ready = f64::from(u8::from(self.ready.load(Ordering::Relaxed)));
        page.gauge("fairshare_proving_ready", "Whether jobs are worked on: 1 or 0.", ready)?;
        let (states, uploads) = self.jobs.standing();
        let states = states.map(|(state, count)| (vec![state.name()], count as f64));
        page.gauges("fairshare_proving_jobs", "Jobs that are kept, by state.", &["state"], states)?;
        page.gauge("fairshare_proving_uploads", "Uploads under way.", uploads as f64)?;
        let counts = &self.jobs.counts;
        let bytes = counts.bytes.load(Ordering::Relaxed);
        page.counter("fairshare_proving_upload_bytes_total", "Bytes of records that came in.", bytes)?;
        let ended = counts.ended().map(|(state, count): (State, u64)| (vec![state.name()], count));
        let help = "Jobs that ended since the service began.";
        page.counters("fairshare_proving_jobs_ended_total", help, &["state"], ended)?;
        let refused = counts.refused().map(|(status, count)| (vec![status], count));
        let help = "Requests that were refused, by gRPC status.";
        page.counters("fairshare_proving_refused_total", help, &["status"], refused)?;
        page.text()
    }
}
