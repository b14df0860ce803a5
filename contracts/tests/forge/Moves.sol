// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ProvingVault} from "../../solidity/ProvingVault.sol";
import {DataRegistration} from "../../solidity/tasks/ITaskRegistry.sol";
import {Curve, R} from "../../solidity/verifier/Curve.sol";
import {Rules, RulesHash} from "../../solidity/verifier/Rules.sol";
import {Points} from "./Points.sol";
import {Model} from "./Model.sol";
import {vm, within} from "./Vm.sol";

/// @title Moves of honest and dishonest parties, in any order
/// @notice Each move says beforehand whether it has to be taken or refused, and reverts if that is not what happened. The fuzzer
/// draws numbers; a move makes of them something that is worth trying.
contract Moves is Model {
    /// @dev Who may take the place of operator and coordinator.
    address private constant OTHER_OPERATOR = address(0xb2);
    address private constant OTHER_COORDINATOR = address(0xb3);
    uint128 private constant MOST_FUNDS = 1e24;

    /// @notice How often each kind of move was taken, or refused as it had to be.
    mapping(string kind => uint256) public done;
    /// @dev A move; afterwards nothing may be undone.
    modifier move() {
        _;
        _watch();
    }

    /// @notice Kinds of moves of which each run must have some: what was not done was not tested.
    function kinds() public pure returns (string[32] memory) {
        return [
            "fund",
            "gift",
            "open",
            "begin",
            "refused: begin",
            "register",
            "register for",
            "refused: register",
            "record",
            "end rounds",
            "end epoch",
            "finish",
            "refused: finish",
            "first compute bundle",
            "heavier compute bundle",
            "refused: lighter compute bundle",
            "refused: compute bundle",
            "first data bundle",
            "heavier data bundle",
            "refused: lighter data bundle",
            "refused: data bundle",
            "refused: late bundle",
            "claim",
            "claim to",
            "claim for",
            "refused: claim",
            "settle",
            "strike data",
            "strike node",
            "set operator",
            "set coordinator",
            "refused: intruder"
        ];
    }

    // Money.

    function fund(uint256 amount) external move {
        _fund(within(amount, 1, MOST_FUNDS));
    }

    function gift(uint256 amount) external move {
        amount = within(amount, 1, MOST_FUNDS);
        bool ok = _try(FUNDER, address(token), abi.encodeCall(token.transfer, (address(vault), amount)));
        _expect("gift", ok, true);
        gifts += amount;
    }

    function _fund(uint256 amount) private {
        bool expected = begun > 0 || hasNext;
        bool ok = _try(FUNDER, address(vault), abi.encodeCall(vault.fund, (uint128(amount))));
        _expect("fund", ok, expected);
        if (!ok) return;
        funded += amount;
        unassigned += amount;
    }

    // Epochs.

    function open(uint256 drawn) external move {
        _open(drawn);
    }

    function begin(uint256 drawn) external move {
        if (_spread(drawn) % 2 == 0 && !goesOn) {
            if (!hasNext || next.terms.endsBy <= nowSeconds()) _open(drawn);
            if (next.terms.pool > unassigned) _fund(next.terms.pool - unassigned);
        }
        bool isTime = nowSeconds() < next.terms.endsBy;
        bool expected = !goesOn && hasNext && isTime && next.terms.pool <= unassigned;
        bool ok = _try(coordinator, address(registry), abi.encodeCall(registry.begin, (next)));
        _expect("begin", ok, expected);
        if (!ok) return;
        uint64 epoch = FIRST + begun;
        rulesAt[epoch] = next;
        (terms[epoch].rulesHash, terms[epoch].pool) = (this.hash(next), next.terms.pool);
        unassigned -= next.terms.pool;
        (goesOn, round, recorded, hasNext) = (true, next.terms.firstRound, 0, false);
        begun++;
    }

    function endRounds(uint256 drawn) external move {
        drawn = _spread(drawn);
        (, uint64 last) = _rounds();
        // Mostly one.
        uint64 count = drawn % 4 > 0 ? 1 : uint64(within(drawn >> 2, 0, goesOn ? last - round + 2 : 3));
        _endRounds(count);
    }

    /// @dev Whoever sends it; sometimes the time for it comes.
    function finish(uint256 drawn) external move {
        drawn = _spread(drawn);
        uint64 endsBy = goesOn ? rulesAt[FIRST + begun - 1].terms.endsBy : 0;
        if (drawn % 4 == 0 && goesOn && nowSeconds() < endsBy) vm.warp(endsBy);
        bool expected = goesOn && nowSeconds() >= endsBy;
        bool ok = _try(_anybody(drawn >> 8), address(registry), abi.encodeCall(registry.finish, ()));
        _expect("finish", ok, expected);
        if (ok) _end();
    }

    function wait(uint256 drawn) external move {
        vm.warp(nowSeconds() + within(drawn >> 1, 1, drawn % 2 == 0 ? 1 days : 1 hours));
    }

    /// @notice The rules hash, of rules in calldata.
    function hash(Rules calldata rules) external pure returns (bytes32) {
        return RulesHash.hash(rules);
    }

    function _open(uint256 drawn) private {
        Rules memory rules = _draw(drawn);
        bool ok = _try(operator, address(vault), abi.encodeCall(vault.open, (rules)));
        _expect("open", ok, true);
        (next, hasNext) = (rules, true);
    }

    function _endRounds(uint64 count) private {
        (, uint64 last) = _rounds();
        bool expected = goesOn && count >= 1 && count <= last - round + 1;
        bool ok = _try(coordinator, address(registry), abi.encodeCall(registry.endRounds, (count)));
        bool isLast = expected && count == last - round + 1;
        _expect(isLast ? "end epoch" : "end rounds", ok, expected);
        if (isLast) _end();
        else if (ok) (round, recorded) = (round + count, 0);
    }

    /// @dev Rules for the next epoch: of few or many rounds, with and without a pool, both weightings, windows of the epoch
    /// alone and wider ones, short and long times for proofs, so that an epoch may close before the one ahead of it.
    function _draw(uint256 drawn) private view returns (Rules memory rules) {
        drawn = _spread(drawn);
        uint64 first = FIRST_ROUND;
        if (begun > 0) {
            (, uint64 last) = _rounds();
            first = last + 1;
        }
        uint32 rounds = uint32(within(drawn, 2, MOST_ROUNDS));
        uint128 pool = drawn >> 8 & 3 == 0 ? 0 : uint128(within(drawn >> 16, 1, MOST_FUNDS));
        rules = rulesOf(FIRST + begun, first, rounds, pool);
        rules.terms.dataFirstRound = first - uint64(drawn >> 10 & 1) * uint64(within(drawn >> 100, 0, FIRST_ROUND));
        rules.terms.endsBy = nowSeconds() + uint64(within(drawn >> 140, 1 hours, 9 days));
        // Sometimes so long that the next epoch's claims wait for it.
        rules.terms.provingSeconds = uint64(within(drawn >> 160, 1 hours, drawn >> 13 & 3 == 0 ? 20 days : 3 days));
        rules.evidence = uint8(drawn >> 11 & 1);
        if (drawn >> 12 & 1 == 1) (rules.scoring.weighting, rules.scoring.cap) = (2, uint64(1 << within(drawn >> 180, 50, 63)));
    }

    function _end() private {
        uint64 epoch = FIRST + begun - 1;
        Term storage term = terms[epoch];
        if (term.pool == 0) (term.pool, unassigned) = (uint128(unassigned), 0);
        term.deadline = nowSeconds() + rulesAt[epoch].terms.provingSeconds;
        term.closedUntil = term.deadline;
        if (begun > 1 && terms[epoch - 1].closedUntil > term.deadline) term.closedUntil = terms[epoch - 1].closedUntil;
        goesOn = false;
    }

    /// @dev The first and the last round of the epoch that began last.
    function _rounds() private view returns (uint64 first, uint64 last) {
        if (begun == 0) return (0, 0);
        Rules storage rules = rulesAt[FIRST + begun - 1];
        first = rules.terms.firstRound;
        last = first + rules.terms.rounds - 1;
    }

    // What is contributed.

    function register(uint256 who, uint256 drawn, bool hasUpload, bool bySignature) external move {
        drawn = _spread(drawn);
        uint32 records = uint32([1, 100, 2_000, MOST_RECORDS][drawn % 4]);
        DataRegistration memory registration = dataOf(_actor(who), records, (drawn >> 8) % 16, hasUpload);
        address contributor = registration.contributor;
        bool isTaken = goesOn && (hasUpload || rulesAt[FIRST + begun - 1].evidence == 0) && !isKnown[registration.digest];
        (, uint64 last) = _rounds();
        bool expected = isTaken && round < last;
        bool ok;
        if (bySignature) {
            bytes memory signature = signed(keyOf[contributor], registry.registrationHash(registration));
            ok = _try(_anybody(drawn), address(registry), abi.encodeCall(registry.registerFor, (registration, signature)));
        } else {
            ok = _try(contributor, address(registry), abi.encodeCall(registry.register, (registration)));
        }
        _expect(ok && bySignature ? "register for" : "register", ok, expected);
        if (!ok) return;
        isKnown[registration.digest] = true;
        data.push(Data(contributor, registration.digest, round, records, hasUpload, false, 0));
    }

    /// @dev Units of some of the nodes, those that can still be recorded in this round.
    function record(uint256 drawn, uint256 unitsOfEach) external move {
        (drawn, unitsOfEach) = (_spread(drawn), _spread(unitsOfEach));
        address[] memory nodes = new address[](ACTORS);
        uint32[] memory units = new uint32[](ACTORS);
        (uint256 count, uint256 latest) = (0, recorded);
        for (uint256 i = recorded; i < ACTORS; i++) {
            if (drawn >> i & 1 == 0) continue;
            (nodes[count], units[count]) = (actors[i], uint32(within(unitsOfEach >> (32 * i), 1, 1_000_000)));
            (count, latest) = (count + 1, i + 1);
        }
        assembly ("memory-safe") {
            mstore(nodes, count)
            mstore(units, count)
        }
        (uint64 first,) = _rounds();
        uint256 row = goesOn ? round - first : 0;
        (Curve.G1 memory point, bytes32[] memory path) = pointOf(row);
        bytes memory call = abi.encodeCall(registry.recordUnits, (nodes, units, point, path));
        bool ok = _try(coordinator, address(registry), call);
        _expect("record", ok, goesOn && count > 0);
        if (!ok) return;
        recorded = latest;
        uint64 epoch = FIRST + begun - 1;
        for (uint256 i = 0; i < count; i++) {
            uint256 factor = mulmod(units[i], Points.multiplier(row), R);
            Place storage place = places[epoch][nodes[i]];
            (place.factor, place.hasUnits) = (addmod(place.factor, factor, R), true);
            place.units = Points.multiple(place.factor);
            terms[epoch].factor = addmod(terms[epoch].factor, factor, R);
        }
        terms[epoch].totals = Points.multiple(terms[epoch].factor);
    }

    function strikeData(uint256 which) external move {
        if (data.length == 0) return;
        Data storage struck = data[which % data.length];
        bool expected = !struck.isStruck;
        bool ok = _try(coordinator, address(registry), abi.encodeCall(registry.strikeData, (struck.digest, "a reason")));
        _expect("strike data", ok, expected);
        if (ok) (struck.isStruck, struck.struckFrom) = (true, FIRST + begun - (goesOn ? 1 : 0));
    }

    function strikeNode(uint256 who) external move {
        address node = _actor(who);
        bool expected = goesOn && !places[FIRST + begun - 1][node].isStruck;
        bool ok = _try(coordinator, address(registry), abi.encodeCall(registry.strikeNode, (node, "a reason")));
        _expect("strike node", ok, expected);
        if (ok) places[FIRST + begun - 1][node].isStruck = true;
    }

    // Bundles, sent by anybody.

    function submitCompute(uint256 drawn) external move {
        drawn = _spread(drawn);
        _proofsSeason(drawn >> 200);
        uint64 epoch = _epochForProofs(drawn >> 80);
        address node = _prover(drawn >> 120, epoch, true);
        uint64 score = uint64(drawn >> 8) >> (drawn % 64);
        Place storage place = places[epoch][node];
        if (drawn >> 192 & 7 == 0) score = place.compute;
        bool isTime = _takesProofs(epoch);
        bool isEligible_ = place.hasUnits && !place.isStruck;
        bool expected = isTime && isEligible_ && score > place.compute;
        bytes memory call = abi.encodeCall(vault.submit, (rulesAt[epoch], computeBundle(node, score)));
        bool ok = _try(_anybody(drawn), address(vault), call);
        string memory kind = place.compute == 0 ? "first compute bundle" : "heavier compute bundle";
        if (!expected) kind = isTime && isEligible_ ? "lighter compute bundle" : _late(epoch, "compute bundle");
        _expect(kind, ok, expected);
        if (ok) place.compute = score;
    }

    /// @dev Some of somebody's data, mostly such as count, mostly in order.
    function submitData(uint256 drawn, uint256 mask) external move {
        drawn = _spread(drawn);
        _proofsSeason(drawn >> 200);
        uint64 epoch = _epochForProofs(drawn >> 90);
        address contributor = _prover(drawn >> 120, epoch, false);
        (bytes32[] memory digests, bool isEligible_, uint256 records, uint64 latest) =
            _choose(epoch, contributor, mask == 0 ? 0 : _spread(mask), drawn >> 72 & 7 != 0);
        if (drawn >> 74 & 7 == 0 && digests.length > 1) {
            (digests[0], digests[1]) = (digests[1], digests[0]);
            isEligible_ = false;
        }
        uint64 score = uint64(drawn >> 8) >> (drawn % 64);
        Place storage place = places[epoch][contributor];
        bool isTime = _takesProofs(epoch);
        uint256 weight = isTime && isEligible_ ? weightOf(epoch, score, records, latest) : 0;
        bool expected = weight > place.data;
        bytes memory bundle = dataBundle(contributor, digests, score);
        bool isRecorded = drawn >> 80 & 1 == 1;
        bytes memory call = isRecorded
            ? abi.encodeCall(vault.submitRecorded, (rulesAt[epoch], bundle))
            : abi.encodeCall(vault.submit, (rulesAt[epoch], bundle));
        bool ok = _try(_anybody(drawn), address(vault), call);
        string memory kind = place.data == 0 ? "first data bundle" : "heavier data bundle";
        if (!expected) kind = isTime && isEligible_ ? "lighter data bundle" : _late(epoch, "data bundle");
        _expect(kind, ok, expected);
        if (ok) place.data = weight;
    }

    /// @dev Somebody's data by a mask, in order of registration; whether all of it counts; its records and latest round.
    function _choose(uint64 epoch, address who, uint256 mask, bool onlyEligible)
        private
        view
        returns (bytes32[] memory digests, bool isEligible_, uint256 records, uint64 latest)
    {
        digests = new bytes32[](data.length);
        uint256 count = 0;
        isEligible_ = true;
        for (uint256 i = 0; i < data.length; i++) {
            Data memory each = data[i];
            bool counts = isEligible(epoch, each);
            if (each.who != who || mask >> (i % 255) & 3 == 0 || (onlyEligible && !counts)) continue;
            digests[count++] = each.digest;
            isEligible_ = isEligible_ && counts;
            records += each.records;
            if (each.round > latest) latest = each.round;
        }
        if (count == 0) isEligible_ = false;
        assembly ("memory-safe") {
            mstore(digests, count)
        }
    }

    /// @dev Mostly somebody who has something to prove, if there is anybody.
    function _prover(uint256 drawn, uint64 epoch, bool isCompute) private view returns (address who) {
        for (uint256 i = 0; i < ACTORS; i++) {
            who = actors[(drawn % ACTORS + i) % ACTORS];
            if (drawn >> 16 & 7 == 0) break;
            if (isCompute && places[epoch][who].hasUnits && !places[epoch][who].isStruck) break;
            if (!isCompute && _hasData(epoch, who)) break;
        }
    }

    function _hasData(uint64 epoch, address who) private view returns (bool) {
        for (uint256 i = 0; i < data.length; i++) {
            if (data[i].who == who && isEligible(epoch, data[i])) return true;
        }
        return false;
    }

    /// @dev If no proofs are taken at all: sometimes the epoch that goes on ends, so that its proofs are.
    function _proofsSeason(uint256 drawn) private {
        if (drawn % 4 > 0 || !goesOn || _takesProofs(_epochForProofs(drawn | 1 << 16))) return;
        (, uint64 last) = _rounds();
        _endRounds(last - round + 1);
    }

    /// @dev If nobody is owed anything, and no proofs are taken: sometimes the time comes for claims of the last epoch that ended.
    function _claimsSeason(uint256 drawn) private {
        (uint64 epoch, address who) = _claimant(drawn | 1 << 16);
        if (drawn % 2 > 0 || due(epoch, who) > 0 || _takesProofs(_epochForProofs(drawn | 1 << 16))) return;
        uint64 ended = begun - (goesOn ? 1 : 0);
        if (ended > 0 && !isOpen(FIRST + ended - 1)) vm.warp(terms[FIRST + ended - 1].closedUntil + 1);
    }

    /// @dev Mostly one for which proofs are taken, if there is one.
    function _epochForProofs(uint256 drawn) private view returns (uint64 epoch) {
        if (begun == 0) return FIRST;
        for (uint256 i = 0; i < begun; i++) {
            epoch = FIRST + uint64((drawn % begun + i) % begun);
            if (drawn >> 16 & 7 == 0 || _takesProofs(epoch)) return epoch;
        }
    }

    function _takesProofs(uint64 epoch) private view returns (bool) {
        return terms[epoch].deadline != 0 && nowSeconds() <= terms[epoch].deadline;
    }

    function _late(uint64 epoch, string memory kind) private view returns (string memory) {
        return terms[epoch].deadline != 0 && nowSeconds() > terms[epoch].deadline ? "late bundle" : kind;
    }

    // Claims.

    function claim(uint256 drawn) external move {
        drawn = _spread(drawn);
        _claimsSeason(drawn >> 200);
        (uint64 epoch, address who) = _claimant(drawn);
        _claim("claim", epoch, who, who, _anybody(drawn), abi.encodeCall(vault.claim, (epoch, who)));
    }

    function claimTo(uint256 drawn, uint256 drawnRecipient) external move {
        drawn = _spread(drawn);
        _claimsSeason(drawn >> 200);
        (uint64 epoch, address who) = _claimant(drawn);
        address recipient = _recipient(drawnRecipient);
        _claim("claim to", epoch, who, recipient, who, abi.encodeCall(vault.claimTo, (epoch, recipient)));
    }

    function claimFor(uint256 drawn, uint256 drawnRecipient) external move {
        drawn = _spread(drawn);
        _claimsSeason(drawn >> 200);
        (uint64 epoch, address who) = _claimant(drawn);
        address recipient = _recipient(drawnRecipient);
        bytes memory signature = signed(keyOf[who], claimHash(address(vault), epoch, who, recipient));
        bytes memory call = abi.encodeCall(vault.claimFor, (epoch, who, recipient, signature));
        _claim("claim for", epoch, who, recipient, _anybody(drawn), call);
    }

    function settle(uint256 drawn) external move {
        uint64 before = vault.unsettled();
        uint64 most = uint64(drawn % 3);
        uint64 expected = 0;
        while (expected < most && isOpen(before + expected)) expected++;
        bool ok = _try(_anybody(drawn), address(vault), abi.encodeCall(vault.settle, (most)));
        require(ok && vault.unsettled() == before + expected, "settled another number of epochs");
        if (expected > 0) done["settle"]++;
    }

    function _claim(string memory kind, uint64 epoch, address who, address recipient, address sender, bytes memory call)
        private
    {
        uint256 amount = due(epoch, who);
        bool isGood = recipient != address(0) && recipient != address(vault);
        uint256 before = token.balanceOf(recipient);
        bool ok = _try(sender, address(vault), call);
        _expect(amount > 0 && isGood ? kind : "claim", ok, amount > 0 && isGood);
        if (!ok) return;
        require(token.balanceOf(recipient) - before == amount, "another amount arrived");
        (places[epoch][who].received, places[epoch][who].isPaid) = (amount, true);
        paid += amount;
    }

    /// @dev Mostly somebody to whom something is due, if there is anybody.
    function _claimant(uint256 drawn) private view returns (uint64 epoch, address who) {
        uint256 count = begun * ACTORS;
        if (count == 0) return (FIRST, actors[0]);
        for (uint256 i = 0; i < count; i++) {
            uint256 chosen = (drawn % count + i) % count;
            (epoch, who) = (FIRST + uint64(chosen / ACTORS), actors[chosen % ACTORS]);
            if (drawn >> 16 & 3 == 0 || due(epoch, who) > 0) break;
        }
    }

    /// @dev Somebody new, somebody of these, nobody, or the vault itself.
    function _recipient(uint256 drawn) private view returns (address) {
        drawn = _spread(drawn);
        uint256 kind = (drawn >> 160) % 8;
        if (kind == 0) return address(0);
        if (kind == 1) return address(vault);
        return kind < 4 ? _actor(drawn) : address(uint160(within(drawn, 1 << 100, 1 << 159)));
    }

    // Roles.

    function setOperator(bool isOther) external move {
        operator = isOther ? OTHER_OPERATOR : OPERATOR;
        _expect("set operator", _try(OWNER, address(vault), abi.encodeCall(vault.setOperator, (operator))), true);
    }

    function setCoordinator(bool isOther) external move {
        coordinator = isOther ? OTHER_COORDINATOR : COORDINATOR;
        bytes memory call = abi.encodeCall(registry.setCoordinator, (coordinator));
        _expect("set coordinator", _try(OWNER, address(registry), call), true);
    }

    /// @dev What each party must not do, the roles among them: whoever tries, it is refused.
    function intrude(uint256 who, uint256 drawn) external move {
        (who, drawn) = (_spread(who), _spread(drawn));
        uint64 epoch = _epochForProofs(drawn >> 64);
        Rules memory rules = hasNext ? next : rulesAt[epoch];
        (Curve.G1 memory point, bytes32[] memory path) = pointOf(drawn % MOST_ROUNDS);
        address[] memory nodes = new address[](1);
        uint32[] memory units = new uint32[](1);
        (nodes[0], units[0]) = (actors[ACTORS - 1], 1);
        uint256 kind = drawn % 16;
        address anybody = _anybody(who);
        address any = who % 3 == 0 ? operator : who % 3 == 1 ? coordinator : OWNER;
        if (kind == 0) _refuse(anybody, address(vault), abi.encodeCall(vault.open, (rules)));
        if (kind == 1) _refuse(anybody, address(vault), abi.encodeCall(vault.setOperator, (anybody)));
        if (kind == 2) _refuse(anybody, address(registry), abi.encodeCall(registry.setCoordinator, (anybody)));
        if (kind == 3) _refuse(anybody, address(registry), abi.encodeCall(registry.begin, (rules)));
        if (kind == 4) _refuse(anybody, address(registry), abi.encodeCall(registry.endRounds, (1)));
        if (kind == 5) _refuse(anybody, address(registry), abi.encodeCall(registry.recordUnits, (nodes, units, point, path)));
        if (kind == 6 && data.length > 0) {
            bytes32 digest = data[who % data.length].digest;
            _refuse(anybody, address(registry), abi.encodeCall(registry.strikeData, (digest, "none")));
        }
        if (kind == 7) _refuse(anybody, address(registry), abi.encodeCall(registry.strikeNode, (nodes[0], "none")));
        if (kind == 8) _refuse(any, address(vault), abi.encodeCall(vault.begin, (terms[epoch].rulesHash)));
        if (kind == 9) _refuse(any, address(vault), abi.encodeCall(vault.end, ()));
        if (kind == 10) _forgeClaim(who, drawn);
        if (kind == 11) _otherRules(epoch, who, drawn);
        if (kind == 12) _otherPoint(drawn >> 8);
        if (kind == 13) _otherRound(rules);
        if (kind == 14) _refuse(any == operator ? OWNER : any, address(vault), abi.encodeCall(vault.open, (rules)));
        if (kind == 15) _refuse(any == coordinator ? OWNER : any, address(registry), abi.encodeCall(registry.endRounds, (1)));
    }

    /// @dev Somebody signs that another one's money goes elsewhere.
    function _forgeClaim(uint256 who, uint256 drawn) private {
        (uint64 epoch, address victim) = _claimant(drawn);
        address thief = _actor(who);
        if (thief == victim) thief = actors[keyOf[victim] == keyOf[actors[0]] ? 1 : 0];
        bytes memory signature = signed(keyOf[thief], claimHash(address(vault), epoch, victim, thief));
        _refuse(thief, address(vault), abi.encodeCall(vault.claimFor, (epoch, victim, thief, signature)));
        bytes memory replayed = signed(keyOf[victim], claimHash(address(registry), epoch, victim, thief));
        _refuse(thief, address(vault), abi.encodeCall(vault.claimFor, (epoch, victim, thief, replayed)));
    }

    /// @dev The best of bundles, under rules of which one word differs.
    function _otherRules(uint64 epoch, uint256 who, uint256 drawn) private {
        bytes memory words = abi.encode(rulesAt[epoch]);
        // Not the epoch's number: it would be another epoch.
        uint256 word = (drawn >> 8) % RulesHash.WORDS;
        if (word == 6) word = 7;
        uint256 last = 32 * word + 31;
        words[last] = words[last] ^ bytes1(uint8(1));
        Rules memory rules = abi.decode(words, (Rules));
        bytes memory bundle = computeBundle(_actor(who), type(uint64).max);
        _refuse(STRANGER, address(vault), abi.encodeCall(vault.submit, (rules, bundle)));
    }

    /// @dev The coordinator records units by another round's point.
    function _otherPoint(uint256 drawn) private {
        (uint64 first,) = _rounds();
        uint256 row = goesOn ? round - first : 0;
        (Curve.G1 memory point, bytes32[] memory path) = pointOf((row + 1 + drawn % (MOST_ROUNDS - 1)) % MOST_ROUNDS);
        address[] memory nodes = new address[](1);
        uint32[] memory units = new uint32[](1);
        // Above all others.
        (nodes[0], units[0]) = (address(type(uint160).max), 1);
        _refuse(coordinator, address(registry), abi.encodeCall(registry.recordUnits, (nodes, units, point, path)));
    }

    /// @dev The operator opens rules that leave out a round, or an epoch, once there is one before.
    function _otherRound(Rules memory rules) private {
        if (begun == 0) return;
        rules = _draw(uint256(rules.terms.endsBy));
        rules.terms.firstRound++;
        _refuse(operator, address(vault), abi.encodeCall(vault.open, (rules)));
        rules.terms.firstRound--;
        rules.terms.epoch++;
        _refuse(operator, address(vault), abi.encodeCall(vault.open, (rules)));
        rules.terms.epoch -= 2;
        _refuse(operator, address(vault), abi.encodeCall(vault.open, (rules)));
    }

    // The end: whoever has a share can have it.

    /// @notice After all deadlines, everything that is due is paid, by nobody's leave.
    function finale() external {
        if (goesOn) {
            uint64 endsBy = rulesAt[FIRST + begun - 1].terms.endsBy;
            if (nowSeconds() < endsBy) vm.warp(endsBy);
            require(_try(STRANGER, address(registry), abi.encodeCall(registry.finish, ())), "nobody can end the epoch");
            _end();
        }
        if (begun == 0) return;
        vm.warp(terms[FIRST + begun - 1].closedUntil + 1);
        // The latest first: earlier ones are settled on the way.
        for (uint64 epoch = FIRST + begun - 1; epoch >= FIRST; epoch--) {
            for (uint256 i = 0; i < ACTORS; i++) {
                address who = actors[i];
                _claim("claim", epoch, who, who, STRANGER, abi.encodeCall(vault.claim, (epoch, who)));
            }
        }
        vault.settle(begun);
        _expectLittleLeft();
    }

    /// @dev What stays is what belongs to later epochs, and less than a unit for each share.
    function _expectLittleLeft() private view {
        ProvingVault.Carried memory carried = vault.carried();
        uint256 later = unassigned + (carried.compute + carried.data) / 10;
        uint256 left = funded - paid - later;
        vm.assertLe(left, 1 + 2 * uint256(begun) * (ACTORS + 1), "more is left than rounding leaves");
    }

    // Steps.

    /// @dev The fuzzer likes small numbers and those that it saw; a move takes several choices from one of them.
    function _spread(uint256 drawn) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(drawn)));
    }

    function _try(address sender, address target, bytes memory call) private returns (bool ok) {
        vm.prank(sender);
        (ok,) = target.call(call);
    }

    function _expect(string memory kind, bool found, bool expected) private {
        if (found && !expected) revert(string.concat("taken, but it had to be refused: ", kind));
        if (!found && expected) revert(string.concat("refused, but it had to be taken: ", kind));
        done[found ? kind : string.concat("refused: ", kind)]++;
    }

    function _refuse(address sender, address target, bytes memory call) private {
        _expect("intruder", _try(sender, target, call), false);
    }

    function _actor(uint256 drawn) private view returns (address) {
        return actors[drawn % ACTORS];
    }

    /// @dev Nobody with a role.
    function _anybody(uint256 drawn) private view returns (address) {
        return drawn % 2 == 0 ? STRANGER : _actor(drawn / 2);
    }
}
