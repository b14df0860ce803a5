//! The royalty vault's functions, events and errors as types; their meaning stands in `RoyaltyVault.sol`.
//!
//! A test compares every signature with the artifact's, so neither can move without the other.

use alloy_sol_types::sol;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    contract RoyaltyVault {
        struct PendingRoot {
            uint64 epoch;
            uint64 activeAt;
            uint128 total;
            bytes32 root;
            bytes32 rulesHash;
        }

        struct ActiveRoot {
            bytes32 root;
            bytes32 rulesHash;
            uint128 total;
            uint64 index;
            uint128 funded;
            uint128 paid;
        }

        struct Claim {
            address contributor;
            uint128 cumulative;
            bytes32[] proof;
        }

        constructor(
            address token,
            address owner,
            address operator,
            address guardian,
            uint64 challengeWindow,
            uint64 firstEpoch
        );

        function fund(uint64 epoch, uint128 amount) external;
        function post(
            uint64 epoch, bytes32 root, bytes32 rulesHash, uint128 total,
            bytes32 archiveHash, string calldata archivePlace
        ) external;
        function veto(uint64 epoch, bytes32 root) external;
        function activate() external returns (bool activated);
        function claim(uint64 epoch, address contributor, uint128 cumulative, bytes32[] calldata proof)
            external
            returns (uint128 amount);
        function claimMany(uint64 epoch, Claim[] calldata claims) external returns (uint128 paid);

        function pause() external;
        function unpause() external;
        function setOperator(address operator) external;
        function proposeGuardian(address guardian) external;
        function acceptGuardian() external;
        function transferOwnership(address newOwner) external;
        function acceptOwnership() external;
        function renounceOwnership() external;

        function MIN_CHALLENGE_WINDOW() external view returns (uint64);
        function MAX_CHALLENGE_WINDOW() external view returns (uint64);
        function GUARDIAN_DELAY() external view returns (uint64);
        function EPOCHS_AHEAD() external view returns (uint64);
        function MAX_ARCHIVE_PLACE() external view returns (uint256);
        function MAX_FIRST_EPOCH() external view returns (uint64);
        function token() external view returns (address);
        function challengeWindow() external view returns (uint64);
        function owner() external view returns (address);
        function pendingOwner() external view returns (address);
        function operator() external view returns (address);
        function guardian() external view returns (address);
        function proposedGuardian() external view returns (address);
        function guardianAcceptableAt() external view returns (uint64);
        function paused() external view returns (bool);
        function pausedAt() external view returns (uint64);
        function openEpoch() external view returns (uint64);
        function totalFunded() external view returns (uint128);
        function totalClaimed() external view returns (uint128);
        function closedFunding() external view returns (uint128);
        function fundedFor(uint64 epoch) external view returns (uint128);
        function fundedThrough(uint64 epoch) external view returns (uint128 funded);
        function claimed(address contributor) external view returns (uint128);
        function leaf(uint64 epoch, bytes32 rulesHash, address contributor, uint128 cumulative)
            external
            view
            returns (bytes32);
        function pendingRoot() external view returns (PendingRoot memory pending);
        function activeRoot(uint64 epoch) external view returns (ActiveRoot memory);
        function activeEpochs() external view returns (uint64[] memory);

        event Funded(uint64 indexed epoch, address indexed funder, uint128 amount);
        event RootPosted(
            uint64 indexed epoch, bytes32 indexed root, bytes32 indexed rulesHash,
            uint128 total, uint64 activeAt, bytes32 archiveHash, string archivePlace
        );
        event RootReplaced(uint64 indexed epoch, bytes32 indexed root);
        event RootVetoed(uint64 indexed epoch, bytes32 indexed root, address indexed guardian);
        event RootActivated(uint64 indexed epoch, bytes32 indexed root, uint128 total, uint128 funded);
        event WindowResumed(uint64 indexed epoch, bytes32 indexed root, uint64 activeAt);
        event ClaimPassedOver(
            uint64 indexed epoch, address indexed contributor, uint128 cumulative, bytes reason
        );
        event Claimed(uint64 indexed epoch, address indexed contributor, uint128 amount, uint128 cumulative);
        event OperatorChanged(address indexed previous, address indexed current);
        event GuardianProposed(address indexed current, address indexed proposed, uint64 acceptableAt);
        event GuardianChanged(address indexed previous, address indexed current);
        event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner);
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event Paused(address account);
        event Unpaused(address account);

        error ZeroAddress();
        error TokenHasNoCode(address token);
        error InvalidChallengeWindow(uint64 given, uint64 shortest, uint64 longest);
        error InvalidFirstEpoch(uint64 given, uint64 largest);
        error RolesMustDiffer(address account);
        error NotOperator(address caller);
        error NotGuardian(address caller);
        error NotProposedGuardian(address caller);
        error GuardianDelayRunning(uint64 acceptableAt);
        error CannotRenounceWhilePaused();
        error ZeroAmount();
        error UnexpectedDelivery(uint128 asked, uint256 received);
        error EpochClosed(uint64 epoch, uint64 openEpoch);
        error EpochTooFarAhead(uint64 epoch, uint64 openEpoch);
        error ZeroRoot();
        error ZeroRulesHash();
        error ZeroArchiveHash();
        error InvalidArchivePlace(uint256 length, uint256 longest);
        error ZeroTotal();
        error AnotherRootPending(uint64 pendingEpoch);
        error TooMuchFunded(uint128 totalFunded, uint128 amount);
        error TotalDecreased(uint128 total, uint128 previousTotal);
        error Underfunded(uint64 epoch, uint128 total, uint128 funded);
        error RootNotPending(uint64 epoch, bytes32 root);
        error ChallengeWindowOver(uint64 epoch, uint64 activeAt);
        error RootNotActive(uint64 epoch);
        error InvalidContributor(address contributor);
        error InvalidProof(uint64 epoch, address contributor, uint128 cumulative);
        error NothingToClaim(address contributor, uint128 cumulative, uint128 alreadyClaimed);
        error ExceedsDeclaredTotal(uint64 epoch, uint128 total, uint128 paid, uint128 amount);
        error ExceedsFunding(uint64 epoch, uint128 funded, uint256 paid, uint128 amount);
        error EnforcedPause();
        error ExpectedPause();
        error OwnableInvalidOwner(address owner);
        error OwnableUnauthorizedAccount(address account);
        error ReentrancyGuardReentrantCall();
        error SafeERC20FailedOperation(address token);
    }
}
