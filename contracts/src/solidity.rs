//! The functions, events and errors of the verifier, the proving vault and its registries as types; their
//! meaning stands in `solidity/`.
//!
//! One invocation declares them all, because they share structs. The royalty vault shares none, and stands in
//! [`crate::interface`].

use alloy_sol_types::sol;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    contract BundleVerifier {
        struct G1 {
            uint256 x;
            uint256 y;
        }

        struct Terms {
            uint256 version;
            uint256 chainId;
            address vault;
            address registry;
            uint256 settlement;
            bytes32 subnet;
            uint64 epoch;
            uint64 firstRound;
            uint32 rounds;
            uint64 dataFirstRound;
            uint64 endsBy;
            uint64 provingSeconds;
            uint128 pool;
        }

        struct Scoring {
            uint8 geometry;
            bytes32 schemaHash;
            bytes32 referenceHash;
            uint32 features;
            uint64 bins;
            uint128 lnTotals;
            G1 ln;
            G1 boundaries;
            uint32 minRecords;
            uint8 weighting;
            uint64 cap;
        }

        struct Decay {
            uint64 lambda;
            uint64 rho;
        }

        struct Parameters {
            bytes32 srs;
            bytes32 keys;
            bytes32 lagrangeRoot;
            bytes32 openings;
        }

        struct Rules {
            Terms terms;
            Scoring scoring;
            Decay data;
            Decay compute;
            uint8 evidence;
            Parameters parameters;
        }

        struct Registration {
            bytes32 digest;
            uint32 records;
        }

        struct Run {
            uint8 width;
            uint32 proofs;
            uint64 padding;
        }

        constructor(bool takesInsecure);

        function registerKeys(bytes[] calldata codes) external returns (bytes32 keys);
        function registerOpenings(bytes calldata code) external returns (bytes32 openings);
        function verifyData(
            Rules calldata rules,
            address contributor,
            Registration[] calldata registrations,
            bytes calldata bundle
        ) external view returns (bytes32 rulesHash, uint64 score, uint32 records);
        function verifyCompute(
            Rules calldata rules,
            address contributor,
            G1 calldata units,
            G1 calldata totals,
            bytes calldata bundle
        ) external view returns (bytes32 rulesHash, uint64 score);
        function recordSegments(
            bytes32 keys,
            bytes32 openings,
            Run[] calldata runs,
            bytes calldata proofs
        ) external;
        function verifyRecorded(
            Rules calldata rules,
            address contributor,
            Registration[] calldata registrations,
            bytes calldata bundle
        ) external view returns (bytes32 rulesHash, uint64 score, uint32 records);
        function isRecorded(
            bytes32 key,
            bytes32 openings,
            bytes32 segment,
            uint256 padding,
            G1 calldata histogram
        ) external view returns (bool);
        function takesInsecure() external view returns (bool);
        function gatesOf(
            uint256 statement,
            uint256 geometry,
            uint256 width
        ) external view returns (address gates);

        event KeysRegistered(bytes32 indexed keys, uint8 geometry);
        event OpeningsRegistered(bytes32 indexed openings, bool isInsecure);

        error DigestRefused(uint256 dataset, bytes32 registered, bytes32 found);
        error GatesFailed(address gates);
        error HeaderRefused();
        error InsecureParameters();
        error KeyRefused(uint256 index);
        error LengthRefused(uint256 found, uint256 expected);
        error LinkRefused();
        error NoInverse();
        error NotAKey();
        error NotAPoint(uint256 offset);
        error NotAScalar(uint256 offset);
        error NotCanonical();
        error NotCreated(bytes32 name);
        error NotRecorded(bytes32 segment);
        error NothingCounted();
        error NothingRegistered();
        error OpeningsRefused();
        error PrecompileFailed(uint256 precompile);
        error ProofRefused();
        error PublicColumnRefused(uint256 column);
        error RecordsRefused(uint256 records);
        error ScoreRefused(uint256 score);
        error SegmentTwice(bytes32 segment);
        error Truncated(uint256 offset, uint256 needed, uint256 left);
        error UnknownConstraints(bytes32 constraintSystem);
        error UnknownKeys(bytes32 keys);
        error UnknownOpenings(bytes32 openings);
        error WidthRefused(uint256 width);
    }

    #[derive(Debug, PartialEq, Eq)]
    contract ProvingVault {
        struct Carried {
            uint256 compute;
            uint256 data;
        }

        struct Epoch {
            bytes32 rulesHash;
            uint128 pool;
            uint64 provingSeconds;
            bool isSettled;
            uint64 deadline;
            uint64 closedUntil;
            uint128 computeSum;
            uint256 dataSum;
            uint256 computeTenths;
            uint256 dataTenths;
        }

        struct NextRules {
            bytes32 rulesHash;
            uint64 epoch;
            uint64 lastRound;
            uint64 provingSeconds;
            uint128 pool;
        }

        struct Standing {
            uint248 dataWeight;
            bool isDataPaid;
            uint64 computeWeight;
            bool isComputePaid;
        }

        constructor(
            address token,
            address registry,
            address verifier,
            string memory name,
            address owner,
            address operator
        );

        function acceptOwnership() external;
        function begin(bytes32 rulesHash) external;
        function carried() external view returns (Carried memory);
        function claim(uint64 epoch, address contributor) external returns (uint128 amount);
        function claimFor(
            uint64 epoch,
            address contributor,
            address recipient,
            bytes calldata signature
        ) external returns (uint128 amount);
        function claimTo(uint64 epoch, address recipient) external returns (uint128 amount);
        function eip712Domain()
            external
            view
            returns (
                bytes1 fields,
                string memory name,
                string memory version,
                uint256 chainId,
                address verifyingContract,
                bytes32 salt,
                uint256[] memory extensions
            );
        function end() external;
        function epochs(uint64 epoch) external view returns (Epoch memory);
        function firstEpoch() external view returns (uint64);
        function fund(uint128 amount) external;
        function fundRunning(uint128 amount, bytes32 rulesHash) external;
        function hasBegun() external view returns (bool);
        function lastEpoch() external view returns (uint64);
        function lastRound() external view returns (uint64);
        function nextRules() external view returns (NextRules memory);
        function open(BundleVerifier.Rules calldata rules) external;
        function operator() external view returns (address);
        function owner() external view returns (address);
        function pendingOwner() external view returns (address);
        function registry() external view returns (address);
        function renounceOwnership() external;
        function setOperator(address operator) external;
        function settle(uint256 most) external returns (uint256 count);
        function shareOf(
            uint64 epoch,
            address contributor
        ) external view returns (uint128 compute, uint128 data);
        function standing(uint64 epoch, address contributor) external view returns (Standing memory);
        function submit(
            BundleVerifier.Rules calldata rules,
            bytes calldata bundle
        ) external returns (uint256 weight);
        function submitRecorded(
            BundleVerifier.Rules calldata rules,
            bytes calldata bundle
        ) external returns (uint256 weight);
        function subnet() external view returns (bytes32);
        function token() external view returns (address);
        function totalFunded() external view returns (uint128);
        function totalPaid() external view returns (uint128);
        function transferOwnership(address newOwner) external;
        function unassigned() external view returns (uint128);
        function unsettled() external view returns (uint64);
        function verifier() external view returns (address);

        event BundleTaken(
            uint64 indexed epoch,
            address indexed contributor,
            uint256 indexed role,
            uint64 score,
            uint32 records,
            uint64 latest,
            uint256 weight
        );
        event Claimed(
            uint64 indexed epoch,
            address indexed contributor,
            address indexed recipient,
            uint128 compute,
            uint128 data
        );
        event EIP712DomainChanged();
        event EpochSettled(
            uint64 indexed epoch,
            uint256 computeTenths,
            uint256 dataTenths,
            uint256 computeCarried,
            uint256 dataCarried
        );
        event Funded(address indexed funder, uint128 amount);
        event OperatorChanged(address indexed previous, address indexed current);
        event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event ProvingBegan(uint64 indexed epoch, uint128 pool, uint64 deadline, uint64 closedUntil);
        event RulesOpened(uint64 indexed epoch, bytes32 indexed rulesHash, BundleVerifier.Rules rules);
        event RulesStand(uint64 indexed epoch, bytes32 indexed rulesHash, uint128 pool);
        event SubnetNamed(string name);

        error DataOutOfOrder(bytes32 digest);
        error DataStruck(bytes32 digest);
        error DataUnknown(bytes32 digest);
        error DeadlineOver(uint64 epoch, uint64 deadline);
        error EvidenceMissing(bytes32 digest);
        error HeaderRefused();
        error InvalidShortString();
        error NoCode(address account);
        error NoEpoch();
        error NoRules();
        error NoUnits(address node);
        error NodeStruck(address node);
        error NotOpen(uint64 epoch, uint64 closedUntil);
        error NotOperator(address caller);
        error NotRegistry(address caller);
        error NotTheNextEpoch(uint64 epoch, uint64 firstRound);
        error NotTheRules(bytes32 found, bytes32 standing);
        error NothingToClaim(uint64 epoch, address contributor);
        error OutsideWindow(bytes32 digest, uint64 round);
        error OwnableInvalidOwner(address owner);
        error OwnableUnauthorizedAccount(address account);
        error RecipientRefused(address recipient);
        error ReentrancyGuardReentrantCall();
        error RegistryServes(address vault);
        error RoundsNotOver(uint64 epoch);
        error RuleRefused(string word);
        error SafeERC20FailedOperation(address token);
        error SignatureRefused(address contributor);
        error StringTooLong(string str);
        error SubnetRefused(string name);
        error TakesNoFunds(uint64 epoch);
        error TooMuchFunded(uint128 totalFunded, uint128 amount);
        error TooMuchWeight();
        error UnexpectedDelivery(uint128 asked, uint256 received);
        error Unfunded(uint128 pool, uint128 unassigned);
        error WeighsNoMore(uint256 weight, uint256 standing);
        error ZeroAddress();
        error ZeroAmount();
    }

    #[derive(Debug, PartialEq, Eq)]
    contract TaskRegistry {
        struct DataRegistration {
            address contributor;
            uint32 records;
            bytes32 digest;
            bytes32[] segments;
            bytes32 root;
            uint64 length;
            bytes32 uploadTx;
            bytes32[] path;
            uint64 lastRound;
        }

        struct Dataset {
            uint64 round;
            uint64 order;
            uint32 records;
            bool hasEvidence;
            bool isStruck;
            uint64 struckFrom;
        }

        struct Stage {
            uint64 epoch;
            uint64 firstRound;
            uint64 round;
            uint64 lastRound;
            uint64 endsBy;
            uint32 features;
            uint8 geometry;
            bool needsEvidence;
            bool isOpen;
            bytes32 schemaHash;
            bytes32 lagrangeRoot;
        }

        constructor(address vault, address owner, address coordinator);

        function acceptOwnership() external;
        function begin(BundleVerifier.Rules calldata rules) external;
        function coordinator() external view returns (address);
        function dataset(bytes32 digest) external view returns (Dataset memory);
        function eip712Domain()
            external
            view
            returns (
                bytes1 fields,
                string memory name,
                string memory version,
                uint256 chainId,
                address verifyingContract,
                bytes32 salt,
                uint256[] memory extensions
            );
        function endRounds(uint64 count) external;
        function finish() external;
        function owner() external view returns (address);
        function pendingOwner() external view returns (address);
        function register(DataRegistration calldata registration) external;
        function registerFor(DataRegistration calldata registration, bytes calldata signature) external;
        function registrationHash(DataRegistration calldata registration) external view returns (bytes32);
        function renounceOwnership() external;
        function setCoordinator(address coordinator) external;
        function stage() external view returns (Stage memory);
        function strikeData(bytes32 digest, string calldata reason) external;
        function strikeNode(address node, string calldata reason) external;
        function totalsOf(uint64 epoch) external view returns (BundleVerifier.G1 memory totals);
        function transferOwnership(address newOwner) external;
        function unitsOf(
            uint64 epoch,
            address node
        ) external view returns (BundleVerifier.G1 memory units, bool isStruck);
        function uploadOf(bytes32 root) external view returns (bytes32 digest);
        function vault() external view returns (address);

        event CoordinatorChanged(address indexed previous, address indexed current);
        event DataRegistered(
            uint64 indexed round,
            address indexed contributor,
            bytes32 indexed digest,
            DataRegistration registration,
            bytes signature
        );
        event DataStruck(bytes32 indexed digest, uint64 indexed fromEpoch, string reason);
        event EIP712DomainChanged();
        event EpochBegan(
            uint64 indexed epoch,
            bytes32 indexed rulesHash,
            uint64 firstRound,
            uint64 lastRound,
            uint64 endsBy
        );
        event EpochEnded(uint64 indexed epoch, uint64 lastRound);
        event NodeStruck(uint64 indexed epoch, address indexed node, string reason);
        event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event RoundBegan(uint64 indexed epoch, uint64 indexed round);
        event UnitsRecorded(uint64 indexed epoch, uint64 indexed round, address[] nodes, uint32[] units);

        error DataUnknown(bytes32 digest);
        error DigestKnown(bytes32 digest, uint64 round);
        error DigestRefused(bytes32 found, bytes32 expected);
        error EpochGoesOn(uint64 epoch);
        error EvidenceMissing();
        error EvidenceWithoutRoot();
        error InvalidShortString();
        error NoDataInLastRound(uint64 round);
        error NoEpoch();
        error NoRecords();
        error NoUnits(address node);
        error NodeOutOfOrder(address node, address last);
        error NotContributor(address caller, address contributor);
        error NotCoordinator(address caller);
        error NotThePoint(uint256 row, bytes32 root);
        error OwnableInvalidOwner(address owner);
        error OwnableUnauthorizedAccount(address account);
        error PathLengthRefused(uint256 nodes);
        error PrecompileFailed(uint256 precompile);
        error ReasonRefused(uint256 length, uint256 longest);
        error RegistrationVoid(uint64 lastRound, uint64 round);
        error RootKnown(bytes32 root, bytes32 digest);
        error RootRefused(bytes32 found, bytes32 root);
        error RoundsRefused(uint64 count, uint256 left);
        error SegmentsRefused(uint256 found, uint256 expected);
        error SignatureRefused(address contributor);
        error StringTooLong(string str);
        error StruckBefore();
        error TooEarly(uint64 endsBy);
        error TooLate(uint64 endsBy);
        error TooManySegments(uint256 found, uint256 most);
        error TooManyUnits(uint256 sum);
        error ZeroAddress();
    }

    #[derive(Debug, PartialEq, Eq)]
    contract FheTask {
        function recordNode(address node, BundleVerifier.G1 calldata point, bytes32[] calldata path) external;

        error RoundRecorded(uint64 round, address node);
    }

    #[derive(Debug, PartialEq, Eq)]
    contract FederatedTask {
        function recordUnits(
            address[] calldata nodes,
            uint32[] calldata units,
            BundleVerifier.G1 calldata point,
            bytes32[] calldata path
        ) external;

        error ListsDiffer(uint256 nodes, uint256 units);
    }
}
