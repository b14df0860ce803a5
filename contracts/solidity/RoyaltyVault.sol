// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Delivery} from "./Delivery.sol";

/// @title Royalty vault
/// @notice Holds one ERC-20 token and pays it to contributors, epoch by epoch, under Merkle roots of cumulative claims.
///
/// The life of an epoch: anyone funds it; the operator posts its root and says where the archive is from which anyone
/// can recompute it; for the length of the challenge window the guardian can veto it; then the root is active for ever
/// and contributors claim. A pause stops claims, posting and the challenge window.
///
/// A claim is cumulative: its amount is all that a contributor has earned up to and including the epoch, and what is
/// paid is the difference to all that was paid before. A claim missed adds to the next one; a claim repeated, under the
/// same root or an older one, is worth nothing.
///
/// What no role can do: take funds out other than by a claim that a root proves, change or revoke an active root, pay
/// under a root more than it declares, or pay under the roots of epochs up to any epoch more than was funded for
/// epochs up to that one. There is no sweep, no upgrade, no arbitrary call. What nobody claims stays claimable for ever;
/// tokens sent here without {fund}, and ones funded for epochs that are never posted, stay here for ever.
///
/// @dev The token must be a plain ERC-20: it delivers exactly what a transfer names (a fee on transfer is refused when
/// funding, because the balance shows it) and never changes balances by itself (rebasing would break the accounting and
/// cannot be seen here). A token that can freeze accounts can freeze this one.
///
/// Activation is lazy: whichever call first touches the vault after the window records the root as active.
contract RoyaltyVault is Ownable2Step, Pausable, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice A root inside its challenge window, or past it and not yet recorded as active.
    /// @param epoch The epoch it settles.
    /// @param activeAt First timestamp at which it can no longer be vetoed or replaced; a pause moves it.
    /// @param total Sum of the cumulative amounts of all its claims.
    /// @param root Merkle root of the claims.
    /// @param rulesHash Hash of the rules under which the epoch was settled.
    struct PendingRoot {
        uint64 epoch;
        uint64 activeAt;
        uint128 total;
        bytes32 root;
        bytes32 rulesHash;
    }

    /// @notice A root that pays. All fields but `paid` are final.
    /// @param root Merkle root of the claims.
    /// @param rulesHash Hash of the rules under which the epoch was settled.
    /// @param total Sum of the cumulative amounts of all its claims: the most that is ever paid under it.
    /// @param index Its place in the order of active epochs.
    /// @param funded All that was funded for epochs up to and including this one.
    /// @param paid What was paid under this root.
    struct ActiveRoot {
        bytes32 root;
        bytes32 rulesHash;
        uint128 total;
        uint64 index;
        uint128 funded;
        uint128 paid;
    }

    /// @notice One claim of a batch.
    /// @param contributor Who is paid.
    /// @param cumulative All that the contributor has earned up to and including the epoch.
    /// @param proof The siblings from the claim's leaf up to the root.
    struct Claim {
        address contributor;
        uint128 cumulative;
        bytes32[] proof;
    }

    /// @notice Shortest challenge window that a vault may have.
    uint64 public constant MIN_CHALLENGE_WINDOW = 1 hours;

    /// @notice Longest challenge window that a vault may have.
    uint64 public constant MAX_CHALLENGE_WINDOW = 30 days;

    /// @notice How long a new guardian is announced before it can take over. No shorter than any challenge window, so
    /// that an owner who appoints an obliging guardian cannot save a root that is already pending. It runs on during a
    /// pause, in which the guardian in office can veto.
    uint64 public constant GUARDIAN_DELAY = 30 days;

    /// @notice How many epochs, from the lowest open one, can be funded and posted. It bounds the loop over skipped
    /// epochs, and keeps a mistyped epoch from locking funds for ever.
    uint64 public constant EPOCHS_AHEAD = 64;

    /// @notice Longest place of an archive, in bytes.
    uint256 public constant MAX_ARCHIVE_PLACE = 256;

    /// @notice Largest first epoch: far enough from the type's end that no vault ever reaches it.
    uint64 public constant MAX_FIRST_EPOCH = type(uint64).max / 2;

    /// @notice The token that is paid.
    IERC20 public immutable token;

    /// @notice Seconds between the posting of a root and its activation, pauses not counted.
    uint64 public immutable challengeWindow;

    /// @notice Who posts roots.
    address public operator;

    /// @notice Who may veto a pending root.
    address public guardian;

    /// @notice The guardian that the owner has proposed, if any.
    address public proposedGuardian;

    /// @notice First timestamp at which the proposed guardian may take over.
    uint64 public guardianAcceptableAt;

    /// @notice When the pause began; zero while there is none.
    uint64 public pausedAt;

    /// @notice The lowest epoch without an active root recorded: it and later ones can be funded and posted.
    uint64 public openEpoch;

    /// @notice All that was ever funded.
    uint128 public totalFunded;

    /// @notice All that was ever paid.
    uint128 public totalClaimed;

    /// @notice What was funded for epochs below the open one.
    uint128 public closedFunding;

    /// @notice What was funded for an epoch by itself.
    mapping(uint64 epoch => uint128) public fundedFor;

    /// @notice All that was ever paid to a contributor.
    mapping(address contributor => uint128) public claimed;

    PendingRoot private _pending;
    mapping(uint64 epoch => ActiveRoot) private _active;
    /// @dev Ascending. The sum of `paid` over all of them is `totalClaimed`.
    uint64[] private _activeEpochs;

    /// @notice An epoch received funds.
    event Funded(uint64 indexed epoch, address indexed funder, uint128 amount);
    /// @notice A root began its challenge window. Whoever fetches the archive can recompute the root from it;
    /// `archiveHash` is Keccak-256 of the file's bytes.
    event RootPosted(
        uint64 indexed epoch,
        bytes32 indexed root,
        bytes32 indexed rulesHash,
        uint128 total,
        uint64 activeAt,
        bytes32 archiveHash,
        string archivePlace
    );
    /// @notice The operator withdrew a pending root for another one, whose `RootPosted` follows.
    event RootReplaced(uint64 indexed epoch, bytes32 indexed root);
    /// @notice The guardian struck out a pending root.
    event RootVetoed(uint64 indexed epoch, bytes32 indexed root, address indexed guardian);
    /// @notice A root became active; `funded` is all that was funded for epochs up to this one.
    event RootActivated(uint64 indexed epoch, bytes32 indexed root, uint128 total, uint128 funded);
    /// @notice A pause ended, and with it the pending root's window goes on until `activeAt`.
    event WindowResumed(uint64 indexed epoch, bytes32 indexed root, uint64 activeAt);
    /// @notice A claim of a batch was not paid; `reason` is the error that says why, encoded as in a revert.
    event ClaimPassedOver(uint64 indexed epoch, address indexed contributor, uint128 cumulative, bytes reason);
    /// @notice A contributor was paid.
    event Claimed(uint64 indexed epoch, address indexed contributor, uint128 amount, uint128 cumulative);
    /// @notice The operator changed; at deployment from the zero address.
    event OperatorChanged(address indexed previous, address indexed current);
    /// @notice The owner announced a new guardian.
    event GuardianProposed(address indexed current, address indexed proposed, uint64 acceptableAt);
    /// @notice The guardian changed; at deployment from the zero address.
    event GuardianChanged(address indexed previous, address indexed current);

    /// @notice A role or the token would be the zero address.
    error ZeroAddress();
    /// @notice No contract has the token's address.
    error TokenHasNoCode(address token);
    /// @notice The challenge window is outside the bounds.
    error InvalidChallengeWindow(uint64 given, uint64 shortest, uint64 longest);
    /// @notice The first epoch is too close to the end of its type.
    error InvalidFirstEpoch(uint64 given, uint64 largest);
    /// @notice One account would be operator and guardian, and so its own check.
    error RolesMustDiffer(address account);
    /// @notice Only the operator may do this.
    error NotOperator(address caller);
    /// @notice Only the guardian may do this.
    error NotGuardian(address caller);
    /// @notice Only the proposed guardian may do this.
    error NotProposedGuardian(address caller);
    /// @notice The proposed guardian must wait.
    error GuardianDelayRunning(uint64 acceptableAt);
    /// @notice Ownership of a paused vault cannot be renounced: nobody could ever unpause it.
    error CannotRenounceWhilePaused();
    /// @notice The epoch, or a later one, has an active root, which is final.
    error EpochClosed(uint64 epoch, uint64 openEpoch);
    /// @notice The epoch is too far ahead of the open one.
    error EpochTooFarAhead(uint64 epoch, uint64 openEpoch);
    /// @notice A root must not be zero.
    error ZeroRoot();
    /// @notice A rules hash must not be zero.
    error ZeroRulesHash();
    /// @notice An archive's hash must not be zero.
    error ZeroArchiveHash();
    /// @notice An archive's place must not be empty, nor longer than this.
    error InvalidArchivePlace(uint256 length, uint256 longest);
    /// @notice A root that pays nothing.
    error ZeroTotal();
    /// @notice The root of another epoch is pending: it must become active or be vetoed first.
    error AnotherRootPending(uint64 pendingEpoch);
    /// @notice Cumulative claims cannot add up to less than under the root before.
    error TotalDecreased(uint128 total, uint128 previousTotal);
    /// @notice The claims add up to more than was funded for epochs up to this one.
    error Underfunded(uint64 epoch, uint128 total, uint128 funded);
    /// @notice The epoch has no such pending root.
    error RootNotPending(uint64 epoch, bytes32 root);
    /// @notice The challenge window is over: the root can be vetoed or replaced no more.
    error ChallengeWindowOver(uint64 epoch, uint64 activeAt);
    /// @notice The epoch has no active root.
    error RootNotActive(uint64 epoch);
    /// @notice The zero address and the vault itself are no contributors.
    error InvalidContributor(address contributor);
    /// @notice The proof does not lead from this claim to the epoch's root.
    error InvalidProof(uint64 epoch, address contributor, uint128 cumulative);
    /// @notice The contributor already has this much, or more.
    error NothingToClaim(address contributor, uint128 cumulative, uint128 alreadyClaimed);
    /// @notice The root would pay more than it declares: it is a bad root.
    error ExceedsDeclaredTotal(uint64 epoch, uint128 total, uint128 paid, uint128 amount);
    /// @notice The roots of epochs up to this one would pay more than was funded for them: one is a bad root.
    error ExceedsFunding(uint64 epoch, uint128 funded, uint256 paid, uint128 amount);

    modifier onlyOperator() {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        _;
    }

    modifier onlyGuardian() {
        if (msg.sender != guardian) revert NotGuardian(msg.sender);
        _;
    }

    /// @notice Deploys a vault for one token.
    /// @param token_ The token, for ever.
    /// @param owner_ Appoints operator and guardian, pauses; cannot touch funds.
    /// @param operator_ Posts roots.
    /// @param guardian_ Vetoes pending roots.
    /// @param challengeWindow_ Seconds between a root's posting and its activation, for ever.
    /// @param firstEpoch The lowest epoch that can be funded and posted.
    constructor(
        IERC20 token_,
        address owner_,
        address operator_,
        address guardian_,
        uint64 challengeWindow_,
        uint64 firstEpoch
    ) Ownable(owner_) {
        if (address(token_).code.length == 0) revert TokenHasNoCode(address(token_));
        if (challengeWindow_ < MIN_CHALLENGE_WINDOW || challengeWindow_ > MAX_CHALLENGE_WINDOW) {
            revert InvalidChallengeWindow(challengeWindow_, MIN_CHALLENGE_WINDOW, MAX_CHALLENGE_WINDOW);
        }
        if (firstEpoch > MAX_FIRST_EPOCH) revert InvalidFirstEpoch(firstEpoch, MAX_FIRST_EPOCH);
        token = token_;
        challengeWindow = challengeWindow_;
        openEpoch = firstEpoch;
        _setGuardian(guardian_);
        _setOperator(operator_);
    }

    /// @notice Funds an epoch with the caller's tokens, which the caller has approved. Nobody can take them back: they
    /// leave by claims only. What an epoch does not use is there for later ones. A pause does not stop funding.
    /// @param epoch The epoch: the open one or one of those after it, up to {EPOCHS_AHEAD}.
    /// @param amount How much; exactly this much must arrive.
    function fund(uint64 epoch, uint128 amount) external nonReentrant {
        _activateIfDue();
        _requireOpen(epoch);
        Delivery.take(token, amount, totalFunded);
        // All other sums of funding are parts of this one, so no other addition can overflow where this one does not.
        totalFunded += amount;
        fundedFor[epoch] += amount;
        emit Funded(epoch, msg.sender, amount);
    }

    /// @notice Posts an epoch's root, or replaces it while it is pending; either way a whole challenge window begins.
    /// @dev Not `nonReentrant`: it calls nothing outside. One root is pending at a time; epochs ascend and may skip. The
    /// archive is in the event alone: only those who watch need it, and they compare it by its hash.
    /// @param epoch The epoch: the open one or one of those after it, up to {EPOCHS_AHEAD}.
    /// @param root Merkle root of the claims.
    /// @param rulesHash Hash of the rules under which the epoch was settled.
    /// @param total Sum of the cumulative amounts of all claims; no less than the active root's, no more than funded.
    /// @param archiveHash Keccak-256 of the bytes of the archive from which anyone can recompute the root.
    /// @param archivePlace Where the archive can be fetched, at most {MAX_ARCHIVE_PLACE} bytes.
    function post(
        uint64 epoch,
        bytes32 root,
        bytes32 rulesHash,
        uint128 total,
        bytes32 archiveHash,
        string calldata archivePlace
    ) external onlyOperator whenNotPaused {
        _activateIfDue();
        _requireOpen(epoch);
        if (root == 0) revert ZeroRoot();
        if (rulesHash == 0) revert ZeroRulesHash();
        if (total == 0) revert ZeroTotal();
        if (archiveHash == 0) revert ZeroArchiveHash();
        uint256 length = bytes(archivePlace).length;
        if (length == 0 || length > MAX_ARCHIVE_PLACE) revert InvalidArchivePlace(length, MAX_ARCHIVE_PLACE);
        uint256 count = _activeEpochs.length;
        uint128 previousTotal = count == 0 ? 0 : _active[_activeEpochs[count - 1]].total;
        if (total < previousTotal) revert TotalDecreased(total, previousTotal);
        uint128 funded = fundedThrough(epoch);
        if (total > funded) revert Underfunded(epoch, total, funded);

        bytes32 replaced = _pending.root;
        if (replaced != 0) {
            if (_pending.epoch != epoch) revert AnotherRootPending(_pending.epoch);
            emit RootReplaced(epoch, replaced);
        }
        uint64 activeAt = uint64(block.timestamp) + challengeWindow;
        _pending = PendingRoot({epoch: epoch, activeAt: activeAt, total: total, root: root, rulesHash: rulesHash});
        emit RootPosted(epoch, root, rulesHash, total, activeAt, archiveHash, archivePlace);
    }

    /// @notice Strikes out a pending root, also during the whole of a pause. The operator may then post another.
    /// @param epoch Its epoch.
    /// @param root The root meant: a veto that crosses with a replacement does not hit the replacement.
    function veto(uint64 epoch, bytes32 root) external onlyGuardian {
        PendingRoot memory pending = pendingRoot();
        if (root == 0 || pending.epoch != epoch || pending.root != root) revert RootNotPending(epoch, root);
        if (block.timestamp >= pending.activeAt) revert ChallengeWindowOver(epoch, pending.activeAt);
        delete _pending;
        emit RootVetoed(epoch, root, msg.sender);
    }

    /// @notice Records the pending root as active if its window is over. Funding, posting, claims and a pause do so by
    /// themselves. While the vault is paused no window ends.
    /// @return Whether a root became active in this call.
    function activate() external returns (bool) {
        return _activateIfDue();
    }

    /// @notice Pays a contributor what a claim is worth beyond all that was paid before. Anyone may submit it; the money
    /// goes to the contributor. Roots of older epochs stay claimable, so an active root is never revoked by leaving
    /// someone out of a later one. It reverts if nothing is left to pay, so that success always means payment.
    /// @dev Gas grows by one storage slot for every epoch posted after `epoch`: claim under the latest root if you can.
    /// @param epoch An epoch with an active root.
    /// @param contributor Who is paid.
    /// @param cumulative All that the contributor has earned up to and including the epoch.
    /// @param proof The siblings from the claim's leaf up to the root.
    /// @return amount What was paid.
    function claim(uint64 epoch, address contributor, uint128 cumulative, bytes32[] calldata proof)
        external
        nonReentrant
        whenNotPaused
        returns (uint128 amount)
    {
        _activateIfDue();
        ActiveRoot storage active = _requireActive(epoch);
        _requireProved(epoch, active, contributor, cumulative, proof);
        bytes memory fault;
        (amount, fault) = _owed(epoch, active, contributor, cumulative);
        if (fault.length > 0) LowLevelCall.bubbleRevert(fault);
        _book(active, contributor, cumulative, amount);
        emit Claimed(epoch, contributor, amount, cumulative);
        token.safeTransfer(contributor, amount);
    }

    /// @notice Pays many contributors, each as {claim} does. What others can bring about stops no batch: a claim is
    /// passed over with {ClaimPassedOver} if nothing is left to be paid (someone was quicker, or it is in the batch
    /// twice), if it is not covered, or if its transfer fails (the token has frozen the account). Nothing of it is booked
    /// then. What only the sender can get wrong reverts and names the claim: a false proof, or a claim for nobody.
    /// @dev If a transfer fails, the accounting of its claim is undone. Nothing else can have changed it meanwhile:
    /// whatever writes to it is `nonReentrant`.
    /// @param epoch An epoch with an active root.
    /// @param claims The claims, in any order.
    /// @return paid What was paid in all.
    function claimMany(uint64 epoch, Claim[] calldata claims)
        external
        nonReentrant
        whenNotPaused
        returns (uint128 paid)
    {
        _activateIfDue();
        ActiveRoot storage active = _requireActive(epoch);
        for (uint256 i = 0; i < claims.length; ++i) {
            (address contributor, uint128 cumulative) = (claims[i].contributor, claims[i].cumulative);
            _requireProved(epoch, active, contributor, cumulative, claims[i].proof);
            (uint128 amount, bytes memory fault) = _owed(epoch, active, contributor, cumulative);
            if (fault.length == 0) fault = _tryPay(active, contributor, cumulative, amount);
            if (fault.length > 0) {
                emit ClaimPassedOver(epoch, contributor, cumulative, fault);
            } else {
                paid += amount;
                emit Claimed(epoch, contributor, amount, cumulative);
            }
        }
    }

    /// @notice Stops claims, posting and the challenge window. Funding and vetoes go on. A root whose window is over by
    /// now is recorded as active first: a pause takes nothing back.
    function pause() external onlyOwner {
        _activateIfDue();
        _pause();
        pausedAt = uint64(block.timestamp);
    }

    /// @notice Lets claims and posting go on, and the challenge window with what was left of it when the pause began.
    function unpause() external onlyOwner {
        PendingRoot memory pending = pendingRoot();
        _unpause();
        delete pausedAt;
        if (pending.root == 0) return;
        _pending.activeAt = pending.activeAt;
        emit WindowResumed(pending.epoch, pending.root, pending.activeAt);
    }

    /// @notice Appoints another operator. A root that the old one left pending stays so: the new one can replace it.
    /// @param operator_ The new operator.
    function setOperator(address operator_) external onlyOwner {
        _setOperator(operator_);
    }

    /// @notice Announces a new guardian, who may take over after {GUARDIAN_DELAY}; until then the old one stays.
    /// @param guardian_ The new guardian.
    function proposeGuardian(address guardian_) external onlyOwner {
        if (guardian_ == address(0)) revert ZeroAddress();
        uint64 acceptableAt = uint64(block.timestamp) + GUARDIAN_DELAY;
        proposedGuardian = guardian_;
        guardianAcceptableAt = acceptableAt;
        emit GuardianProposed(guardian, guardian_, acceptableAt);
    }

    /// @notice Takes over as guardian.
    function acceptGuardian() external {
        if (msg.sender != proposedGuardian) revert NotProposedGuardian(msg.sender);
        if (block.timestamp < guardianAcceptableAt) revert GuardianDelayRunning(guardianAcceptableAt);
        delete proposedGuardian;
        delete guardianAcceptableAt;
        _setGuardian(msg.sender);
    }

    /// @notice Gives up ownership for good, unless the vault is paused.
    function renounceOwnership() public override onlyOwner {
        if (paused()) revert CannotRenounceWhilePaused();
        super.renounceOwnership();
    }

    /// @notice The leaf of a claim in an OpenZeppelin StandardMerkleTree: hashed twice, so that no inner node can pass
    /// for a leaf; bound to chain and vault, so that it is worth nothing on a fork or in another vault; and bound to the
    /// rules, so that it is worth nothing under a root that was posted for other ones.
    /// @param epoch The epoch.
    /// @param rulesHash Hash of the rules under which the epoch was settled.
    /// @param contributor Who is paid.
    /// @param cumulative All that the contributor has earned up to and including the epoch.
    /// @return The hash.
    function leaf(uint64 epoch, bytes32 rulesHash, address contributor, uint128 cumulative)
        public
        view
        returns (bytes32)
    {
        bytes memory fields =
            abi.encode(block.chainid, address(this), uint256(epoch), rulesHash, contributor, uint256(cumulative));
        return keccak256(bytes.concat(keccak256(fields)));
    }

    /// @notice All that was funded for epochs up to and including one that is still open.
    /// @param epoch The open epoch or one of those after it, up to {EPOCHS_AHEAD}.
    /// @return funded The sum: the most that the root of that epoch can declare.
    function fundedThrough(uint64 epoch) public view returns (uint128 funded) {
        _requireOpen(epoch);
        funded = closedFunding;
        for (uint64 each = openEpoch; each <= epoch; ++each) {
            funded += fundedFor[each];
        }
    }

    /// @notice The root whose window runs, or is over without having been recorded; all zero if there is none. While the
    /// vault is paused, `activeAt` is what it would be if the pause ended now, so it is never in the past.
    /// @return pending The pending root.
    function pendingRoot() public view returns (PendingRoot memory pending) {
        // Claims ask, and most often there is none: so one slot is read first, and not all of them.
        if (_pending.root == 0) return pending;
        pending = _pending;
        if (paused()) pending.activeAt += uint64(block.timestamp) - pausedAt;
    }

    /// @notice The recorded active root of an epoch; all zero if there is none.
    /// @param epoch The epoch.
    /// @return The active root.
    function activeRoot(uint64 epoch) external view returns (ActiveRoot memory) {
        return _active[epoch];
    }

    /// @notice The epochs that have an active root recorded, in order.
    /// @return The epochs.
    function activeEpochs() external view returns (uint64[] memory) {
        return _activeEpochs;
    }

    /// @dev Moves the pending root to the active ones once its window is over, and closes its epoch and those before it
    /// to funding. This is the only line of the contract that makes a root active, and nothing unmakes it.
    function _activateIfDue() private returns (bool) {
        PendingRoot memory due = pendingRoot();
        if (due.root == 0 || block.timestamp < due.activeAt) return false;
        uint128 funded = fundedThrough(due.epoch);
        _active[due.epoch] = ActiveRoot({
            root: due.root,
            rulesHash: due.rulesHash,
            total: due.total,
            index: uint64(_activeEpochs.length),
            funded: funded,
            paid: 0
        });
        _activeEpochs.push(due.epoch);
        closedFunding = funded;
        openEpoch = due.epoch + 1;
        delete _pending;
        emit RootActivated(due.epoch, due.root, due.total, funded);
        return true;
    }

    function _requireActive(uint64 epoch) private view returns (ActiveRoot storage active) {
        active = _active[epoch];
        if (active.root == 0) revert RootNotActive(epoch);
    }

    function _requireProved(
        uint64 epoch,
        ActiveRoot storage active,
        address contributor,
        uint128 cumulative,
        bytes32[] calldata proof
    ) private view {
        if (contributor == address(0) || contributor == address(this)) revert InvalidContributor(contributor);
        if (!MerkleProof.verifyCalldata(proof, active.root, leaf(epoch, active.rulesHash, contributor, cumulative))) {
            revert InvalidProof(epoch, contributor, cumulative);
        }
    }

    /// @dev What a proved claim is worth by now, or the error that says why it cannot be paid, which depends on what was
    /// paid before.
    function _owed(uint64 epoch, ActiveRoot storage active, address contributor, uint128 cumulative)
        private
        view
        returns (uint128 amount, bytes memory fault)
    {
        uint128 already = claimed[contributor];
        if (cumulative <= already) {
            return (0, abi.encodeWithSelector(NothingToClaim.selector, contributor, cumulative, already));
        }
        amount = cumulative - already;
        fault = _uncovered(epoch, active, amount);
    }

    /// @dev What a root pays stays within what it declares, and for this epoch and each later one, what all roots up to
    /// it pay stays within what was funded up to it. Roots whose totals are true never meet these bounds; with a false
    /// one, they keep the loss to what was funded when it was posted.
    function _uncovered(uint64 epoch, ActiveRoot storage active, uint128 amount) private view returns (bytes memory) {
        if (uint256(active.paid) + amount > active.total) {
            return abi.encodeWithSelector(
                ExceedsDeclaredTotal.selector, epoch, active.total, active.paid, amount
            );
        }
        uint256 paidThrough = totalClaimed;
        for (uint256 i = _activeEpochs.length; i > active.index; --i) {
            uint64 each = _activeEpochs[i - 1];
            ActiveRoot storage later = _active[each];
            if (paidThrough + amount > later.funded) {
                return abi.encodeWithSelector(ExceedsFunding.selector, each, later.funded, paidThrough, amount);
            }
            paidThrough -= later.paid;
        }
        return "";
    }

    function _book(ActiveRoot storage active, address contributor, uint128 cumulative, uint128 amount) private {
        active.paid += amount;
        totalClaimed += amount;
        claimed[contributor] = cumulative;
    }

    /// @dev Books and pays; if the transfer fails, the books are as before, and the error says so.
    function _tryPay(ActiveRoot storage active, address contributor, uint128 cumulative, uint128 amount)
        private
        returns (bytes memory)
    {
        _book(active, contributor, cumulative, amount);
        if (token.trySafeTransfer(contributor, amount)) return "";
        active.paid -= amount;
        totalClaimed -= amount;
        claimed[contributor] = cumulative - amount;
        return abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(token));
    }

    function _requireOpen(uint64 epoch) private view {
        if (epoch < openEpoch) revert EpochClosed(epoch, openEpoch);
        if (epoch - openEpoch >= EPOCHS_AHEAD) revert EpochTooFarAhead(epoch, openEpoch);
    }

    function _setOperator(address operator_) private {
        if (operator_ == address(0)) revert ZeroAddress();
        if (operator_ == guardian) revert RolesMustDiffer(operator_);
        emit OperatorChanged(operator, operator_);
        operator = operator_;
    }

    function _setGuardian(address guardian_) private {
        if (guardian_ == address(0)) revert ZeroAddress();
        if (guardian_ == operator) revert RolesMustDiffer(guardian_);
        emit GuardianChanged(guardian, guardian_);
        guardian = guardian_;
    }
}
