//! Delivery to the one URL: at least once, in order, and only what stands on record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fairshare_vault::VaultError;
use fairshare_vault::database::Location;
use ureq::{Agent, Error};

use crate::backoff::Backoff;
use crate::notice::Notice;
use crate::reader::Reader;
use crate::shared::{Shared, one_line};
use crate::signature::{HEADER, signature};
use crate::state::Place;
use crate::{Webhook, clock, replaced};

/// Longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How often the ledger is asked for what waits, when nobody says that there is news.
const LOOK: Duration = Duration::from_secs(5);
/// Longest head of a response, in bytes. The body is not read.
const MAX_RESPONSE_HEAD: usize = 16 << 10;

/// Delivers what waits.
pub struct Deliverer {
    webhook: Webhook,
    agent: Agent,
    reader: Reader,
    shared: Arc<Shared>,
    /// What stands on record, and findings, are delivered side by side: one that is refused for ever does
    /// not keep the other back.
    entries: Lane,
    findings: Lane,
}

/// What is delivered in order.
struct Lane {
    backoff: Backoff,
    due: Instant,
}

impl Lane {
    fn new() -> Self {
        Self { backoff: Backoff::new(LONGEST_WAIT), due: Instant::now() }
    }

    /// Whether it is time for an attempt.
    fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }
}

/// Why an attempt failed.
enum Failed {
    Status(u16),
    Other(String),
}

impl Deliverer {
    /// One that has delivered nothing yet.
    pub fn new(webhook: Webhook, ledger: &Location, shared: Arc<Shared>) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(webhook.timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_response_header_size(MAX_RESPONSE_HEAD)
            .max_idle_connections(0)
            .proxy(None)
            .user_agent(shared.board().software.replace(' ', "/"))
            .build();
        let (entries, findings) = (Lane::new(), Lane::new());
        Self { webhook, agent: config.into(), reader: Reader::new(ledger), shared, entries, findings }
    }

    /// Delivers until it is time to stop.
    pub fn run(mut self) {
        while !self.shared.pulse.is_stopped() {
            let known = self.shared.pulse.news();
            let found = self.found();
            let entry = self.entry().unwrap_or_else(|error| {
                // The observer says so, too, and to everybody.
                tracing::debug!(reason = one_line(&error), "nothing can be read to be delivered");
                false
            });
            if !(found || entry) {
                self.shared.pulse.wait_for_news(self.rest(), known);
            }
        }
    }

    /// How long until something is due; what is due already waits for the ledger or for news.
    fn rest(&self) -> Duration {
        let now = Instant::now();
        let lanes = [&self.entries, &self.findings].into_iter();
        let waits = lanes.map(|lane| lane.due.saturating_duration_since(now)).filter(|wait| !wait.is_zero());
        waits.min().unwrap_or(LOOK).min(LOOK)
    }

    /// Delivers the first findings that wait; true if that was done.
    fn found(&mut self) -> bool {
        // A state that could not be written is tried again here.
        self.shared.update(|_| {});
        let first = self.shared.store().settled().and_then(|state| state.pending.first().cloned());
        let Some(notice) = first.filter(|_| self.findings.is_due()) else { return false };
        let attempt = self.findings.backoff.failures() + 1;
        let outcome = self.deliver(&notice, attempt);
        let done = judge(&mut self.findings, outcome);
        if done {
            self.shared.update(|state| state.pending.retain(|waiting| waiting.id != notice.id));
        }
        done
    }

