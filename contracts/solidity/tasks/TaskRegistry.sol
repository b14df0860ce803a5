// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Signed} from "../Signed.sol";
import {Curve} from "../verifier/Curve.sol";
import {Cut} from "../verifier/Cut.sol";
import {DataDigest} from "../verifier/DataDigest.sol";
import {Rules, RulesHash} from "../verifier/Rules.sol";
import {DataRegistration, Dataset, IEpochs, ITaskRegistry, Stage} from "./ITaskRegistry.sol";
import {LagrangeTree} from "./LagrangeTree.sol";
import {Upload} from "./Upload.sol";

/// @title A registry for one vault
/// @notice What all task contracts have in common: rounds, data, strikes, and the sums of units. A task contract says how a
/// round's units come to it, and calls {_record}.
///
/// The coordinator sets the pace, records units and strikes. It cannot name a round other than the one that goes on, take
/// anything back, or keep an epoch from ending: from the time on that the rules name, anybody ends it. The owner appoints
/// the coordinator, and can do nothing else.
abstract contract TaskRegistry is ITaskRegistry, Ownable2Step, EIP712 {
    using Curve for Curve.G1;
    using Cut for Cut.Segments;

    bytes32 private constant REGISTRATION = keccak256(
        "Registration(address vault,bytes32 digest,bytes32 root,uint64 length,bytes32 uploadTx,uint64 lastRound)"
    );

    /// @dev Most segments of a dataset. A bundle whose histogram proofs were recorded has three words for each, and many nodes
    /// take no transaction above 128 KiB.
    uint256 private constant MAX_SEGMENTS = 1300;
    /// @dev Most bytes of a reason, as in a ledger.
    uint256 private constant MAX_REASON = 1000;

    /// @inheritdoc ITaskRegistry
    address public immutable vault;

    /// @notice Who sets the pace, records units and strikes.
    address public coordinator;

    /// @dev How many datasets are on record.
    uint64 private _datasets;

    /// @dev How much of a round is recorded.
    struct Recording {
        uint64 round;
        /// Units of all its nodes so far.
        uint32 sum;
        /// The node that was recorded last: they ascend, so none occurs twice.
        address last;
    }

    Recording private _recording;
    Stage private _stage;
    mapping(bytes32 digest => Dataset) private _dataset;
    /// @inheritdoc ITaskRegistry
    mapping(bytes32 root => bytes32 digest) public uploadOf;
    mapping(uint64 epoch => Curve.G1) private _totals;
    mapping(uint64 epoch => mapping(address node => Curve.G1)) private _units;
    mapping(uint64 epoch => mapping(address node => bool)) private _isStruck;

    /// @notice The coordinator changed; at deployment from the zero address.
    event CoordinatorChanged(address indexed previous, address indexed current);

    /// @notice Neither the vault nor the coordinator may be the zero address.
    error ZeroAddress();
    /// @notice Only the coordinator may do this.
    error NotCoordinator(address caller);
    /// @notice The rounds of an epoch go on: they have to end first.
    error EpochGoesOn(uint64 epoch);
    /// @notice No epoch's rounds go on.
    error NoEpoch();
    /// @notice `endsBy` has passed: open other rules for this epoch.
    error TooLate(uint64 endsBy);
    /// @notice Until this time only the coordinator ends rounds.
    error TooEarly(uint64 endsBy);
    /// @notice So many rounds cannot be ended: from the one that goes on there are `left`.
    error RoundsRefused(uint64 count, uint256 left);
    /// @notice An epoch's last round takes units and strikes, but no data.
    error NoDataInLastRound(uint64 round);
    /// @notice The registration is void: its last round is over.
    error RegistrationVoid(uint64 lastRound, uint64 round);
    /// @notice Only the contributor registers without a signature.
    error NotContributor(address caller, address contributor);
    /// @notice A dataset of no records.
    error NoRecords();
    /// @notice Another number of segments than the records fill.
    error SegmentsRefused(uint256 found, uint256 expected);
    /// @notice A dataset of so many segments could not be proved on a chain: make several of it.
    error TooManySegments(uint256 found, uint256 most);
    /// @notice The digest is not that of the other fields, under the geometry and the schema of the rules.
    error DigestRefused(bytes32 found, bytes32 expected);
    /// @notice The digest is on record.
    error DigestKnown(bytes32 digest, uint64 round);
    /// @notice The rules take no data without evidence of its upload.
    error EvidenceMissing();
    /// @notice Without a root there is no upload to say anything of.
    error EvidenceWithoutRoot();
    /// @notice The upload is on record, for this digest.
    error RootKnown(bytes32 root, bytes32 digest);
    /// @notice The digest is not on record.
    error DataUnknown(bytes32 digest);
    /// @notice It is struck already.
    error StruckBefore();
    /// @notice A strike needs a reason, of at most so many bytes.
    error ReasonRefused(uint256 length, uint256 longest);
    /// @notice A node that is recorded has at least one unit.
    error NoUnits(address node);
    /// @notice Nodes are recorded in ascending order, each once in a round.
    error NodeOutOfOrder(address node, address last);
    /// @notice The units of a round add up to 2^32 or more.
    error TooManyUnits(uint256 sum);

    modifier onlyCoordinator() {
        if (msg.sender != coordinator) revert NotCoordinator(msg.sender);
        _;
    }

    /// @param vault_ The vault, for ever. It may be deployed afterwards.
    /// @param owner_ Appoints the coordinator.
    /// @param coordinator_ The first coordinator.
    constructor(address vault_, address owner_, address coordinator_) Ownable(owner_) EIP712("Fairshare", "2") {
        if (vault_ == address(0)) revert ZeroAddress();
        vault = vault_;
        _setCoordinator(coordinator_);
    }

    /// @notice Appoints another coordinator.
    function setCoordinator(address coordinator_) external onlyOwner {
        _setCoordinator(coordinator_);
    }

    /// @inheritdoc ITaskRegistry
    function begin(Rules calldata rules) external onlyCoordinator {
        if (_stage.isOpen) revert EpochGoesOn(_stage.epoch);
        if (block.timestamp >= rules.terms.endsBy) revert TooLate(rules.terms.endsBy);
        bytes32 rulesHash = RulesHash.hash(rules);
        // It refuses rules that are not those that stand, before anything is computed with them.
        IEpochs(vault).begin(rulesHash);
        uint64 firstRound = rules.terms.firstRound;
        uint64 lastRound = RulesHash.lastRound(rules.terms);
        _stage = Stage({
            epoch: rules.terms.epoch,
            firstRound: firstRound,
            round: firstRound,
            lastRound: lastRound,
            endsBy: rules.terms.endsBy,
            features: rules.scoring.features,
            geometry: rules.scoring.geometry,
            needsEvidence: rules.evidence == 1,
            isOpen: true,
            schemaHash: rules.scoring.schemaHash,
            lagrangeRoot: rules.parameters.lagrangeRoot
        });
        emit EpochBegan(rules.terms.epoch, rulesHash, firstRound, lastRound, rules.terms.endsBy);
    }

    /// @inheritdoc ITaskRegistry
    function endRounds(uint64 count) external onlyCoordinator {
        _endRounds(count);
    }

    /// @inheritdoc ITaskRegistry
    function finish() external {
        _requireOpen();
        if (block.timestamp < _stage.endsBy) revert TooEarly(_stage.endsBy);
        _end();
    }

    /// @inheritdoc ITaskRegistry
    function register(DataRegistration calldata registration) external {
        if (msg.sender != registration.contributor) revert NotContributor(msg.sender, registration.contributor);
        _register(registration, "");
    }

    /// @inheritdoc ITaskRegistry
    function registerFor(DataRegistration calldata registration, bytes calldata signature) external {
        bytes32 hash = registrationHash(registration);
        Signed.requireBy(registration.contributor, hash, signature);
        _register(registration, signature);
    }

    /// @notice The hash that a contributor signs.
    function registrationHash(DataRegistration calldata registration) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    REGISTRATION,
                    vault,
                    registration.digest,
                    registration.root,
                    registration.length,
                    registration.uploadTx,
                    registration.lastRound
                )
            )
        );
    }

    /// @inheritdoc ITaskRegistry
    function strikeData(bytes32 digest, string calldata reason) external onlyCoordinator {
        _requireReason(reason);
        Dataset storage struck = _dataset[digest];
        if (struck.order == 0) revert DataUnknown(digest);
        if (struck.isStruck) revert StruckBefore();
        // No vault comes to the end of its epochs' numbers.
        uint64 from = _stage.isOpen ? _stage.epoch : _stage.epoch + 1;
        (struck.isStruck, struck.struckFrom) = (true, from);
        emit DataStruck(digest, from, reason);
    }

    /// @inheritdoc ITaskRegistry
    function strikeNode(address node, string calldata reason) external onlyCoordinator {
        _requireReason(reason);
        _requireOpen();
        if (_isStruck[_stage.epoch][node]) revert StruckBefore();
        _isStruck[_stage.epoch][node] = true;
        emit NodeStruck(_stage.epoch, node, reason);
    }

    /// @inheritdoc ITaskRegistry
    function stage() public view returns (Stage memory) {
        return _stage;
    }

    /// @inheritdoc ITaskRegistry
    function dataset(bytes32 digest) external view returns (Dataset memory) {
        return _dataset[digest];
    }

    /// @inheritdoc ITaskRegistry
    function unitsOf(uint64 epoch, address node) public view returns (Curve.G1 memory units, bool isStruck) {
        return (_units[epoch][node], _isStruck[epoch][node]);
    }

    /// @inheritdoc ITaskRegistry
    function totalsOf(uint64 epoch) public view returns (Curve.G1 memory totals) {
        return _totals[epoch];
    }

    /// @dev How much of the round that goes on is recorded.
    function _recorded() internal view returns (Recording memory recording) {
        _requireOpen();
        recording = _recording;
        if (recording.round != _stage.round) {
            recording = Recording({round: _stage.round, sum: 0, last: address(0)});
        }
    }

    /// @dev Records units of the round that goes on. May be called several times in a round, with ascending nodes.
    /// @param point G_x, x being the round's number within the epoch.
    /// @param path Its path to the root that the rules name.
    function _record(
        Curve.G1 calldata point,
        bytes32[] calldata path,
        address[] memory nodes,
        uint32[] memory units
    ) internal {
        Recording memory recording = _recorded();
        uint64 epoch = _stage.epoch;
        LagrangeTree.requireMember(_stage.lagrangeRoot, recording.round - _stage.firstRound, point, path);
        mapping(address => Curve.G1) storage sums = _units[epoch];
        Curve.G1 memory one = point;
        uint256 sum = 0;
        for (uint256 i = 0; i < nodes.length; i++) {
            address node = nodes[i];
            if (node <= recording.last) revert NodeOutOfOrder(node, recording.last);
            if (units[i] == 0) revert NoUnits(node);
            recording.last = node;
            sum += units[i];
            _add(sums[node], units[i], one);
        }
        if (sum == 0) revert NoUnits(address(0));
        _add(_totals[epoch], sum, one);
        sum += recording.sum;
        if (sum > type(uint32).max) revert TooManyUnits(sum);
        recording.sum = uint32(sum);
        _recording = recording;
        emit UnitsRecorded(epoch, recording.round, nodes, units);
    }

    /// @dev sum ← sum + units·G_x.
    function _add(Curve.G1 storage sum, uint256 units, Curve.G1 memory point) private {
        Curve.G1 memory next = sum;
        next.plus(units, point);
        (sum.x, sum.y) = (next.x, next.y);
    }

    function _register(DataRegistration calldata registration, bytes memory signature) private {
        _requireOpen();
        uint64 round = _stage.round;
        if (round == _stage.lastRound) revert NoDataInLastRound(round);
        if (registration.lastRound < round) revert RegistrationVoid(registration.lastRound, round);
        bytes32 digest = registration.digest;
        bytes32 expected = _digest(registration);
        if (digest != expected) revert DigestRefused(digest, expected);
        if (_dataset[digest].order != 0) revert DigestKnown(digest, _dataset[digest].round);
        bool hasEvidence = _takeEvidence(registration);
        _dataset[digest] = Dataset({
            round: round,
            order: ++_datasets,
            records: registration.records,
            hasEvidence: hasEvidence,
            isStruck: false,
            struckFrom: 0
        });
        emit DataRegistered(round, registration.contributor, digest, registration, signature);
    }

    /// @dev The digest of the fields that it is made of, under the rules' geometry and schema.
    function _digest(DataRegistration calldata registration) private view returns (bytes32) {
        if (registration.records == 0) revert NoRecords();
        uint256 count = registration.segments.length;
        uint256 geometry = _stage.geometry;
        uint256 needed = Cut.cut(geometry, uint256(registration.records) * _stage.features).count();
        if (count != needed) revert SegmentsRefused(count, needed);
        if (count > MAX_SEGMENTS) revert TooManySegments(count, MAX_SEGMENTS);
        bytes32 list = keccak256(abi.encodePacked(registration.segments));
        bytes32 schemaHash = _stage.schemaHash;
        return DataDigest.hash(registration.contributor, geometry, schemaHash, registration.records, count, list);
    }

    /// @dev Checks the evidence and takes the upload's root, if there is one.
    function _takeEvidence(DataRegistration calldata registration) private returns (bool hasEvidence) {
        bytes32 root = registration.root;
        hasEvidence = root != 0;
        if (hasEvidence) {
            Upload.requireFor(registration.digest, root, registration.path);
            if (uploadOf[root] != 0) revert RootKnown(root, uploadOf[root]);
            uploadOf[root] = registration.digest;
        } else {
            if (_stage.needsEvidence) revert EvidenceMissing();
            bool isEmpty = registration.length == 0 && registration.uploadTx == 0 && registration.path.length == 0;
            if (!isEmpty) revert EvidenceWithoutRoot();
        }
    }

    /// @dev Ends so many rounds. A task contract may call it where it knows that a round is over.
    function _endRounds(uint64 count) internal {
        _requireOpen();
        // A round may be the last of its type.
        uint256 left = uint256(_stage.lastRound - _stage.round) + 1;
        if (count == 0 || count > left) revert RoundsRefused(count, left);
        if (count == left) {
            _end();
        } else {
            _stage.round += count;
            emit RoundBegan(_stage.epoch, _stage.round);
        }
    }

    function _end() private {
        _stage.isOpen = false;
        emit EpochEnded(_stage.epoch, _stage.lastRound);
        IEpochs(vault).end();
    }

    function _requireOpen() private view {
        if (!_stage.isOpen) revert NoEpoch();
    }

    function _requireReason(string calldata reason) private pure {
        uint256 length = bytes(reason).length;
        if (length == 0 || length > MAX_REASON) revert ReasonRefused(length, MAX_REASON);
    }

    function _setCoordinator(address coordinator_) private {
        if (coordinator_ == address(0)) revert ZeroAddress();
        emit CoordinatorChanged(coordinator, coordinator_);
        coordinator = coordinator_;
    }
}
