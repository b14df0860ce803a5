//! Archives altered by somebody who knows how: the chain is whole again after it.

use std::fs::File;

use fairshare_formats::archive::{self, ArchiveError, Heading, Item, Writer};
use fairshare_formats::ledger::{Entry, Event, Files, Stored, file_hash};
use fairshare_params::ledger::first_head;

/// Everything in an archive, in order.
pub fn read(path: &str) -> (Heading, Vec<(Stored, Files)>) {
    let (mut heading, mut entries) = (None, Vec::new());
    archive::read(File::open(path).expect("an archive"), |item| {
        match item {
            Item::Heading(found) => heading = Some(found),
            Item::Entry(stored, files) => entries.push((*stored, files)),
        }
        Ok::<_, ArchiveError>(())
    })
    .expect("an archive");
    (heading.expect("a heading"), entries)
}

/// Writes an archive with altered entries, each of which names its files and follows the one before it.
pub fn forge(from: &str, to: &str, alter: impl FnOnce(&mut Vec<(Entry, Files)>)) {
    let (heading, entries) = read(from);
    let mut entries: Vec<_> = entries.into_iter().map(|(stored, files)| (stored.entry(), files)).collect();
    alter(&mut entries);
    let Heading { software, chain_id, vault, registry, .. } = heading;
    let mut head = first_head(chain_id, &vault, &registry);
    let mut stored = Vec::new();
    for (index, (entry, files)) in (1..).zip(&mut entries) {
        match &mut entry.event {
            Event::Rules { policy, .. } => *policy = files.policy().expect("a policy").hash(),
            Event::Bundle { file, .. } => *file = file_hash(files.single()),
            _ => {}
        }
        head = entry.follow(&head);
        stored.push(Stored { index, time: entry.time, event: entry.event.clone(), head });
    }
    let heading = Heading::new(&software, chain_id, vault, registry, stored.len() as u64, head);
    let mut writer = Writer::begin(File::create(to).expect("a file"), &heading).expect("written");
    for (stored, (_, files)) in stored.iter().zip(&entries) {
        writer.entry(stored, files).expect("written");
    }
    writer.finish().expect("written");
}
