// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Delivery} from "./Delivery.sol";
import {IBundleVerifier, Registration} from "./IBundleVerifier.sol";
import {Signed} from "./Signed.sol";
import {RuleDomains} from "./settlement/RuleDomains.sol";
import {Shares} from "./settlement/Shares.sol";
import {Dataset, IEpochs, ITaskRegistry} from "./tasks/ITaskRegistry.sol";
import {Curve} from "./verifier/Curve.sol";
import {COMPUTE, DATA, Rules, RulesHash, Terms} from "./verifier/Rules.sol";

/// @title A vault that computes what it pays
/// @notice Holds one ERC-20 token and pays it, epoch by epoch, to those whose bundles it verified: 7 parts for computing power
/// and 3 for data, each part divided by weight (PROTOCOL section 10).
///
/// The life of an epoch: the operator opens its rules; its registry begins their first round, from when on they stand for
/// ever; the registry records data and units, round by round; from the end of the last round until the deadline anybody
/// sends bundles, and one that weighs more replaces another one's; then anybody has each contributor paid, once.
///
/// Its registry's word is believed in data, units and rounds, the verifier's in bundles, and that of the rules in what they
/// say: both contracts are named for ever, and rules by their hash. What no role can do: change a score, a weight, a share,
/// or the rules of an epoch that began; delay a deadline once the rounds are over, or keep a claim from being paid; send
/// money anywhere but to its contributor or where that one says. There is no pause, no sweep, no upgrade, no arbitrary call.
///
/// @dev The token must be a plain ERC-20, as for {RoyaltyVault}: a fee on transfer is refused when funding, rebasing cannot be
/// seen, an account that it freezes can have its claim paid elsewhere.
contract ProvingVault is IEpochs, Ownable2Step, ReentrancyGuardTransient, EIP712 {
    using SafeERC20 for IERC20;

    /// @notice Rules for the epoch that begins next, which may still be replaced.
    struct NextRules {
        bytes32 rulesHash;
        uint64 epoch;
        uint64 lastRound;
        uint64 provingSeconds;
        uint128 pool;
    }

    /// @notice An epoch that began.
    struct Epoch {
        /// The hash of its rules.
        bytes32 rulesHash;
        /// What it pays, in base units, without what was carried to it. Rules that name no pool have it from the last
        /// round's end on.
        uint128 pool;
        /// For how long proofs are taken.
        uint64 provingSeconds;
        /// Whether `computeTenths` and `dataTenths` are known.
        bool isSettled;
        /// The last time at which bundles are taken; 0 before the last round has ended.
        uint64 deadline;
        /// The last time at which no claim is paid yet: the latest deadline of all epochs up to this one.
        uint64 closedUntil;
        /// The sum of all compute weights.
        uint128 computeSum;
        /// The sum of all data weights.
        uint256 dataSum;
        /// Tenths of base units that are divided for computing power; 0 if nobody has any weight, and they were carried.
        uint256 computeTenths;
        /// The same for data.
        uint256 dataTenths;
    }

    /// @notice Where a contributor stands in an epoch. Each part has a flag beside its weight, so that no claim writes to a slot
    /// that was zero.
    struct Standing {
        /// What the contributor's data weighs.
        uint248 dataWeight;
        bool isDataPaid;
        /// The compute score, which is its weight.
        uint64 computeWeight;
        bool isComputePaid;
    }

    /// @notice Tenths of base units that pools without weight carried to the next epoch.
    struct Carried {
        uint256 compute;
        uint256 data;
    }

    bytes32 private constant CLAIM = keccak256("Claim(uint64 epoch,address contributor,address recipient)");
    /// @dev Bytes of a bundle's role and contributor, and of those and the number of datasets.
    uint256 private constant COMPUTE_HEAD = 64;
    uint256 private constant DATA_HEAD = 96;
    /// @dev Most characters of a subnet's name.
    uint256 private constant MAX_SUBNET = 64;

    /// @notice The token that is paid.
    IERC20 public immutable token;
    /// @notice Whose word is believed in data, units and rounds.
    ITaskRegistry public immutable registry;
    /// @notice Whose word is believed in bundles.
    IBundleVerifier public immutable verifier;
    /// @notice The hash of the subnet's name, as rules have it.
    bytes32 public immutable subnet;

    /// @notice Who opens rules.
    address public operator;
    /// @notice The epoch that began last.
    uint64 public lastEpoch;
    /// @notice The first epoch; 0, with {hasBegun} false, before that.
    uint64 public firstEpoch;
    /// @notice Whether any epoch began.
    bool public hasBegun;
    /// @notice The lowest epoch whose pools are not settled.
    uint64 public unsettled;
    /// @notice The last round of the epoch that began last.
    uint64 public lastRound;
    /// @notice All that was ever funded.
    uint128 public totalFunded;
    /// @notice All that was ever paid.
    uint128 public totalPaid;
    /// @notice What was funded, and belongs to no epoch yet.
    uint128 public unassigned;

    /// @dev What the settled epochs carried.
    Carried private _carried;
    NextRules private _next;
    mapping(uint64 epoch => Epoch) private _epochs;
    mapping(uint64 epoch => mapping(address contributor => Standing)) private _standing;

    /// @notice At deployment: the name of the subnet.
    event SubnetNamed(string name);
    /// @notice The operator changed; at deployment from the zero address.
    event OperatorChanged(address indexed previous, address indexed current);
    /// @notice Rules were opened for the epoch that begins next. They replace those that were opened for it before.
    event RulesOpened(uint64 indexed epoch, bytes32 indexed rulesHash, Rules rules);
    /// @notice The vault received funds.
    event Funded(address indexed funder, uint128 amount);
    /// @notice An epoch's first round begins, and its rules stand.
    event RulesStand(uint64 indexed epoch, bytes32 indexed rulesHash, uint128 pool);
    /// @notice An epoch's rounds are over. Bundles are taken up to the deadline, claims are paid after `closedUntil`.
    event ProvingBegan(uint64 indexed epoch, uint128 pool, uint64 deadline, uint64 closedUntil);
    /// @notice A bundle was verified, and counts.
    /// @param role 1 data, 2 computing power.
    /// @param score Data: in 1/256 nat. Computing power: with 48 fractional bits.
    /// @param records Records that it covers; 0 for computing power.
    /// @param latest The latest round of its datasets; 0 for computing power.
    event BundleTaken(
        uint64 indexed epoch,
        address indexed contributor,
        uint256 indexed role,
        uint64 score,
        uint32 records,
        uint64 latest,
        uint256 weight
    );
    /// @notice An epoch's pools are known, in tenths of base units. Those without weight were carried whole.
    event EpochSettled(
        uint64 indexed epoch, uint256 computeTenths, uint256 dataTenths, uint256 computeCarried, uint256 dataCarried
    );
    /// @notice A contributor was paid for an epoch.
    event Claimed(
        uint64 indexed epoch, address indexed contributor, address indexed recipient, uint128 compute, uint128 data
    );

    /// @notice A role or a contract would be the zero address.
    error ZeroAddress();
    /// @notice No contract has this address.
    error NoCode(address account);
    /// @notice A subnet's name has 1 to 64 printable ASCII characters, no space at either end.
    error SubnetRefused(string name);
    /// @notice Only the operator may do this.
    error NotOperator(address caller);
    /// @notice Only the registry may do this.
    error NotRegistry(address caller);
    /// @notice The registry serves another vault.
    error RegistryServes(address vault);
    /// @notice Epochs follow each other: only this one can be opened, and it begins with this round.
    error NotTheNextEpoch(uint64 epoch, uint64 firstRound);
    /// @notice These are not the rules that stand.
    error NotTheRules(bytes32 found, bytes32 standing);
    /// @notice The epoch's pool is not there yet.
    error Unfunded(uint128 pool, uint128 unassigned);
    /// @notice No rules were opened yet, so nobody can say what would be paid.
    error NoRules();
    /// @notice No epoch's rounds go on.
    error NoEpoch();
    /// @notice The epoch's rounds are over, or its rules name their pool.
    error TakesNoFunds(uint64 epoch);
    /// @notice The epoch's rounds are not over.
    error RoundsNotOver(uint64 epoch);
    /// @notice The deadline is over.
    error DeadlineOver(uint64 epoch, uint64 deadline);
    /// @notice The bundle does not begin with a role, a contributor and what it is about.
    error HeaderRefused();
    /// @notice The digest is not on record.
    error DataUnknown(bytes32 digest);
    /// @notice A bundle names each dataset once, in order of registration.
    error DataOutOfOrder(bytes32 digest);
    /// @notice The dataset's round is outside the epoch's data window.
    error OutsideWindow(bytes32 digest, uint64 round);
    /// @notice The rules take no data without evidence of its upload.
    error EvidenceMissing(bytes32 digest);
    /// @notice The dataset is struck.
    error DataStruck(bytes32 digest);
    /// @notice The node has no units on record in this epoch.
    error NoUnits(address node);
    /// @notice The node is struck in this epoch.
    error NodeStruck(address node);
    /// @notice A bundle of at least this weight counts already, or this one weighs nothing.
    error WeighsNoMore(uint256 weight, uint256 standing);
    /// @notice All weights together are too large to be divided by.
    error TooMuchWeight();
    /// @notice The epoch is not settled: claims are paid, and shares known, after `closedUntil`, once {settle} or a claim came.
    error NotOpen(uint64 epoch, uint64 closedUntil);
    /// @notice Nothing is left to be paid to the contributor for this epoch.
    error NothingToClaim(uint64 epoch, address contributor);
    /// @notice Money goes neither to the zero address nor to the vault itself.
    error RecipientRefused(address recipient);

    modifier onlyRegistry() {
        if (msg.sender != address(registry)) revert NotRegistry(msg.sender);
        _;
    }

    /// @notice Deploys a vault for one token, one registry and one subnet.
    /// @param token_ The token, for ever.
    /// @param registry_ The registry, for ever. It may be deployed afterwards, and has to name this vault.
    /// @param verifier_ The verifier, for ever.
    /// @param name The subnet's name.
    /// @param owner_ Appoints the operator, and can do nothing else.
    /// @param operator_ Opens rules.
    constructor(
        IERC20 token_,
        ITaskRegistry registry_,
        IBundleVerifier verifier_,
        string memory name,
        address owner_,
        address operator_
    ) Ownable(owner_) EIP712("Fairshare", "2") {
        if (address(token_).code.length == 0) revert NoCode(address(token_));
        if (address(verifier_).code.length == 0) revert NoCode(address(verifier_));
        if (address(registry_) == address(0)) revert ZeroAddress();
        _requireSubnet(name);
        (token, registry, verifier, subnet) = (token_, registry_, verifier_, keccak256(bytes(name)));
        emit SubnetNamed(name);
        _setOperator(operator_);
    }

    /// @notice Opens the rules of the epoch that begins next, or replaces them. Once their first round has begun, they stand.
    /// @dev A contract cannot compute the derived words: whoever contributes or funds compares the hash with one of their own.
    function open(Rules calldata rules) external {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        address serves = registry.vault();
        if (serves != address(this)) revert RegistryServes(serves);
        RuleDomains.check(rules, address(registry), subnet);
        if (!hasBegun) {
            RuleDomains.checkFirst(rules.terms);
        } else {
            // If lastRound is 2^64 − 1, there is no next round.
            bool isNext = rules.terms.epoch == uint256(lastEpoch) + 1 && rules.terms.firstRound == uint256(lastRound) + 1;
            if (!isNext) revert NotTheNextEpoch(rules.terms.epoch, rules.terms.firstRound);
        }
        bytes32 rulesHash = RulesHash.hash(rules);
        _next = NextRules({
            rulesHash: rulesHash,
            epoch: rules.terms.epoch,
            lastRound: RulesHash.lastRound(rules.terms),
            provingSeconds: rules.terms.provingSeconds,
            pool: rules.terms.pool
        });
        emit RulesOpened(rules.terms.epoch, rulesHash, rules);
    }

    /// @notice Funds the vault with the sender's tokens, which the sender has approved. Nobody can take them back. They
    /// belong to the epoch that begins next and names a pool, up to that pool, or to the next one that names none.
    /// @param amount How much; exactly this much must arrive.
    function fund(uint128 amount) external nonReentrant {
        if (!hasBegun && _next.rulesHash == 0) revert NoRules();
        _fund(amount);
    }

    /// @notice Funds the epoch that goes on, and no other: so whoever has read its rules knows by which the money is paid.
    /// @param rulesHash The hash of its rules, which name no pool: what is there when its last round ends is its pool.
    function fundRunning(uint128 amount, bytes32 rulesHash) external nonReentrant {
        Epoch storage epoch = _epochs[lastEpoch];
        _requireRules(rulesHash, epoch);
        if (epoch.deadline != 0 || epoch.pool != 0) revert TakesNoFunds(lastEpoch);
        _fund(amount);
    }

    function _fund(uint128 amount) private {
        Delivery.take(token, amount, totalFunded);
        totalFunded += amount;
        unassigned += amount;
        emit Funded(msg.sender, amount);
    }

    /// @inheritdoc IEpochs
    function begin(bytes32 rulesHash) external onlyRegistry {
        // An epoch that never ended would keep all later ones from being paid.
        if (hasBegun && _epochs[lastEpoch].deadline == 0) revert RoundsNotOver(lastEpoch);
        NextRules memory next = _next;
        if (next.rulesHash == 0 || rulesHash != next.rulesHash) revert NotTheRules(rulesHash, next.rulesHash);
        if (next.pool > unassigned) revert Unfunded(next.pool, unassigned);
        unassigned -= next.pool;
        if (!hasBegun) (hasBegun, firstEpoch, unsettled) = (true, next.epoch, next.epoch);
        (lastEpoch, lastRound) = (next.epoch, next.lastRound);
        Epoch storage epoch = _epochs[next.epoch];
        (epoch.rulesHash, epoch.pool, epoch.provingSeconds) = (next.rulesHash, next.pool, next.provingSeconds);
        delete _next;
        emit RulesStand(next.epoch, next.rulesHash, next.pool);
    }

    /// @inheritdoc IEpochs
    function end() external onlyRegistry {
        uint64 number = lastEpoch;
        Epoch storage epoch = _epochs[number];
        // A deadline is fixed once.
        if (!hasBegun || epoch.deadline != 0) revert NoEpoch();
        if (epoch.pool == 0) (epoch.pool, unassigned) = (unassigned, 0);
        uint64 deadline = uint64(block.timestamp) + epoch.provingSeconds;
        uint64 closedUntil = deadline;
        if (number != firstEpoch && _epochs[number - 1].closedUntil > deadline) {
            closedUntil = _epochs[number - 1].closedUntil;
        }
        (epoch.deadline, epoch.closedUntil) = (deadline, closedUntil);
        emit ProvingBegan(number, epoch.pool, deadline, closedUntil);
    }

    /// @notice Takes a bundle, if it weighs more than the one of its contributor and role that counts. Anybody may send it.
    /// @param rules The epoch's rules.
    /// @param bundle The bundle, as the prover makes it.
    /// @return weight What it weighs.
    function submit(Rules calldata rules, bytes calldata bundle) external returns (uint256 weight) {
        return _submit(rules, bundle, false);
    }

    /// @notice The same of a data bundle whose histogram proofs the verifier recorded before, with three words in the place
    /// of each ({IBundleVerifier-verifyRecorded}).
    function submitRecorded(Rules calldata rules, bytes calldata bundle) external returns (uint256 weight) {
        return _submit(rules, bundle, true);
    }

    /// @notice Settles epochs whose claims are open, in their order. A claim does this by itself; if very many epochs were
    /// passed over, this does it in steps.
    /// @param most How many, at most.
    /// @return count How many it settled.
    function settle(uint256 most) external returns (uint256 count) {
        while (count < most && _settleNext()) count++;
    }

    /// @notice Pays a contributor what an epoch owes, once. Anybody may send it: the money goes to the contributor.
    /// @return amount What was paid.
    function claim(uint64 epoch, address contributor) external nonReentrant returns (uint128 amount) {
        return _claim(epoch, contributor, contributor);
    }

    /// @notice Pays the sender what an epoch owes, to another account.
    function claimTo(uint64 epoch, address recipient) external nonReentrant returns (uint128 amount) {
        return _claim(epoch, msg.sender, recipient);
    }

    /// @notice Pays a contributor what an epoch owes, to the account that the contributor signed (EIP-712
    /// `Claim(uint64 epoch,address contributor,address recipient)`; a contract account: EIP-1271). Anybody may send it.
    function claimFor(uint64 epoch, address contributor, address recipient, bytes calldata signature)
        external
        nonReentrant
        returns (uint128 amount)
    {
        bytes32 hash = _hashTypedDataV4(keccak256(abi.encode(CLAIM, epoch, contributor, recipient)));
        Signed.requireBy(contributor, hash, signature);
        return _claim(epoch, contributor, recipient);
    }

    /// @notice Appoints another operator. Rules that the old one opened stay open: the new one can replace them.
    function setOperator(address operator_) external onlyOwner {
        _setOperator(operator_);
    }

    /// @notice The rules that were opened and whose first round has not begun; all zero if there are none.
    function nextRules() external view returns (NextRules memory) {
        return _next;
    }

    /// @notice An epoch that began; all zero of another one.
    function epochs(uint64 epoch) external view returns (Epoch memory) {
        return _epochs[epoch];
    }

    /// @notice Where a contributor stands in an epoch.
    function standing(uint64 epoch, address contributor) external view returns (Standing memory) {
        return _standing[epoch][contributor];
    }

    /// @notice Tenths of base units that the settled epochs carried to the one after them.
    function carried() external view returns (Carried memory) {
        return _carried;
    }

    /// @notice What a settled epoch owes a contributor, paid or not.
    function shareOf(uint64 epoch, address contributor) public view returns (uint128 compute, uint128 data) {
        Epoch storage each = _epochs[epoch];
        if (!each.isSettled) revert NotOpen(epoch, each.closedUntil);
        Standing storage own = _standing[epoch][contributor];
        if (own.computeWeight > 0) compute = Shares.share(each.computeTenths, own.computeWeight, each.computeSum);
        if (own.dataWeight > 0) data = Shares.share(each.dataTenths, own.dataWeight, each.dataSum);
    }

    function _submit(Rules calldata rules, bytes calldata bundle, bool isRecorded) private returns (uint256) {
        uint64 number = rules.terms.epoch;
        Epoch storage epoch = _epochs[number];
        bytes32 rulesHash = RulesHash.hash(rules);
        if (rulesHash != epoch.rulesHash) revert NotTheRules(rulesHash, epoch.rulesHash);
        if (epoch.deadline == 0) revert RoundsNotOver(number);
        if (block.timestamp > epoch.deadline) revert DeadlineOver(number, epoch.deadline);
        if (bundle.length < COMPUTE_HEAD || uint256(_word(bundle, 32)) > type(uint160).max) revert HeaderRefused();
        address contributor = address(uint160(uint256(_word(bundle, 32))));
        uint256 role = uint256(_word(bundle, 0));
        if (role == DATA) {
            return _takeData(rules, contributor, bundle, isRecorded);
        } else if (role == COMPUTE && !isRecorded) {
            return _takeCompute(rules, contributor, bundle);
        } else {
            revert HeaderRefused();
        }
    }

    function _takeData(Rules calldata rules, address contributor, bytes calldata bundle, bool isRecorded)
        private
        returns (uint256 weight)
    {
        (Registration[] memory covered, uint64 latest) = _covered(rules, bundle);
        // The verifier compares the bundle's digests with these, and finds them anew with this contributor, these records,
        // and the rules' schema and geometry: so nobody else's data is taken, and none of another schema.
        (bytes32 rulesHash, uint64 score, uint32 records) = isRecorded
            ? verifier.verifyRecorded(rules, contributor, covered, bundle)
            : verifier.verifyData(rules, contributor, covered, bundle);
        uint64 number = rules.terms.epoch;
        Epoch storage epoch = _epochs[number];
        _requireRules(rulesHash, epoch);
        weight = Shares.dataWeight(rules, score, records, latest);
        Standing storage own = _standing[number][contributor];
        uint256 before = own.dataWeight;
        if (weight <= before) revert WeighsNoMore(weight, before);
        if (weight > type(uint248).max || weight - before > type(uint256).max / Shares.TENTHS - epoch.dataSum) {
            revert TooMuchWeight();
        }
        own.dataWeight = uint248(weight);
        epoch.dataSum += weight - before;
        emit BundleTaken(number, contributor, DATA, score, records, latest, weight);
    }

    function _takeCompute(Rules calldata rules, address node, bytes calldata bundle) private returns (uint256) {
        uint64 number = rules.terms.epoch;
        (Curve.G1 memory units, bool isStruck) = registry.unitsOf(number, node);
        if (isStruck) revert NodeStruck(node);
        if (Curve.isIdentity(units)) revert NoUnits(node);
        (bytes32 rulesHash, uint64 score) =
            verifier.verifyCompute(rules, node, units, registry.totalsOf(number), bundle);
        Epoch storage epoch = _epochs[number];
        _requireRules(rulesHash, epoch);
        Standing storage own = _standing[number][node];
        uint64 before = own.computeWeight;
        if (score <= before) revert WeighsNoMore(score, before);
        // 128 bits are enough for 2^64 nodes.
        (own.computeWeight, epoch.computeSum) = (score, epoch.computeSum + score - before);
        emit BundleTaken(number, node, COMPUTE, score, 0, 0, score);
        return score;
    }

    /// @dev What the digests that a data bundle names are on record with, all of them eligible, each once, in order of
    /// registration; and the latest of their rounds.
    function _covered(Rules calldata rules, bytes calldata bundle)
        private
        view
        returns (Registration[] memory covered, uint64 latest)
    {
        uint256 count = bundle.length < DATA_HEAD ? 0 : uint256(_word(bundle, 64));
        if (count == 0 || count > (bundle.length - DATA_HEAD) / 32) revert HeaderRefused();
        covered = new Registration[](count);
        uint64 order = 0;
        for (uint256 i = 0; i < count; i++) {
            bytes32 digest = _word(bundle, DATA_HEAD + 32 * i);
            Dataset memory dataset = registry.dataset(digest);
            _requireEligible(rules, digest, dataset);
            if (dataset.order <= order) revert DataOutOfOrder(digest);
            order = dataset.order;
            if (dataset.round > latest) latest = dataset.round;
            covered[i] = Registration({digest: digest, records: dataset.records});
        }
    }

    function _requireEligible(Rules calldata rules, bytes32 digest, Dataset memory dataset) private pure {
        if (dataset.order == 0) revert DataUnknown(digest);
        bool isWithin = dataset.round >= rules.terms.dataFirstRound && dataset.round <= RulesHash.lastRound(rules.terms);
        if (!isWithin) revert OutsideWindow(digest, dataset.round);
        if (rules.evidence == 1 && !dataset.hasEvidence) revert EvidenceMissing(digest);
        if (dataset.isStruck && dataset.struckFrom <= rules.terms.epoch) revert DataStruck(digest);
    }

    function _requireRules(bytes32 rulesHash, Epoch storage epoch) private view {
        if (rulesHash != epoch.rulesHash) revert NotTheRules(rulesHash, epoch.rulesHash);
    }

    function _claim(uint64 number, address contributor, address recipient) private returns (uint128 amount) {
        if (recipient == address(0) || recipient == address(this)) revert RecipientRefused(recipient);
        Epoch storage epoch = _epochs[number];
        if (!epoch.isSettled) {
            // Of an epoch that did not begin, or whose rounds go on, there is nothing to settle.
            while (!epoch.isSettled && _settleNext()) {}
            if (!epoch.isSettled) revert NotOpen(number, epoch.closedUntil);
        }
        (uint128 compute, uint128 data) = shareOf(number, contributor);
        Standing storage own = _standing[number][contributor];
        if (own.isComputePaid) compute = 0;
        if (own.isDataPaid) data = 0;
        amount = compute + data;
        if (amount == 0) revert NothingToClaim(number, contributor);
        if (compute > 0) own.isComputePaid = true;
        if (data > 0) own.isDataPaid = true;
        totalPaid += amount;
        emit Claimed(number, contributor, recipient, compute, data);
        token.safeTransfer(recipient, amount);
    }

    /// @dev Settles the lowest epoch that is not, if its claims are open; whether it did.
    function _settleNext() private returns (bool) {
        uint64 number = unsettled;
        Epoch storage epoch = _epochs[number];
        if (epoch.deadline == 0 || block.timestamp <= epoch.closedUntil) return false;
        uint256 pool = epoch.pool;
        uint256 compute;
        uint256 data;
        (compute, _carried.compute) = _divided(pool * Shares.COMPUTE_TENTHS + _carried.compute, epoch.computeSum);
        (data, _carried.data) = _divided(pool * Shares.DATA_TENTHS + _carried.data, epoch.dataSum);
        (epoch.computeTenths, epoch.dataTenths, epoch.isSettled) = (compute, data, true);
        unsettled = number + 1;
        emit EpochSettled(number, compute, data, _carried.compute, _carried.data);
        return true;
    }

    /// @dev Tenths of a pool that are divided, and those that are carried: all of them, if nobody has any weight.
    function _divided(uint256 tenths, uint256 sum) private pure returns (uint256, uint256) {
        return sum == 0 ? (uint256(0), tenths) : (tenths, 0);
    }

    function _setOperator(address operator_) private {
        if (operator_ == address(0)) revert ZeroAddress();
        emit OperatorChanged(operator, operator_);
        operator = operator_;
    }

    function _requireSubnet(string memory name) private pure {
        bytes memory letters = bytes(name);
        uint256 count = letters.length;
        bool isGood = count >= 1 && count <= MAX_SUBNET && letters[0] != " " && letters[count - 1] != " ";
        for (uint256 i = 0; isGood && i < count; i++) isGood = letters[i] >= 0x20 && letters[i] <= 0x7e;
        if (!isGood) revert SubnetRefused(name);
    }

    /// @dev The word `offset` bytes into the bundle.
    function _word(bytes calldata bundle, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(bundle.offset, offset))
        }
    }
}