    /// Delivers the next entry; true if there may be more to do at once.
    fn entry(&mut self) -> Result<bool, VaultError> {
        let come_to = self.shared.store().settled().map(|state| (state.cursor, state.pending.len() as u64));
        let Some((cursor, findings)) = come_to else { return Ok(false) };
        let followed = self.reader.read(|ledger| ledger.follow(cursor.entry, 1))?;
        if !self.shared.store().is_of(&followed.identity) {
            // Another vault's ledger has taken the place of this one; the observer says so.
            return Ok(false);
        }
        if replaced::is_gone(&cursor, &followed) {
            replaced::begin_again(&self.shared, &mut self.reader, cursor, &followed)?;
            return Ok(true);
        }
        if let Some(webhook) = &mut self.shared.board().webhook {
            webhook.waiting = followed.waiting.saturating_add(findings);
        }
        let Some(stored) = followed.news.first().filter(|_| self.entries.is_due()) else { return Ok(false) };
        let Some(notice) = Notice::of_entry(&followed.identity, stored) else { return Ok(false) };
        let attempt = self.entries.backoff.failures() + 1;
        let outcome = self.deliver(&notice, attempt);
        let done = judge(&mut self.entries, outcome);
        if done {
            // Only now, and only if nobody has set it back in the meantime.
            self.shared.update(|state| {
                if state.cursor == cursor {
                    state.cursor = Place { entry: stored.index, head: stored.head };
                }
            });
        }
        Ok(done)
    }

    /// One attempt, counted and told.
    fn deliver(&self, notice: &Notice, attempt: u32) -> Result<(), Failed> {
        let (kind, to) = (notice.kind, &self.webhook.target);
        tracing::info!(id = notice.id, kind = kind.name(), attempt, %to, "delivery is tried");
        let outcome = self.post(notice);
        let mut board = self.shared.board();
        let Some(webhook) = &mut board.webhook else { return outcome };
        *webhook.attempts.entry(kind).or_default() += 1;
        match &outcome {
            Ok(()) => {
                *webhook.delivered.entry(kind).or_default() += 1;
                webhook.last = Some(clock::unix_seconds());
            }
            Err(_) => *webhook.failures.entry(kind).or_default() += 1,
        }
        drop(board);
        match &outcome {
            Ok(()) => tracing::info!(id = notice.id, kind = kind.name(), attempt, %to, "delivered"),
            Err(Failed::Status(status)) => {
                tracing::warn!(id = notice.id, attempt, status, %to, "delivery failed; it is tried again")
            }
            Err(Failed::Other(reason)) => {
                tracing::warn!(id = notice.id, attempt, reason, %to, "delivery failed; it is tried again")
            }
        }
        outcome
    }

    fn post(&self, notice: &Notice) -> Result<(), Failed> {
        let body = serde_json::to_vec(notice).map_err(|error| Failed::Other(error.to_string()))?;
        let signed = signature(&self.webhook.secret, clock::unix_seconds(), &body);
        let request = self.agent.post(self.webhook.target.uri());
        let request = request.header("content-type", "application/json").header(HEADER, signed);
        // Only the status counts: the body is left where it is, however long.
        let status = request.send(&body[..]).map_err(|error| Failed::Other(in_words(&error)))?.status();
        // A redirect would take the body where nobody wanted it.
        if status.is_success() { Ok(()) } else { Err(Failed::Status(status.as_u16())) }
    }
}

/// Sets when the lane is due again; true if the attempt did it.
fn judge(lane: &mut Lane, outcome: Result<(), Failed>) -> bool {
    match outcome {
        Ok(()) => {
            lane.backoff.reset();
            lane.due = Instant::now();
            true
        }
        Err(_) => {
            lane.due = Instant::now() + lane.backoff.fail();
            false
        }
    }
}

/// Why nothing was answered. The client's own words are for those errors alone whose words hold no part of
/// the URL.
fn in_words(error: &Error) -> String {
    match error {
        Error::Io(error) => error.to_string(),
        Error::Timeout(_) => "no answer in time".to_owned(),
        Error::HostNotFound => "the host is not known".to_owned(),
        Error::ConnectionFailed => "no connection".to_owned(),
        Error::Rustls(error) => format!("TLS: {error}"),
        Error::Protocol(_) => "the answer is not HTTP".to_owned(),
        _ => "the request could not be made".to_owned(),
    }
}
