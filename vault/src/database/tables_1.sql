-- A ledger is its entries: each row elsewhere belongs to one, and no row is ever changed or taken away. Where an epoch
-- stands follows from which entries there are.
--
-- Amounts, scores, rounds and epoch numbers are decimal text: they exceed 63 bits, and nothing here compares or adds
-- them. Digests and addresses are text as everywhere else (0x…). Order is by id. Times are UTC, in ISO 8601.

CREATE TABLE fairshare_versions (version {integer} PRIMARY KEY) {strict};

CREATE TABLE ledger (
    id {integer} PRIMARY KEY CHECK (id = 1),
    chain_id TEXT NOT NULL,
    vault TEXT NOT NULL,
    registry TEXT NOT NULL,
    subnet TEXT NOT NULL,
    settlement TEXT NOT NULL CHECK (settlement IN ('claims', 'payments')),
    time TEXT NOT NULL
) {strict};

CREATE TABLE entries (
    id {integer} PRIMARY KEY CHECK (id > 0),
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- The epoch that it names, if it names one.
    epoch TEXT,
    -- What it says, as JSON; whoever looks for it by kind and epoch finds what it says.
    content TEXT NOT NULL,
    -- The head of the chain after it.
    head TEXT NOT NULL UNIQUE,
    CHECK (length(content) <= 16384 AND length(time) = 20 AND length(head) = 66),
    CHECK (kind = {content.kind}),
    CHECK ((epoch IS NULL) = ({content.epoch} IS NULL) AND coalesce(epoch = {content.epoch}, TRUE))
) {strict};

CREATE INDEX entries_by_kind ON entries (kind, id);
-- What happens to an epoch once.
CREATE UNIQUE INDEX entries_once ON entries (epoch, kind) WHERE kind IN ('units', 'ended', 'closed', 'settled');

CREATE TABLE files (
    entry {integer} NOT NULL REFERENCES entries,
    name TEXT NOT NULL,
    content {bytes} NOT NULL,
    PRIMARY KEY (entry, name)
) {strict};

-- What rules say of an epoch's place in time; the last ones of an epoch stand.
CREATE TABLE spans (
    entry {integer} PRIMARY KEY REFERENCES entries,
    epoch TEXT NOT NULL,
    rules_hash TEXT NOT NULL,
    first_round TEXT NOT NULL,
    last_round TEXT NOT NULL,
    ends_by TEXT NOT NULL,
    proving_seconds TEXT NOT NULL,
    pool TEXT NOT NULL,
    -- How people read amounts, if the policy says so.
    token_symbol TEXT,
    token_decimals {integer},
    CHECK ((token_symbol IS NULL) = (token_decimals IS NULL))
) {strict};

CREATE TABLE datasets (
    entry {integer} PRIMARY KEY REFERENCES entries,
    digest TEXT NOT NULL UNIQUE,
    root TEXT UNIQUE,
    contributor TEXT NOT NULL,
    round TEXT NOT NULL,
    geometry TEXT NOT NULL,
    schema_hash TEXT NOT NULL,
    records {integer} NOT NULL
) {strict};

CREATE INDEX datasets_by_contributor ON datasets (contributor, entry);

CREATE TABLE strikes (
    entry {integer} PRIMARY KEY REFERENCES entries,
    digest TEXT UNIQUE REFERENCES datasets (digest),
    epoch TEXT,
    node TEXT,
    UNIQUE (epoch, node),
    CHECK ((digest IS NULL) = (node IS NOT NULL) AND (node IS NULL) = (epoch IS NULL))
) {strict};

CREATE TABLE nodes (
    entry {integer} NOT NULL REFERENCES entries,
    epoch TEXT NOT NULL,
    node TEXT NOT NULL,
    PRIMARY KEY (epoch, node)
) {strict};

-- The last one of an epoch, role and contributor counts.
CREATE TABLE bundles (
    entry {integer} PRIMARY KEY REFERENCES entries,
    epoch TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('data', 'compute')),
    contributor TEXT NOT NULL,
    score TEXT NOT NULL,
    -- Of data: its records, and the latest round of what it covers.
    records {integer},
    latest TEXT,
    file TEXT NOT NULL,
    CHECK ((role = 'data') = (records IS NOT NULL AND latest IS NOT NULL))
) {strict};

CREATE INDEX bundles_by_contributor ON bundles (epoch, role, contributor, entry);

CREATE TABLE earnings (
    entry {integer} NOT NULL REFERENCES entries,
    contributor TEXT NOT NULL,
    compute TEXT NOT NULL,
    data TEXT NOT NULL,
    -- All that the contributor has earned up to and including this epoch.
    cumulative TEXT NOT NULL,
    PRIMARY KEY (contributor, entry)
) {strict};

CREATE INDEX earnings_by_entry ON earnings (entry);

CREATE TABLE transfers (
    entry {integer} NOT NULL REFERENCES entries,
    contributor TEXT NOT NULL,
    amount TEXT NOT NULL,
    -- All that the contributor is told to be paid up to and including this list.
    cumulative TEXT NOT NULL,
    PRIMARY KEY (contributor, entry),
    UNIQUE (contributor, cumulative)
) {strict};

CREATE TABLE confirmations (
    entry {integer} PRIMARY KEY REFERENCES entries,
    contributor TEXT NOT NULL,
    cumulative TEXT NOT NULL,
    evidence TEXT NOT NULL,
    UNIQUE (contributor, cumulative),
    FOREIGN KEY (contributor, cumulative) REFERENCES transfers (contributor, cumulative)
) {strict};
