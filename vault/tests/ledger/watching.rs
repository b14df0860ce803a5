//! What somebody who watches a ledger reads of it, again and again.

use std::collections::BTreeMap;

use fairshare_formats::archive::Item;
use fairshare_formats::ledger::{Event, Kind, Stored};
use fairshare_params::ledger::first_head;
use fairshare_vault::ledger::Followed;

use crate::world::*;

fn stored(items: &[Item]) -> Vec<Stored> {
    let entry = |item: &Item| match item {
        Item::Entry(stored, _) => Some((**stored).clone()),
        Item::Heading(_) => None,
    };
    items.iter().filter_map(entry).collect()
}

#[test]
fn what_came_after_an_entry_is_closings_and_settlements() {
    on_each(|location| {
        let mut ledger = opened(location, &FIRST);
        let begun = ledger.follow(0, 10).unwrap();
        let identity = &begun.identity;
        let first = first_head(identity.chain_id, &identity.vault, &identity.registry);
        assert_eq!((begun.entries, begun.there, begun.waiting, begun.news.len()), (1, Some(first), 0, 0));
        settle(&mut ledger, &FIRST);
        open_next(&mut ledger, &SECOND);
        settle(&mut ledger, &SECOND);
        let all = stored(&items(&mut ledger));
        let milestones: Vec<_> = all
            .iter()
            .filter(|stored| matches!(stored.event, Event::Closed { .. } | Event::Settled(_)))
            .cloned()
            .collect();
        assert_eq!(milestones.len(), 4);
        let last = all.last().unwrap();
        for (index, most) in [(0, 10), (0, 3), (milestones[0].index, 1), (milestones[1].index - 1, 0)] {
            let followed = ledger.follow(index, most).unwrap();
            let after: Vec<_> = milestones.iter().filter(|stored| stored.index > index).cloned().collect();
            let there = if index == 0 { first } else { all[index as usize - 1].head };
            let expected = Followed {
                identity: identity.clone(),
                entries: last.index,
                head: last.head,
                time: Some(last.time),
                there: Some(there),
                waiting: after.len() as u64,
                news: after.into_iter().take(most as usize).collect(),
            };
            assert_eq!(followed, expected, "{most} after {index}");
        }
        // A place that the ledger does not have has no head.
        for beyond in [last.index + 1, u64::MAX] {
            let followed = ledger.follow(beyond, 10).unwrap();
            assert_eq!((followed.there, followed.waiting, followed.news), (None, 0, Vec::new()), "{beyond}");
        }
    });
}

#[test]
fn the_status_counts_entries_by_kind() {
    on_each(|location| {
        let mut ledger = settled(location, &FIRST);
        let mut kinds = BTreeMap::<Kind, u64>::new();
        for entry in stored(&items(&mut ledger)) {
            *kinds.entry(entry.event.kind()).or_default() += 1;
        }
        let status = ledger.status(None).unwrap();
        assert_eq!(status.kinds, kinds);
        assert_eq!(status.kinds.values().sum::<u64>(), status.entries);
        // Under claims the ledger knows of no payment.
        assert_eq!((status.due, status.outstanding), (0, status.earned));
        assert!(status.earned > 0);
    });
}
