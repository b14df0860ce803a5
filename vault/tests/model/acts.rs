//! What may happen to a ledger: all acts of its operator, of contributors and of nodes, honest and hostile.

/// One act. It says all of what is done, so that a history without some of its acts is a history too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Lets these rules stand, of [`crate::cast::RULES`].
    Open(usize),
    /// Opens the next epochs of the line, this many.
    OpenNext(usize),
    /// Lets rounds begin.
    Advance { to: Goal, without_units: bool },
    /// Registers data, all at once.
    Register(Vec<Item>),
    /// Brings the file of a registration that was tampered with.
    Forge { item: Item, how: Forgery },
    /// Records units.
    Units(Record),
    /// Brings a table of units that is none.
    UnitsFile(BadTable),
    /// Strikes a dataset.
    StrikeData { thing: Thing, reason: &'static str },
    /// Strikes a node, of [`crate::cast::NODES`].
    StrikeNode { node: usize, reason: &'static str },
    /// Submits bundles, all at once.
    Submit { epoch: Option<u64>, with: With, bundles: Vec<Submitted> },
    /// The honest contributor does what is to be done now.
    Honest,
    /// Closes an epoch; with `prove` what nodes left unproved is proved first.
    Close { epoch: Option<u64>, forfeit: bool, prove: bool },
    /// Settles an epoch.
    Settle(Option<u64>),
    /// Asks for the claims of an epoch.
    Claims(Option<u64>),
    /// Pays by a list what is due, to one contributor or to all.
    Pay { contributor: Option<usize>, with: Lists },
    /// Records a list that nobody should.
    FalseList(Falsehood),
    /// Records evidence of payment.
    Confirm { contributor: usize, evidence: &'static str },
    /// Keeps a copy of the ledger.
    Backup,
    /// Puts the copy in the ledger's place.
    Restore,
    /// Goes on with the other of two open handles.
    Switch,
    /// Opens the ledger anew.
    Reopen,
    /// Audits what there is.
    Audit,
    /// Time goes by, in seconds.
    Wait(u64),
    /// The clock is set back, by seconds.
    Back(u64),
}

/// How far rounds go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The next one.
    Next,
    /// This one.
    Round(u64),
    /// The epoch's end.
    End,
}

/// What is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// A dataset.
    Data(usize),
    /// The segments of a dataset, under the digest that they give the copier.
    Copy(usize),
    /// A segment that nobody has committed to, of an actor.
    Junk(usize, u8),
}

/// One registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub thing: Thing,
    /// After which round it is void.
    pub last_round: u64,
    /// Whether its upload is shown.
    pub evidence: bool,
    /// What is wrong with it, if anything.
    pub wrong: Option<Wrong>,
}

/// What may be wrong with a registration that is signed by its contributor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Chain,
    Registry,
    Vault,
    Geometry,
    Schema,
    Segments,
}

/// How a registration's file may be tampered with: no reader takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// Signed by somebody else.
    Signer,
    /// Another last round than was signed.
    LastRound,
    /// Another contributor.
    Contributor,
    /// Another number of records.
    Records,
    /// The upload of another digest.
    Upload,
}

/// What is recorded as units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A record of the rules that stand.
    Own(usize),
    /// One of rounds that are not the epoch's.
    Shifted,
    /// One of a round too few.
    Short,
    /// One of no node.
    Empty,
}

/// What may be wrong with a table of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTable {
    /// A round is missing.
    Missing,
    /// A row stands there twice.
    Doubled,
    /// A node stands there in two spellings.
    Spellings,
    /// A column is no address.
    Column,
    /// A round has 2^32 units.
    Overflow,
}

/// What verifier a submission is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// That of the rules that stand and of the units on record.
    Own,
    /// That of the rules that stand, without units.
    NoUnits,
    /// That of the rules that stand, with other units.
    OtherUnits,
    /// That of other rules.
    OtherRules(usize),
}

/// A bundle on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Its place in the pool.
    pub bundle: usize,
    /// What was altered.
    pub altered: Option<Altered>,
}

/// What is altered of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Altered {
    /// One bit, by its place modulo the bundle's bits.
    Bit(usize),
    /// It ends after this many bytes, modulo its length.
    Cut(usize),
    /// A byte more.
    Longer,
    /// It names another contributor.
    As(usize),
}

/// What an operator who pays has at hand of earlier lists, and does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// All of them; the operator says that there are no others.
    All,
    /// All of them; the operator says nothing.
    Silent,
    /// All but one that is on record.
    AllButOne(usize),
    /// All of them; and the list is written, but not recorded: the machine stops before.
    Crash,
}

/// A list that nobody should record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Falsehood {
    /// One that was recorded, under another heading.
    Again(usize),
    /// A unit more than is due.
    More,
    /// A sum that does not go on from what was sent.
    Jump,
    /// To somebody who has earned nothing.
    Stranger,
    /// Nothing, to nobody.
    Empty,
    /// Of an epoch that is not settled.
    Later,
    /// Another vault's.
    OtherVault,
    /// A part of what is due, which is a list like others.
    Part,
}
