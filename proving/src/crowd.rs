//! Who is connected: so many at a time that a newcomer finds room, whatever the others do.
//!
//! Whoever can connect can do so again and again, and say nothing. So connections do not queue for places: a
//! newcomer takes the place of the one that asked for nothing for the longest time. Clients of gRPC connect
//! again when they next ask, and a file or a job's progress can be asked for again. An upload is spared:
//! there are few of them. Where clients need a certificate, those that have not shown one yet are counted by
//! themselves, and take no place of those that have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::error::Refusal;

/// Most connections at a time that are answered, and most of those that are not known yet.
pub(crate) const MAX_CONNECTIONS: usize = 128;
/// Most files at a time that are fetched over one connection: each takes memory.
const MAX_FETCHES: usize = 4;

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Crowd(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    /// Counts connections and requests: what came later has a greater number.
    clock: u64,
    by_number: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Whether it may ask for something: it has shown its certificate, where one is needed.
    is_known: bool,
    /// When it came, or asked for something, or took a part of it, at last.
    active: u64,
    uploads: usize,
    fetches: usize,
    /// Dropped with the entry, which ends the connection.
    _end: oneshot::Sender<()>,
}

/// A connection's place.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    crowd: Arc<Crowd>,
    number: u64,
}

/// Hears when a connection has to end for another one's sake.
pub(crate) type Ending = oneshot::Receiver<()>;

impl Crowd {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a newcomer, which is not known yet.
    pub(crate) fn enter(self: &Arc<Self>) -> (Place, Ending) {
        let (end, ending) = oneshot::channel();
        let mut table = self.table();
        let number = table.tick();
        let entry = Entry { is_known: false, active: number, uploads: 0, fetches: 0, _end: end };
        table.by_number.insert(number, entry);
        table.make_room(false);
        drop(table);
        (Place { crowd: Arc::clone(self), number }, ending)
    }
}

impl Table {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Ends connections until those that are known, or those that are not, are few enough: the ones first
    /// that did nothing for the longest time, and one with an upload after all others.
    fn make_room(&mut self, is_known: bool) {
        let alike = |entry: &Entry| entry.is_known == is_known;
        while self.by_number.values().filter(|entry| alike(entry)).count() > MAX_CONNECTIONS {
            let others = self.by_number.iter().filter(|(_, entry)| alike(entry));
            let first = others.min_by_key(|(_, entry)| (entry.uploads > 0, entry.active));
            let Some(number) = first.map(|(number, _)| *number) else { return };
            tracing::debug!(number, "a connection gives way to another one");
            self.by_number.remove(&number);
        }
    }
}

impl Place {
    /// The connection may ask for something from now on.
    pub(crate) fn settle(&self) {
        let mut table = self.crowd.table();
        let Some(entry) = table.by_number.get_mut(&self.number) else { return };
        if !entry.is_known {
            entry.is_known = true;
            table.make_room(true);
        }
    }

    /// It asks for something, or takes a part of what it asked for.
    pub(crate) fn acts(&self) {
        self.change(|_| {});
    }

    /// An upload is under way, until what is returned is dropped.
    pub(crate) fn uploads(&self) -> Transfer {
        self.change(|entry| entry.uploads += 1);
        Transfer { place: self.clone(), is_fetch: false }
    }

    /// The same of a file that is fetched.
    pub(crate) fn fetches(&self) -> Result<Transfer, Refusal> {
        let mut is_allowed = true;
        self.change(|entry| {
            is_allowed = entry.fetches < MAX_FETCHES;
            entry.fetches += usize::from(is_allowed);
        });
        let refused = Refusal::TooManyFetches { limit: MAX_FETCHES };
        if is_allowed { Ok(Transfer { place: self.clone(), is_fetch: true }) } else { Err(refused) }
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        let mut table = self.crowd.table();
        let now = table.tick();
        if let Some(entry) = table.by_number.get_mut(&self.number) {
            entry.active = now;
            change(entry);
        }
    }

    /// The connection has ended.
    pub(crate) fn leave(&self) {
        self.crowd.table().by_number.remove(&self.number);
    }
}

/// An upload, or a file that is fetched, under way.
#[derive(Debug)]
pub(crate) struct Transfer {
    place: Place,
    is_fetch: bool,
}

impl Transfer {
    /// A part of it was taken.
    pub(crate) fn acts(&self) {
        self.place.acts();
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.place.change(|entry| {
            let count = if self.is_fetch { &mut entry.fetches } else { &mut entry.uploads };
            *count = count.saturating_sub(1);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_ended(ending: &mut Ending) -> bool {
        !matches!(ending.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }

    fn known(crowd: &Arc<Crowd>) -> (Place, Ending) {
        let (place, ending) = crowd.enter();
        place.settle();
        (place, ending)
    }

    #[test]
    fn a_newcomer_takes_the_place_of_who_did_nothing_for_the_longest_time() {
        let crowd = Arc::new(Crowd::default());
        let mut all: Vec<_> = (0..MAX_CONNECTIONS).map(|_| known(&crowd)).collect();
        // The first one sends something, the second one asked for something.
        let upload = all[0].0.uploads();
        all[1].0.acts();
        let ended = |all: &mut Vec<(Place, Ending)>| -> Vec<usize> {
            let ended =
                all.iter_mut().enumerate().filter_map(|(at, one)| has_ended(&mut one.1).then_some(at));
            ended.collect()
        };
        let mut more = vec![known(&crowd)];
        assert_eq!(ended(&mut all), [2], "the oldest one that never asked");
        more.extend((0..MAX_CONNECTIONS - 3).map(|_| known(&crowd)));
        assert_eq!(ended(&mut all), (2..MAX_CONNECTIONS).collect::<Vec<_>>());
        more.push(known(&crowd));
        assert_eq!(ended(&mut all), (1..MAX_CONNECTIONS).collect::<Vec<_>>(), "and then the second one");
        more.push(known(&crowd));
        assert_eq!(ended(&mut more), [0], "but not the upload");
        // Where all others send, too, the newcomer is turned away.
        let uploads: Vec<_> = more.iter().map(|(place, _)| place.uploads()).collect();
        let (mut first, mut second) = (known(&crowd), known(&crowd));
        assert!(!has_ended(&mut all[0].1) && has_ended(&mut first.1) | has_ended(&mut second.1));
        drop((upload, uploads));
    }

    #[test]
    fn who_has_no_certificate_takes_the_place_of_nobody_who_has_one() {
        let crowd = Arc::new(Crowd::default());
        let mut all: Vec<_> = (0..MAX_CONNECTIONS).map(|_| known(&crowd)).collect();
        let mut strangers: Vec<_> = (0..3 * MAX_CONNECTIONS).map(|_| crowd.enter()).collect();
        assert!(!all.iter_mut().any(|(_, ending)| has_ended(ending)));
        let ended = strangers.iter_mut().filter_map(|(_, ending)| has_ended(ending).then_some(())).count();
        assert_eq!(ended, 2 * MAX_CONNECTIONS, "the oldest of them");
        all[0].0.leave();
        strangers.last().expect("one").0.settle();
        assert!(!all[1..].iter_mut().any(|(_, ending)| has_ended(ending)), "there was a place");
    }

    #[test]
    fn few_files_are_fetched_at_a_time() {
        let crowd = Arc::new(Crowd::default());
        let (place, _ending) = known(&crowd);
        let mut fetching: Vec<_> = (0..MAX_FETCHES).map(|_| place.fetches().expect("few")).collect();
        assert!(matches!(place.fetches(), Err(Refusal::TooManyFetches { .. })));
        fetching.pop();
        assert!(place.fetches().is_ok());
    }
}
