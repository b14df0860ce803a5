//! The policies that the service proves under, each with its parameters.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use fairshare_ingest::Records;
use fairshare_params::encoding::Digest;
use fairshare_params::policy::Policy;
use fairshare_params::srs::Srs;
use fairshare_params::verifier_parameters::VerifierParameters;
use fairshare_prover::{Limits, plan};
use fairshare_verifier::{Trust, Verifier};

use crate::error::{Refusal, ServiceError, given, told};

/// Policies, and the parameters that they name.
#[derive(Debug)]
pub struct Book {
    parameters: Vec<(Srs, VerifierParameters)>,
    pages: Vec<Page>,
    /// Held while records are looked at: their description may take much memory for a moment.
    looking: Mutex<()>,
}

/// A policy.
#[derive(Debug)]
pub(crate) struct Page {
    pub name: String,
    pub policy: Policy,
    pub rules: Digest,
    /// Which parameters are its own.
    parameters: usize,
}

impl Book {
    /// The policies by their names, each with its own of the parameters: a whole reference string, and what
    /// was derived from it.
    pub fn new(
        policies: Vec<(String, Policy)>,
        parameters: Vec<(Srs, VerifierParameters)>,
    ) -> Result<Self, ServiceError> {
        if policies.is_empty() {
            return Err(ServiceError::NoPolicy);
        }
        let mut pages: Vec<Page> = Vec::with_capacity(policies.len());
        for (name, policy) in policies {
            if pages.iter().any(|page| page.name == name) {
                return Err(ServiceError::PolicyTwice { name });
            }
            let own = own(&name, &policy, &parameters)?;
            let rules = match Verifier::new(&parameters[own].1, &policy, Trust::AllowInsecure) {
                Ok(verifier) => verifier.rules_hash(),
                Err(source) => return Err(ServiceError::Setup { name, source: Box::new(source) }),
            };
            pages.push(Page { name, policy, rules, parameters: own });
        }
        Ok(Self { parameters, pages, looking: Mutex::new(()) })
    }

    /// Names and rules hashes, in the order given.
    pub fn policies(&self) -> impl Iterator<Item = (&str, Digest)> {
        self.pages.iter().map(|page| (page.name.as_str(), page.rules))
    }

    /// Whether any of it is proved under development parameters.
    pub fn is_insecure(&self) -> bool {
        self.pages.iter().any(|page| self.srs(page).is_insecure())
    }

    /// That something can be proved within the limits.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), ServiceError> {
        for page in &self.pages {
            plan(page.policy.geometry().smallest_segment(), limits)?;
        }
        Ok(())
    }

    pub(crate) fn pages(&self) -> &[Page] {
        &self.pages
    }

    pub(crate) fn srs(&self, page: &Page) -> &Srs {
        &self.parameters[page.parameters].0
    }

    /// What verifies under a policy.
    pub(crate) fn verifier<'a>(&'a self, page: &'a Page) -> Result<Verifier<'a>, ServiceError> {
        let parameters = &self.parameters[page.parameters].1;
        let refused = |source| ServiceError::Setup { name: page.name.clone(), source: Box::new(source) };
        Verifier::new(parameters, &page.policy, Trust::AllowInsecure).map_err(refused)
    }

    /// Refuses records that lack a column of a policy, or have one of a wrong type. Nothing but the beginning
    /// of each file is read. Messages have names in place of the paths that clients do not know.
    pub(crate) fn check_records(
        &self,
        policy: &str,
        paths: &[PathBuf],
        names: &[(&Path, &str)],
    ) -> Result<(), Refusal> {
        let schema = self.find(policy)?.policy.schema();
        let _one_at_a_time = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = Records::open(paths, schema).map(drop);
        opened.map_err(|error| Refusal::Records { reason: told(&error, names) })
    }

    /// The policy that a client names, by its name or rules hash.
    pub(crate) fn find(&self, name: &str) -> Result<&Page, Refusal> {
        let found = self.pages.iter().find(|page| page.name == name || page.rules.to_string() == name);
        found.ok_or_else(|| {
            let known: Vec<_> = self.pages.iter().map(|page| page.name.as_str()).collect();
            Refusal::Policy { name: given(name), known: known.join(", ") }
        })
    }
}

/// Which of the parameters a policy names.
fn own(name: &str, policy: &Policy, parameters: &[(Srs, VerifierParameters)]) -> Result<usize, ServiceError> {
    let mut refused = None;
    for (index, (srs, _)) in parameters.iter().enumerate() {
        match policy.check_parameters(srs.geometry(), &srs.digest(), srs.is_insecure()) {
            Ok(()) => return Ok(index),
            Err(error) => refused = Some(Box::new(error)),
        }
    }
    Err(ServiceError::NoParameters { name: name.to_owned(), source: refused })
}
