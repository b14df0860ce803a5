//! # A service beside a vault's ledger
//!
//! It answers whether the ledger can be read, counts what is on record, and tells one URL when an epoch is
//! closed or settled, or when something on record differs from what it should be. It observes: it never
//! writes to the ledger, and no request makes it do anything.
//!
//! Three threads work beside the one that answers requests, and each opens the ledger for itself. One reads
//! where it stands (`observe.rs`), one delivers (`deliver.rs`), one audits (`audits.rs`). A database that is
//! gone stops none of them.
//!
//! What another service needs to be watched likewise is public: [`Http`] and its [`Pages`], [`Families`] of
//! metrics, [`Signals`].

mod audits;
mod backoff;
mod board;
mod clock;
mod crew;
mod deliver;
mod error;
mod families;
mod http;
mod metrics;
mod notice;
mod observe;
mod pages;
mod pulse;
mod reader;
mod replaced;
mod shared;
mod signals;
mod signature;
mod state;
mod target;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_vault::database::Location;
use fairshare_verifier::Trust;

pub use error::{ServeError, StateError, TargetError};
pub use families::Families;
pub use http::{Http, Page, Pages};
pub use notice::{Notice, NoticeKind};
pub use signals::Signals;
pub use signature::{HEADER as SIGNATURE_HEADER, signature};
pub use target::{MAX_SECRET_BYTES, MIN_SECRET_BYTES, Secret, Target};

use crew::Crew;
use reader::Reader;
use shared::Shared;
use state::Store;

/// How long what is in flight has to end once the service is asked to stop.
const GRACE: Duration = Duration::from_secs(10);

/// What a service is asked to do.
pub struct Config {
    /// Where the ledger is kept.
    pub ledger: Location,
    /// The program's name and version.
    pub software: &'static str,
    /// Where requests are answered.
    pub listen: SocketAddr,
    /// How often the ledger is read.
    pub every: Duration,
    /// How often it is audited.
    pub audit_every: Duration,
    /// What an audit may hold, in bytes.
    pub memory: u64,
    /// What an audit is done with; epochs whose parameters are not here are not verified.
    pub parameters: Vec<VerifierParameters>,
    /// Whether development parameters are good enough for an audit.
    pub trust: Trust,
    /// Who is told.
    pub webhook: Option<Webhook>,
    /// Where the service keeps how far it has come.
    pub state: Option<PathBuf>,
    /// Whether a service without a state begins with the first entry, and not with those to come.
    pub from_start: bool,
}

/// Who is told, and how.
#[derive(Debug)]
pub struct Webhook {
    /// The URL.
    pub target: Target,
    /// What bodies are signed with.
    pub secret: Secret,
    /// How long one delivery may take.
    pub timeout: Duration,
}

/// A service that is ready to run.
#[derive(Debug)]
pub struct Service {
    shared: Arc<Shared>,
    config: Config,
    http: Http,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config").field("ledger", &self.ledger.to_string()).finish_non_exhaustive()
    }
}

impl Service {
    /// Listens, and reads the state. A state of another vault than the ledger's is refused here, if the
    /// ledger can be read; a ledger that cannot be read is waited for later.
    pub fn prepare(config: Config) -> Result<Self, ServeError> {
        let store = Store::open(config.state.as_deref(), config.webhook.is_some())?;
        let refuse = |source| ServeError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).map_err(refuse)?;
        let http = Http::new(listener).map_err(refuse)?;
        let shared = Arc::new(Shared::new(store, config.software, config.every, config.webhook.is_some()));
        observe::Observer::new(&config, Arc::clone(&shared)).first_look()?;
        Ok(Self { shared, config, http })
    }

    /// Where requests are answered.
    pub fn address(&self) -> SocketAddr {
        self.http.address()
    }

    /// Works until it is told to stop by SIGTERM or SIGINT.
    pub fn run(self) -> Result<(), ServeError> {
        let Self { shared, config, http } = self;
        let crew = Crew::new(&shared);
        let observer = observe::Observer::new(&config, Arc::clone(&shared));
        crew.begin("observer", move || observer.run())?;
        if let Some(webhook) = config.webhook {
            let deliverer = deliver::Deliverer::new(webhook, &config.ledger, Arc::clone(&shared));
            crew.begin("deliverer", move || deliverer.run())?;
        }
        let audits = audits::Audits::new(
            Reader::new(&config.ledger),
            Arc::clone(&shared),
            config.software,
            config.audit_every,
            (config.parameters, config.trust),
            config.memory,
        );
        crew.begin("auditor", move || audits.run())?;
        tracing::info!(listen = %http.address(), ledger = %config.ledger, "the service has started");
        http.answer(&shared);
        let lost = shared.board().lost;
        tracing::info!("the service stops");
        if !crew.end(GRACE) {
            tracing::warn!("something did not end in time and is left; what was not delivered will be again");
        }
        tracing::info!("the service has stopped");
        lost.map_or(Ok(()), |name| Err(ServeError::Lost { name }))
    }
}
