//! A ledger that is not the one that was seen before: an older copy was restored, or rows were altered.
//!
//! A ledger only grows. So whatever place of it was seen keeps its head for ever, and one that does not have
//! it is another copy. That is told as a difference. What this copy holds is then delivered from where the
//! service began: some of it may be other than what was told.

use fairshare_params::ledger::first_head;
use fairshare_vault::VaultError;
use fairshare_vault::ledger::Followed;

use crate::notice::{Findings, Notice};
use crate::reader::Reader;
use crate::shared::Shared;
use crate::state::Place;

/// Whether the ledger does not have the place any more.
pub fn is_gone(place: &Place, found: &Followed) -> bool {
    found.there != Some(place.head)
}

/// Tells that a place is gone, and begins again.
pub fn begin_again(
    shared: &Shared,
    reader: &mut Reader,
    place: Place,
    found: &Followed,
) -> Result<(), VaultError> {
    let Some(begin) = shared.store().state().map(|state| state.begin) else { return Ok(()) };
    let stands = !is_gone(&begin, &reader.read(|ledger| ledger.follow(begin.entry, 0))?);
    let identity = &found.identity;
    let first = Place { entry: 0, head: first_head(identity.chain_id, &identity.vault, &identity.registry) };
    let cursor = if stands { begin } else { first };
    let findings = Findings::one(in_words(&place, found));
    let (tells, mut is_news) = (shared.store().tells(), false);
    shared.update(|state| {
        // Who delivers and who observes may come upon it at the same time: it is told once.
        is_news = state.seen == place || state.cursor == place;
        if is_news {
            (state.begin, state.cursor) = (cursor, cursor);
            state.seen = Place { entry: found.entries, head: found.head };
        }
        if is_news && tells {
            state.tell(Notice::of_findings(identity, found.entries, found.head, &findings));
        }
    });
    if is_news {
        let lines = &findings.lines;
        tracing::error!(findings = ?lines, "difference: the ledger is another copy than the one seen before");
        shared.board().replaced += 1;
        shared.pulse.ring();
    }
    Ok(())
}

fn in_words(place: &Place, found: &Followed) -> String {
    let now = match found.there {
        Some(head) => format!("has head {head} there"),
        None => format!("ends with entry {}", found.entries),
    };
    format!(
        "the ledger: entry {} had head {}, and now the ledger {now}: it was restored from another copy, or \
         altered",
        place.entry, place.head
    )
}
