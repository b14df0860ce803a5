// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IBundleVerifier, Registration, Run} from "./IBundleVerifier.sol";
import {VerifierParameters} from "./VerifierParameters.sol";
import {Curve, POINT, R, WORD} from "./verifier/Curve.sol";
import {Cut} from "./verifier/Cut.sol";
import {DataDigest} from "./verifier/DataDigest.sol";
import {Keys} from "./verifier/Keys.sol";
import {Link} from "./verifier/Link.sol";
import {Plonk} from "./verifier/Plonk.sol";
import {COMPUTE, DATA, Rules, RulesHash} from "./verifier/Rules.sol";
import {SegmentSet} from "./verifier/SegmentSet.sol";

/// @title Verifies bundles on a chain
/// @notice The same steps as the Rust verifier (`verifier/`), under the same numbers:
///
/// 1. the parameters: keys and openings are those that the rules name;
/// 2. what is on record: of data one registration for each digest of the bundle, of computing power the node's units;
/// 3. the digests: the commitments that the histogram proofs begin with hash to what is registered;
/// 4. the instances and the public columns: computed here from rules and record, never read from the bundle, but for the
///    score;
/// 5. the proofs: one histogram a segment, one score, all of them one pairing;
/// 6. the link: the counts that are scored are the sum of the histograms.
///
/// It has no owner, and nothing in it can be changed: keys, openings and segments are remembered under hashes of what
/// they are.
contract BundleVerifier is VerifierParameters {
    using Curve for Curve.G1;
    using Cut for Cut.Segments;

    /// @notice The calldata is not what `abi.encode` gives, byte for byte, or the bundle is not whole words.
    error NotCanonical();
    /// @notice The bundle's first words are not the role, the contributor and the digests that were asked for.
    error HeaderRefused();
    /// @notice A bundle of no dataset, a registration of no record, or no proof to be recorded.
    error NothingRegistered();
    /// @notice The commitments of a dataset do not hash to its registered digest.
    error DigestRefused(uint256 dataset, bytes32 registered, bytes32 found);
    /// @notice The histograms add up to the identity.
    error NothingCounted();
    /// @notice Fewer records than the rules pay for, or 2^32 of them or more.
    error RecordsRefused(uint256 records);
    /// @notice The score is not below 2^64.
    error ScoreRefused(uint256 score);
    /// @notice A public column of the proof is not the one that everybody can compute.
    error PublicColumnRefused(uint256 column);
    /// @notice The bundle has another length than its registrations ask for.
    error LengthRefused(uint256 found, uint256 expected);
    /// @notice The histogram proof of this segment was not recorded.
    error NotRecorded(bytes32 segment);
    /// @notice A width that the geometry does not have.
    error WidthRefused(uint256 width);
    /// @notice At least one of the proofs is false.
    error ProofRefused();

    bytes32 private constant T_SEGMENT = keccak256("fairshare/v2/segment");
    bytes32 private constant T_CONTEXT = keccak256("fairshare/v2/context");

    /// @dev Bytes of what stands in a recorded proof's place: the segment hash and H.
    uint256 private constant RECORDED = 3 * WORD;
    /// @dev Hashes of what histogram proofs showed ({_fact}).
    mapping(bytes32 fact => bool) private _recorded;

    /// @dev What a histogram proof shows of a segment.
    struct Segment {
        /// The verifying-key digest.
        bytes32 key;
        /// The segment hash, of its columns' commitments.
        bytes32 hash;
        /// Cells that hold symbol 0.
        uint256 padding;
        /// H.
        Curve.G1 histogram;
    }

    /// @dev What is collected over a bundle's parts.
    struct Walk {
        bytes32 keys;
        bytes32 openings;
        uint256 geometry;
        /// Bytes of the bundle that were read.
        uint256 position;
        /// Whether the histogram proofs were recorded before.
        bool isRecorded;
        /// The proofs' claims.
        Plonk.Claim[] claims;
        uint256 claimed;
        /// Memory positions of the circuits of histograms, by width; 0 of one that was not read yet.
        uint256[3] circuits;
        /// Segment hashes.
        bytes32[] seen;
        /// ΣH.
        Curve.G1 sum;
    }

    /// @param takesInsecure_ Whether development parameters are taken.
    constructor(bool takesInsecure_) VerifierParameters(takesInsecure_) {}

    /// @inheritdoc IBundleVerifier
    function verifyData(
        Rules calldata rules,
        address contributor,
        Registration[] calldata registrations,
        bytes calldata bundle
    ) external view returns (bytes32, uint64, uint32) {
        return _verifyData(rules, contributor, registrations, bundle, false);
    }

    /// @inheritdoc IBundleVerifier
    function verifyRecorded(
        Rules calldata rules,
        address contributor,
        Registration[] calldata registrations,
        bytes calldata bundle
    ) external view returns (bytes32, uint64, uint32) {
        return _verifyData(rules, contributor, registrations, bundle, true);
    }

    function _verifyData(
        Rules calldata rules,
        address contributor,
        Registration[] calldata registrations,
        bytes calldata bundle,
        bool isRecorded_
    ) private view returns (bytes32 rulesHash, uint64 score, uint32 records) {
        uint256 list;
        assembly ("memory-safe") {
            list := registrations.offset
        }
        _requireCanonical(list, RulesHash.WORDS + 4, 2 * registrations.length, bundle);
        rulesHash = RulesHash.hash(rules);
        // 1. the parameters
        Openings memory openings = _loadOpenings(rules.parameters.openings);
        // 2. what is on record
        Walk memory walk = _begin(rules, registrations, isRecorded_);
        walk.position = _header(contributor, registrations, bundle);
        for (uint256 i = 0; i < registrations.length; i++) {
            bytes32 digest = _dataset(walk, rules, contributor, registrations[i].records, bundle);
            if (digest != registrations[i].digest) revert DigestRefused(i, registrations[i].digest, digest);
        }
        if (walk.sum.isIdentity()) revert NothingCounted();
        // 4. the instance
        uint256[] memory instance = new uint256[](6);
        bytes32 context = _context(rulesHash, Curve.G1(0, 0), contributor, DATA, _digests(registrations));
        (instance[0], instance[1]) = _limbs(context);
        records = _records(rules, registrations);
        instance[2] = records;
        instance[3] = rules.scoring.features;
        instance[4] = rules.scoring.lnTotals;
        score = _score(walk, bundle);
        instance[5] = score;
        _scoreAndLink(walk, rules, instance, bundle, openings);
        _requireTrue(walk, openings);
    }

    /// @dev Steps 5 and 6 of the data score.
    function _scoreAndLink(
        Walk memory walk,
        Rules calldata rules,
        uint256[] memory instance,
        bytes calldata bundle,
        Openings memory openings
    ) private view {
        uint256 from = walk.position;
        Plonk.Circuit memory circuit = _circuit(walk.keys, walk.geometry, Keys.widths(walk.geometry));
        // 5. the proof
        _claim(walk, circuit, instance, bundle);
        _requireColumn(bundle, from, 1, rules.scoring.ln);
        _requireColumn(bundle, from, 2, rules.scoring.boundaries);
        if (bundle.length != walk.position + Link.BYTES) {
            revert LengthRefused(bundle.length, walk.position + Link.BYTES);
        }
        // 6. the link
        uint256 start = _start(bundle);
        uint256 key = uint256(circuit.key.digest);
        bytes calldata proof = bundle[from:walk.position];
        Link.check(key, instance, proof, walk.sum, start + walk.position, start, openings.reserved);
    }

    /// @inheritdoc IBundleVerifier
    function verifyCompute(
        Rules calldata rules,
        address contributor,
        Curve.G1 calldata units,
        Curve.G1 calldata totals,
        bytes calldata bundle
    ) external view returns (bytes32 rulesHash, uint64 score) {
        _requireCanonical(4 + WORD * (RulesHash.WORDS + 6), RulesHash.WORDS + 6, 0, bundle);
        rulesHash = RulesHash.hash(rules);
        // 1. the parameters
        Openings memory openings = _loadOpenings(rules.parameters.openings);
        Walk memory walk;
        (walk.keys, walk.geometry, walk.claims) = (rules.parameters.keys, rules.scoring.geometry, new Plonk.Claim[](1));
        // 2. what is on record
        bool isTheirs = bundle.length >= 64 && uint256(_word(bundle, 0)) == COMPUTE
            && uint256(_word(bundle, 32)) == uint160(contributor);
        if (!isTheirs) revert HeaderRefused();
        walk.position = 64;
        // 4. the instance and the public columns
        uint256[] memory instance = new uint256[](5);
        Curve.G1 memory total = _publicColumn(totals, openings);
        (instance[0], instance[1]) = _limbs(_context(rulesHash, total, contributor, COMPUTE, keccak256("")));
        instance[2] = rules.compute.rho;
        instance[3] = rules.compute.lambda;
        score = _score(walk, bundle);
        instance[4] = score;
        uint256 from = walk.position;
        // 5. the proof
        _claim(walk, _circuit(walk.keys, walk.geometry, Keys.widths(walk.geometry) + 1), instance, bundle);
        _requireColumn(bundle, from, 0, _publicColumn(units, openings));
        _requireColumn(bundle, from, 1, total);
        if (bundle.length != walk.position) revert LengthRefused(bundle.length, walk.position);
        _requireTrue(walk, openings);
    }

    /// @inheritdoc IBundleVerifier
    function recordSegments(bytes32 keys, bytes32 openings, Run[] calldata runs, bytes calldata proofs) external {
        uint256 list;
        assembly ("memory-safe") {
            list := runs.offset
        }
        _requireCanonical(list, 5, 3 * runs.length, proofs);
        Openings memory points = _loadOpenings(openings);
        Walk memory walk;
        (walk.keys, walk.openings, walk.geometry) = (keys, openings, _geometry(keys));
        uint256 count = 0;
        for (uint256 i = 0; i < runs.length; i++) count += runs[i].proofs;
        if (count == 0) revert NothingRegistered();
        // Before room is made for them.
        if (count > proofs.length / POINT) revert LengthRefused(proofs.length, count * POINT);
        walk.claims = new Plonk.Claim[](count);
        bytes32[] memory facts = new bytes32[](count);
        for (uint256 i = 0; i < runs.length; i++) _run(walk, runs[i], proofs, facts);
        if (proofs.length != walk.position) revert LengthRefused(proofs.length, walk.position);
        _requireTrue(walk, points);
        for (uint256 i = 0; i < count; i++) _recorded[facts[i]] = true;
    }

    /// @dev The proofs of one run, and the facts that they show.
    function _run(Walk memory walk, Run calldata run, bytes calldata proofs, bytes32[] memory facts) private view {
        uint256 width = _widthIndex(walk.geometry, run.width);
        for (uint256 i = 0; i < run.proofs; i++) {
            Segment memory segment = _histogram(walk, width, run.padding, proofs);
            facts[walk.claimed - 1] = _fact(walk.openings, segment);
        }
    }

    /// @inheritdoc IBundleVerifier
    function isRecorded(
        bytes32 key,
        bytes32 openings,
        bytes32 segment,
        uint256 padding,
        Curve.G1 calldata histogram
    ) external view returns (bool) {
        return _recorded[_fact(openings, Segment(key, segment, padding, histogram))];
    }

    /// @dev What a histogram proof showed, as a hash.
    function _fact(bytes32 openings, Segment memory segment) private pure returns (bytes32) {
        return keccak256(abi.encode(openings, segment));
    }

    /// @dev That a list of `words` words and the bundle behind it stand where `abi.encode` puts them, and nothing behind them.
    /// @param list The calldata position of the list's first word.
    /// @param before Words of the call before that one.
    function _requireCanonical(uint256 list, uint256 before, uint256 words, bytes calldata bundle) private pure {
        uint256 first = 4 + WORD * before;
        bool isCanonical = list == first && _start(bundle) == first + WORD * (words + 1)
            && msg.data.length == _start(bundle) + bundle.length;
        if (!isCanonical) revert NotCanonical();
    }

    /// @dev Room for what is collected: as much as the registrations ask for.
    function _begin(Rules calldata rules, Registration[] calldata registrations, bool isRecorded_)
        private
        pure
        returns (Walk memory walk)
    {
        (walk.keys, walk.openings) = (rules.parameters.keys, rules.parameters.openings);
        walk.geometry = rules.scoring.geometry;
        walk.isRecorded = isRecorded_;
        // That the geometry is one of the protocol's, before anything is computed with it; that it is that of the keys follows.
        if (Keys.rowsLog(walk.geometry) == 0) revert UnknownKeys(walk.keys);
        if (registrations.length == 0) revert NothingRegistered();
        uint256 segments = 0;
        for (uint256 i = 0; i < registrations.length; i++) {
            if (registrations[i].records == 0) revert NothingRegistered();
            segments += Cut.cut(walk.geometry, uint256(registrations[i].records) * rules.scoring.features).count();
        }
        // Each takes at least three words of the bundle; more cannot be there.
        if (segments > msg.data.length / RECORDED) revert LengthRefused(msg.data.length, segments * RECORDED);
        walk.seen = SegmentSet.table(segments);
        walk.claims = new Plonk.Claim[](1 + (isRecorded_ ? 0 : segments));
    }

    /// @dev Reads role, contributor and digests, and says where they end.
    function _header(address contributor, Registration[] calldata registrations, bytes calldata bundle)
        private
        pure
        returns (uint256 end)
    {
        uint256 count = registrations.length;
        end = WORD * (3 + count);
        bool isTheirs = bundle.length >= end && uint256(_word(bundle, 0)) == DATA
            && uint256(_word(bundle, 32)) == uint160(contributor) && uint256(_word(bundle, 64)) == count;
        for (uint256 i = 0; isTheirs && i < count; i++) {
            isTheirs = _word(bundle, WORD * (3 + i)) == registrations[i].digest;
        }
        if (!isTheirs) revert HeaderRefused();
    }

    /// @dev Steps 3 to 5 for one dataset: the digest that its commitments hash to.
    function _dataset(
        Walk memory walk,
        Rules calldata rules,
        address contributor,
        uint256 records,
        bytes calldata bundle
    ) private view returns (bytes32) {
        Cut.Segments memory cut = Cut.cut(walk.geometry, records * rules.scoring.features);
        uint256 count = cut.count();
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i = 0; i < count; i++) {
            (uint256 width, uint256 padding) = cut.segment(i);
            Segment memory segment = walk.isRecorded
                ? _recordedSegment(walk, width, padding, bundle)
                : _histogram(walk, width, padding, bundle);
            SegmentSet.insert(walk.seen, segment.hash);
            walk.sum = walk.sum.add(segment.histogram);
            hashes[i] = segment.hash;
        }
        // 3. the digest
        bytes32 list = keccak256(abi.encodePacked(hashes));
        return DataDigest.hash(contributor, walk.geometry, rules.scoring.schemaHash, records, count, list);
    }

    /// @dev Reads what stands in a histogram proof's place, and refuses it unless the proof was recorded.
    function _recordedSegment(Walk memory walk, uint256 width, uint256 padding, bytes calldata bundle)
        private
        view
        returns (Segment memory segment)
    {
        uint256 from = walk.position;
        if (bundle.length < from + RECORDED) revert Plonk.Truncated(from, RECORDED, bundle.length - from);
        segment.key = _keyDigest(walk.keys, width);
        segment.hash = _word(bundle, from);
        segment.padding = padding;
        segment.histogram = Curve.read(_start(bundle) + from + WORD);
        if (!_recorded[_fact(walk.openings, segment)]) revert NotRecorded(segment.hash);
        walk.position = from + RECORDED;
    }

    /// @dev The circuit of histograms of this width, read once for all of a bundle's.
    function _histogramCircuit(Walk memory walk, uint256 width) private view returns (Plonk.Circuit memory circuit) {
        uint256 position = walk.circuits[width];
        if (position == 0) {
            circuit = _circuit(walk.keys, walk.geometry, width);
            assembly ("memory-safe") {
                position := circuit
            }
            walk.circuits[width] = position;
        } else {
            assembly ("memory-safe") {
                circuit := position
            }
        }
    }

    /// @dev Reads a histogram proof.
    function _histogram(Walk memory walk, uint256 width, uint256 padding, bytes calldata bundle)
        private
        view
        returns (Segment memory segment)
    {
        uint256 from = _start(bundle) + walk.position;
        Plonk.Circuit memory circuit = _histogramCircuit(walk, width);
        // 4. the instance
        uint256[] memory instance = new uint256[](1);
        instance[0] = padding;
        // 5. the proof
        _claim(walk, circuit, instance, bundle);
        uint256 columns = circuit.key.width;
        segment.key = bytes32(circuit.key.digest);
        segment.hash = _segmentHash(walk.geometry, columns, from);
        segment.padding = padding;
        segment.histogram = Curve.read(from + POINT * columns);
    }

    /// @dev K(T_segment, …) over the commitments at a calldata position.
    function _segmentHash(uint256 geometry, uint256 columns, uint256 from) private pure returns (bytes32 hash) {
        bytes32 tag = T_SEGMENT;
        assembly ("memory-safe") {
            let start := mload(0x40)
            mstore(start, tag)
            mstore(add(start, 32), geometry)
            mstore(add(start, 64), columns)
            calldatacopy(add(start, 96), from, mul(64, columns))
            hash := keccak256(start, add(96, mul(64, columns)))
        }
    }

    /// @dev Reduces the proof at the walk's position to a claim, and goes behind it.
    function _claim(Walk memory walk, Plonk.Circuit memory circuit, uint256[] memory instance, bytes calldata bundle)
        private
        view
    {
        (Plonk.Claim memory claim, uint256 length) = Plonk.reduce(circuit, instance, bundle, walk.position);
        walk.claims[walk.claimed++] = claim;
        walk.position += length;
    }

    /// @dev That every claim holds: folded by powers of a challenge over all of them, with one pairing.
    function _requireTrue(Walk memory walk, Openings memory openings) private view {
        Plonk.Claim[] memory claims = walk.claims;
        uint256 last = claims.length - 1;
        Curve.G1 memory left = claims[last].left;
        Curve.G1 memory right = claims[last].right;
        if (last > 0) {
            bytes32 hash = 0;
            for (uint256 i = 0; i <= last; i++) hash = keccak256(abi.encode(hash, claims[i].left, claims[i].right));
            uint256 fold = uint256(hash) % R;
            for (uint256 i = last; i > 0; i--) {
                left.horner(fold, claims[i - 1].left);
                right.horner(fold, claims[i - 1].right);
            }
        }
        if (!left.pairing(openings.s, right.negate(), openings.one)) revert ProofRefused();
    }

    /// @dev K(T_context, …) (PROTOCOL section 5, *The context*).
    function _context(bytes32 rulesHash, Curve.G1 memory totals, address contributor, uint256 role, bytes32 digests)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(T_CONTEXT, rulesHash, totals, contributor, role, digests));
    }

    /// @dev K' of the registered digests.
    function _digests(Registration[] calldata registrations) private pure returns (bytes32) {
        bytes32[] memory digests = new bytes32[](registrations.length);
        for (uint256 i = 0; i < registrations.length; i++) digests[i] = registrations[i].digest;
        return keccak256(abi.encodePacked(digests));
    }

    /// @dev All records that the registrations cover.
    function _records(Rules calldata rules, Registration[] calldata registrations) private pure returns (uint32) {
        uint256 records = 0;
        for (uint256 i = 0; i < registrations.length; i++) records += registrations[i].records;
        if (records < rules.scoring.minRecords || records > type(uint32).max) revert RecordsRefused(records);
        return uint32(records);
    }

    /// @dev Reads the score at the walk's position. Where the bundle ends before it, it has no proof behind it either.
    function _score(Walk memory walk, bytes calldata bundle) private pure returns (uint64) {
        uint256 score = uint256(_word(bundle, walk.position));
        if (score > type(uint64).max) revert ScoreRefused(score);
        walk.position += WORD;
        return uint64(score);
    }

    /// @dev A digest as two limbs of 128 bits, the low one first.
    function _limbs(bytes32 digest) private pure returns (uint256, uint256) {
        return (uint128(uint256(digest)), uint256(digest) >> 128);
    }

    /// @dev A commitment of the registry as that of a public column: with G_{n−1}.
    function _publicColumn(Curve.G1 memory commitment, Openings memory openings)
        private
        view
        returns (Curve.G1 memory)
    {
        Curve.G1 memory last;
        uint256 position = openings.one - POINT;
        assembly ("memory-safe") {
            last := position
        }
        return commitment.add(last);
    }

    /// @dev That the proof's commitment number `column` is this one.
    function _requireColumn(bytes calldata bundle, uint256 proof, uint256 column, Curve.G1 memory expected)
        private
        pure
    {
        Curve.G1 memory found = Curve.read(_start(bundle) + proof + POINT * column);
        if (!found.equal(expected)) revert PublicColumnRefused(column);
    }

    function _widthIndex(uint256 geometry, uint256 width) private pure returns (uint256) {
        uint256 count = Keys.widths(geometry);
        for (uint256 i = 0; i < count; i++) {
            if (Keys.widthAt(i) == width) return i;
        }
        revert WidthRefused(width);
    }

    /// @dev The calldata position of the bundle's first byte.
    function _start(bytes calldata bundle) private pure returns (uint256 start) {
        assembly ("memory-safe") {
            start := bundle.offset
        }
    }

    /// @dev The word `offset` bytes into the bundle.
    function _word(bytes calldata bundle, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := calldataload(add(bundle.offset, offset))
        }
    }
}
