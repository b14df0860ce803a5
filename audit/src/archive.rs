//! A snapshot in one file. What stands in the file is for [`fairshare_formats::archive`] to say; here is what
//! it means.

use std::io::{self, Read, Write};

use fairshare_formats::archive::{self, Carried, Claimed, Epoch, EpochFiles, Ledger, Writer};

use crate::settlement::{Carry, Payout};
use crate::snapshot::{ClaimOnRecord, EpochSnapshot, LedgerSnapshot, Paid};

pub use fairshare_formats::archive::{ARCHIVE_VERSION, ArchiveError, ContentError, MAX_ARCHIVE_BYTES};

/// Writes a snapshot; equal ones give equal bytes.
pub fn write(snapshot: &LedgerSnapshot, to: impl Write) -> io::Result<()> {
    let epochs = snapshot.epochs.iter().map(epoch_on_record).collect();
    let claims = snapshot.claims.iter().map(claim_on_record).collect();
    let mut writer = Writer::begin(to, &Ledger::new(epochs, claims))?;
    for epoch in &snapshot.epochs {
        let units = epoch.units.as_deref();
        writer.epoch(epoch.number, &epoch.source, &epoch.registrations, units, &epoch.bundles)?;
    }
    writer.finish()
}

/// Reads a snapshot back. Nothing of it is believed: that is for [`crate::audit`].
pub fn read(from: impl Read) -> Result<LedgerSnapshot, ArchiveError> {
    let (ledger, files) = archive::read(from)?;
    let epochs = ledger.epochs.into_iter().zip(files).map(|(epoch, files)| snapshot_of(epoch, files));
    let claims = ledger.claims.into_iter().map(|claim| ClaimOnRecord {
        contributor: claim.contributor,
        epoch: claim.epoch,
        amount: claim.amount,
        cumulative: claim.cumulative,
        evidence: claim.evidence,
    });
    Ok(LedgerSnapshot { epochs: epochs.collect(), claims: claims.collect() })
}

fn epoch_on_record(epoch: &EpochSnapshot) -> Epoch {
    Epoch {
        number: epoch.number,
        state: epoch.state,
        rules_hash: epoch.rules_hash,
        brought: carried(&epoch.brought),
        left: epoch.left.as_ref().map(carried),
        root: epoch.root,
        registrations: epoch.registrations.len(),
        bundles: epoch.bundles.len(),
        payouts: epoch.payouts.iter().map(paid_on_record).collect(),
    }
}

fn snapshot_of(epoch: Epoch, files: EpochFiles) -> EpochSnapshot {
    EpochSnapshot {
        number: epoch.number,
        state: epoch.state,
        rules_hash: epoch.rules_hash,
        source: files.source,
        brought: carry(epoch.brought),
        left: epoch.left.map(carry),
        root: epoch.root,
        registrations: files.registrations,
        units: files.units,
        bundles: files.bundles,
        payouts: epoch.payouts.into_iter().map(paid).collect(),
    }
}

fn carried(carry: &Carry) -> Carried {
    Carried { compute_tenths: carry.compute.clone(), data_tenths: carry.data.clone() }
}

fn carry(carried: Carried) -> Carry {
    Carry { compute: carried.compute_tenths, data: carried.data_tenths }
}

fn paid_on_record(paid: &Paid) -> archive::Paid {
    let Paid { contributor, payout: Payout { compute, data }, cumulative } = *paid;
    archive::Paid { contributor, compute, data, cumulative }
}

fn paid(paid: archive::Paid) -> Paid {
    let archive::Paid { contributor, compute, data, cumulative } = paid;
    Paid { contributor, payout: Payout { compute, data }, cumulative }
}

fn claim_on_record(claim: &ClaimOnRecord) -> Claimed {
    Claimed {
        contributor: claim.contributor,
        epoch: claim.epoch,
        amount: claim.amount,
        cumulative: claim.cumulative,
        evidence: claim.evidence.clone(),
    }
}
