-- A ledger that follows a contract on a chain. `pools` and `claims` belong to entries, as the tables before.

-- Whose ledger it is, in the place of `ledger`.
CREATE TABLE followed (
    id {integer} PRIMARY KEY CHECK (id = 1),
    chain_id TEXT NOT NULL,
    vault TEXT NOT NULL,
    registry TEXT NOT NULL,
    subnet TEXT NOT NULL
) {strict};

-- The last block that was looked at: the one row that is ever changed. It moves in the transaction that appends the
-- entries of the blocks up to it.
CREATE TABLE cursors (
    id {integer} PRIMARY KEY CHECK (id = 1),
    number TEXT NOT NULL,
    hash TEXT NOT NULL,
    time TEXT NOT NULL
) {strict};

-- Units as a contract records them, round by round. The entry of an epoch's units is made of them when its rounds end.
CREATE TABLE recorded (
    epoch TEXT NOT NULL,
    round TEXT NOT NULL,
    node TEXT NOT NULL,
    units {integer} NOT NULL,
    PRIMARY KEY (epoch, round, node)
) {strict};

-- What was funded, of an epoch whose rules name no pool.
CREATE TABLE pools (
    entry {integer} PRIMARY KEY REFERENCES entries,
    epoch TEXT NOT NULL UNIQUE,
    pool TEXT NOT NULL
) {strict};

-- What a contract has paid.
CREATE TABLE claims (
    entry {integer} PRIMARY KEY REFERENCES entries,
    contributor TEXT NOT NULL,
    cumulative TEXT NOT NULL,
    evidence TEXT NOT NULL,
    UNIQUE (contributor, cumulative)
) {strict};
