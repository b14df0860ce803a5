//! Where the time of proofs goes: the spans that the prover enters, each without those within it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// Times by step, of one statement's proofs.
pub type Steps = BTreeMap<&'static str, Duration>;

/// Measures the steps of all proofs that this process makes, on whatever thread.
#[derive(Clone, Default)]
pub struct Stopwatch(Arc<Mutex<BTreeMap<String, Steps>>>);

impl Stopwatch {
    /// Starts it, for the whole process.
    ///
    /// # Panics
    ///
    /// If something else listens to the process's spans already.
    pub fn start() -> Self {
        let stopwatch = Self::default();
        let layer = stopwatch.clone().with_filter(LevelFilter::DEBUG);
        tracing::subscriber::set_global_default(Registry::default().with(layer)).expect("the only listener");
        stopwatch
    }

    /// What was measured since the last call, by statement.
    pub fn take(&self) -> BTreeMap<String, Steps> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// When a span was entered, and how long spans within it took.
struct Entered {
    at: Instant,
    within: Duration,
}

/// What a proof's span says it proves.
#[derive(Clone, Default)]
struct Statement(String);

impl Visit for Statement {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "statement" {
            self.0 = format!("{value:?}").trim_matches('"').to_owned();
        }
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Stopwatch {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut statement = Statement::default();
        attributes.record(&mut statement);
        let Some(span) = context.span(id) else { return };
        if statement.0.is_empty()
            && let Some(known) =
                span.parent().and_then(|parent| parent.extensions().get::<Statement>().cloned())
        {
            statement = known;
        }
        span.extensions_mut().insert(statement);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(Entered { at: Instant::now(), within: Duration::ZERO });
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let Some(Entered { at, within }) = span.extensions_mut().remove() else { return };
        let whole = at.elapsed();
        if let Some(parent) = span.parent()
            && let Some(entered) = parent.extensions_mut().get_mut::<Entered>()
        {
            entered.within += whole;
        }
        let Some(Statement(statement)) = span.extensions().get::<Statement>().cloned() else { return };
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *times.entry(statement).or_default().entry(span.name()).or_default() += whole.saturating_sub(within);
    }
}
