//! What a royalty vault's roots stand against.

use alloy_primitives::Address;
use fairshare_params::encoding::Digest;

use crate::block_time;

/// Why a root is not posted, or its claims are not paid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RootError {
    /// Another root pays.
    #[error(
        "epoch {epoch} has the root {found}, which pays already, and nothing can take its place; what it \
         leaves out can be paid by a later epoch's root"
    )]
    RootFinal {
        /// The epoch.
        epoch: u64,
        /// What pays.
        found: Digest,
    },
    /// Another root, or the same one with another archive, is pending.
    #[error(
        "for epoch {epoch} the root {found} is pending until {}, and what is to be posted is not the same \
         root, total, archive and place; --replace posts it instead, and a whole window begins anew",
        block_time(*active_at)
    )]
    RootPending {
        /// The epoch.
        epoch: u64,
        /// What is pending.
        found: Digest,
        /// Until when.
        active_at: u64,
    },
    /// One root is pending at a time.
    #[error(
        "the root of epoch {epoch} is pending until {}, and a vault has one pending root at a time; post \
         this one then",
        block_time(*active_at)
    )]
    OtherEpochPending {
        /// Whose root is pending.
        epoch: u64,
        /// Until when.
        active_at: u64,
    },
    /// Too little was funded.
    #[error(
        "the claims of epoch {epoch} are {total} base units in all, and {funded} were funded up to it; fund \
         it first: `fairshare chain fund`"
    )]
    Underfunded {
        /// The epoch.
        epoch: u64,
        /// What was funded.
        funded: u128,
        /// What its claims are.
        total: u128,
    },
    /// Nobody earned so.
    #[error("{contributor} has no claim in epoch {epoch}: it has earned nothing up to it")]
    NoClaim {
        /// The epoch.
        epoch: u64,
        /// Who was to be paid.
        contributor: Address,
    },
    /// No root.
    #[error("no root of epoch {epoch} is posted at the vault; post it first: `fairshare chain post`")]
    NotPosted {
        /// The epoch.
        epoch: u64,
    },
    /// The vault's root is not the ledger's.
    #[error(
        "the vault has the root {found} for epoch {epoch}, and this ledger gives {expected}, or another \
         rules hash or total; claims of this ledger cannot be paid under it"
    )]
    OtherRoot {
        /// The epoch.
        epoch: u64,
        /// The vault's.
        found: Digest,
        /// The ledger's.
        expected: Digest,
    },
    /// The window runs.
    #[error("the root of epoch {epoch} pays from {} on, when its window is over", block_time(*active_at))]
    WindowRuns {
        /// The epoch.
        epoch: u64,
        /// From when.
        active_at: u64,
    },
    /// No event of a root that is pending.
    #[error(
        "the root {root} of epoch {epoch} is pending, and the node has no event of its posting; ask a node \
         that keeps events"
    )]
    NoPosting {
        /// The epoch.
        epoch: u64,
        /// Its root.
        root: Digest,
    },
    /// No claims now.
    #[error("the vault is paused by its owner: nothing is paid until the pause ends")]
    Paused,
}
