// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Curve} from "../verifier/Curve.sol";
import {Rules} from "../verifier/Rules.sol";

/// @notice A dataset on record.
struct Dataset {
    /// The round that went on when it was registered.
    uint64 round;
    /// Its place among all datasets, from 1; 0 of one that is not on record.
    uint64 order;
    uint32 records;
    /// Whether it came with evidence of an upload.
    bool hasEvidence;
    bool isStruck;
    /// If it is struck: the first epoch in which it counts no more.
    uint64 struckFrom;
}

/// @notice What a contributor asks to be registered. Geometry and schema are those of the rules that stand.
struct DataRegistration {
    /// Who is paid. The sender, or who has signed.
    address contributor;
    /// Records, from 1.
    uint32 records;
    /// The data digest. The registry computes it from the rest.
    bytes32 digest;
    /// The segments' hashes, in order.
    bytes32[] segments;
    /// The root of the upload in the storage layer; 0 without evidence, and then all of the next three are empty.
    bytes32 root;
    /// The upload's bytes: the contributor's word.
    uint64 length;
    /// The upload's transaction: the contributor's word.
    bytes32 uploadTx;
    /// The siblings of the upload's first chunk, from the lowest to the highest.
    bytes32[] path;
    /// After this round the registration is void.
    uint64 lastRound;
}

/// @notice What goes on in a registry.
struct Stage {
    /// The epoch whose rounds go on, or went on last.
    uint64 epoch;
    /// Its first round.
    uint64 firstRound;
    /// The round that goes on.
    uint64 round;
    /// Its last round.
    uint64 lastRound;
    /// From this time on anybody may end its rounds.
    uint64 endsBy;
    /// Features of a record.
    uint32 features;
    uint8 geometry;
    bool needsEvidence;
    /// Whether its rounds go on. Nothing is registered otherwise.
    bool isOpen;
    bytes32 schemaHash;
    bytes32 lagrangeRoot;
}

/// @title Who says what was contributed: a task contract on the chain (PROTOCOL section 9)
/// @notice It serves one vault, and that vault believes no other. The vault asks for its `vault`, for datasets, units and totals,
/// and it owes the vault: to call {IEpochs-begin} and {IEpochs-end} in turns; to change no unit of an epoch after its end; to
/// give each dataset an order above that of all before it, and the round that goes on; to change nothing of a dataset but that it
/// is struck, from an epoch on that has not ended.
interface ITaskRegistry {
    /// @notice An epoch's first round began.
    event EpochBegan(uint64 indexed epoch, bytes32 indexed rulesHash, uint64 firstRound, uint64 lastRound, uint64 endsBy);
    /// @notice Rounds ended, and this one began.
    event RoundBegan(uint64 indexed epoch, uint64 indexed round);
    /// @notice An epoch's last round ended; those that no {RoundBegan} named were empty.
    event EpochEnded(uint64 indexed epoch, uint64 lastRound);
    /// @notice A dataset was registered, in this round. The signature is empty if the contributor sent it.
    event DataRegistered(
        uint64 indexed round,
        address indexed contributor,
        bytes32 indexed digest,
        DataRegistration registration,
        bytes signature
    );
    /// @notice Units were recorded, in this round: `units[i]` of `nodes[i]`.
    event UnitsRecorded(uint64 indexed epoch, uint64 indexed round, address[] nodes, uint32[] units);
    /// @notice A dataset was struck: it counts no more from this epoch on.
    event DataStruck(bytes32 indexed digest, uint64 indexed fromEpoch, string reason);
    /// @notice A node was struck: it is not paid for this epoch.
    event NodeStruck(uint64 indexed epoch, address indexed node, string reason);

    /// @notice Begins the first round of the epoch whose rules stand in the vault. The coordinator's.
    function begin(Rules calldata rules) external;

    /// @notice Ends so many rounds; past the last one the epoch ends. Those that are passed over are empty. The
    /// coordinator's.
    function endRounds(uint64 count) external;

    /// @notice Ends all rounds that are left. Anybody's, once the time is there by which the epoch had to end.
    function finish() external;

    /// @notice Registers the sender's data.
    function register(DataRegistration calldata registration) external;

    /// @notice Registers data for a contributor who signed it (EIP-712; a contract account: EIP-1271). Anybody may send it.
    function registerFor(DataRegistration calldata registration, bytes calldata signature) external;

    /// @notice Takes a dataset out of the epochs whose last round has not ended. Its digest and root stay used. The
    /// coordinator's.
    function strikeData(bytes32 digest, string calldata reason) external;

    /// @notice Takes a node out of the epoch that goes on. Its units stay in the totals. The coordinator's.
    function strikeNode(address node, string calldata reason) external;

    /// @notice The vault that pays for what is registered here.
    function vault() external view returns (address);

    /// @notice What goes on.
    function stage() external view returns (Stage memory);

    /// @notice A dataset; of one that is not on record all is 0.
    function dataset(bytes32 digest) external view returns (Dataset memory);

    /// @notice The digest that an upload's root is for; 0 of one that is not on record.
    function uploadOf(bytes32 root) external view returns (bytes32 digest);

    /// @notice The commitment to a node's units of an epoch, the sum of u_x·G_x; the identity, (0, 0), of a node without
    /// any. Whether the node is struck.
    function unitsOf(uint64 epoch, address node) external view returns (Curve.G1 memory units, bool isStruck);

    /// @notice The commitment to the sums of all nodes' units of an epoch. It is fixed when the epoch's rounds are over.
    function totalsOf(uint64 epoch) external view returns (Curve.G1 memory totals);
}

/// @title What a registry tells its vault
interface IEpochs {
    /// @notice The first round of the epoch begins whose rules have this hash: from now on they stand.
    function begin(bytes32 rulesHash) external;

    /// @notice The last round of the epoch that began last has ended.
    function end() external;
}
