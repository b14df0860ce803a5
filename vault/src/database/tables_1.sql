-- Amounts, scores, rounds and epoch numbers are decimal text: they exceed 63 bits, and nothing here compares or adds
-- them. Digests and addresses are text as everywhere else (0x…). Order is by id.

CREATE TABLE fairshare_versions (version {integer} PRIMARY KEY) {strict};

CREATE TABLE ledger (
    id {integer} PRIMARY KEY CHECK (id = 1),
    chain_id TEXT NOT NULL,
    vault TEXT NOT NULL,
    subnet TEXT NOT NULL
) {strict};

CREATE TABLE epochs (
    id {integer} PRIMARY KEY CHECK (id > 0),
    number TEXT NOT NULL UNIQUE,
    rules_hash TEXT NOT NULL,
    -- The hash of the text and files below.
    source TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'settled', 'paid out')),
    -- Tenths of base units brought from the epoch before, and left to the next once settled.
    compute_brought TEXT NOT NULL,
    data_brought TEXT NOT NULL,
    compute_left TEXT,
    data_left TEXT,
    root TEXT,
    CHECK ((state IN ('settled', 'paid out')) = (compute_left IS NOT NULL AND data_left IS NOT NULL))
) {strict};

-- At most one epoch is being worked on.
CREATE UNIQUE INDEX one_epoch_at_work ON epochs ((1)) WHERE state IN ('open', 'closed');

CREATE TABLE policy_files (
    epoch {integer} NOT NULL REFERENCES epochs,
    -- Empty for the policy itself, else the name of a file that it names.
    name TEXT NOT NULL,
    content {bytes} NOT NULL,
    PRIMARY KEY (epoch, name)
) {strict};

CREATE TABLE registrations (
    id {id},
    epoch {integer} NOT NULL REFERENCES epochs,
    contributor TEXT NOT NULL,
    digest TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (epoch, contributor, digest)
) {strict};

-- A dataset is one contributor's.
CREATE UNIQUE INDEX one_owner ON registrations (epoch, digest);
CREATE INDEX registrations_by_digest ON registrations (digest);

CREATE TABLE units (
    epoch {integer} NOT NULL REFERENCES epochs,
    node TEXT NOT NULL,
    -- Little-endian, 4 bytes a round.
    content {bytes} NOT NULL,
    PRIMARY KEY (epoch, node)
) {strict};

CREATE TABLE bundles (
    id {id},
    epoch {integer} NOT NULL REFERENCES epochs,
    role TEXT NOT NULL CHECK (role IN ('data', 'compute')),
    contributor TEXT NOT NULL,
    score TEXT NOT NULL,
    content {bytes} NOT NULL,
    UNIQUE (epoch, contributor, role)
) {strict};

CREATE TABLE payouts (
    epoch {integer} NOT NULL REFERENCES epochs,
    contributor TEXT NOT NULL,
    compute TEXT NOT NULL,
    data TEXT NOT NULL,
    -- All that the contributor has earned up to and including this epoch.
    cumulative TEXT NOT NULL,
    PRIMARY KEY (epoch, contributor)
) {strict};

CREATE INDEX payouts_by_contributor ON payouts (contributor, epoch);

CREATE TABLE claims (
    id {id},
    contributor TEXT NOT NULL,
    epoch {integer} NOT NULL,
    amount TEXT NOT NULL,
    cumulative TEXT NOT NULL,
    -- The transfer that paid it, where the operator names one.
    evidence TEXT,
    UNIQUE (contributor, cumulative),
    FOREIGN KEY (epoch, contributor) REFERENCES payouts
) {strict};
