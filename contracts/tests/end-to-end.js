// The vault on a real JSON-RPC node: real transactions, proofs made by OpenZeppelin's own library, the committed
// bytecode. The finer properties are tested in Rust; this shows that the standard tools agree with each other.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { Contract, ContractFactory, ZeroHash, id } from "ethers";
import { withNode } from "./node.js";

const LIMIT_MS = 120_000;
const WINDOW = 24 * 60 * 60;
const GAS = 2_000_000n;
const RULES = id("the rules");
const ARCHIVE = [id("the archive"), "https://archives.example/epoch.tar"];
const LEAF = ["uint256", "address", "uint256", "bytes32", "address", "uint256"];

const load = (name) => JSON.parse(readFileSync(new URL(`../artifacts/${name}.json`, import.meta.url), "utf8"));

class World {
  static async create(provider) {
    const world = new World();
    world.provider = provider;
    const names = ["owner", "operator", "guardian", "funder", "alice", "bob", "carol", "stranger"];
    for (const [index, name] of names.entries()) world[name] = await provider.getSigner(index);
    world.chainId = (await provider.getNetwork()).chainId;
    world.token = await world.deploy("test/PlainToken");
    world.vault = await world.deployVault(world.token);
    await sent(world.token.mint(world.funder.address, 1_000_000n));
    await sent(world.token.connect(world.funder).approve(world.vault.target, 1_000_000n));
    return world;
  }

  async deploy(name, ...args) {
    const { abi, bytecode } = load(name);
    const contract = await new ContractFactory(abi, bytecode, this.owner).deploy(...args);
    await contract.waitForDeployment();
    return new Contract(contract.target, abi, this.owner);
  }

  deployVault(token) {
    const roles = [this.owner, this.operator, this.guardian].map((signer) => signer.address);
    return this.deploy("RoyaltyVault", token.target, ...roles, WINDOW, 1n);
  }

  as(signer) {
    return this.vault.connect(signer);
  }

  // `claims` is a list of [signer, cumulative amount]; amounts go in as decimal strings, as a settlement's file has them.
  tree(epoch, claims, { chainId = this.chainId, vault = this.vault.target, rules = RULES } = {}) {
    const values = claims.map(([who, amount]) => [chainId, vault, epoch, rules, who.address, `${amount}`]);
    return StandardMerkleTree.of(values, LEAF);
  }

  proof(tree, who) {
    for (const [index, value] of tree.entries()) if (value[4] === who.address) return tree.getProof(index);
    throw new Error("no such claim");
  }

  claim(tree, epoch, who, amount, submitter = this.stranger) {
    return this.as(submitter).claim(epoch, who.address, amount, this.proof(tree, who), { gasLimit: GAS });
  }

  async passWindow() {
    await this.provider.send("evm_increaseTime", [WINDOW]);
    await this.provider.send("evm_mine", []);
  }

  async holdsTheBooks() {
    const [balance, funded, paid] = await Promise.all([
      this.token.balanceOf(this.vault.target),
      this.vault.totalFunded(),
      this.vault.totalClaimed(),
    ]);
    assert.equal(balance, funded - paid);
  }
}

const gas = {};

async function sent(promise, label) {
  const receipt = await (await promise).wait();
  assert.equal(receipt.status, 1);
  if (label !== undefined) gas[label] = receipt.gasUsed;
  return receipt;
}

// Refused for this reason when asked, and mined as failed when sent all the same.
async function refused(contract, method, args, error) {
  await assert.rejects(contract[method].staticCall(...args), (failure) => {
    assert.equal(failure.revert?.name, error, failure.message);
    return true;
  });
  const response = await contract[method](...args, { gasLimit: GAS });
  await assert.rejects(response.wait(), (failure) => failure.receipt?.status === 0);
}

async function epochOne(world) {
  const { alice, bob, vault, token } = world;
  await sent(world.as(world.funder).fund(1n, 1_000n), "fund, the first time");
  const tree = world.tree(1n, [[alice, 600n], [bob, 300n]]);
  const leaf = [world.chainId, vault.target, 1n, RULES, alice.address, 600n];
  assert.equal(await vault.leaf(1n, RULES, alice.address, 600n), tree.leafHash(leaf));

  await refused(world.as(alice), "post", [1n, tree.root, RULES, 900n, ...ARCHIVE], "NotOperator");
  await refused(world.as(world.operator), "post", [1n, ZeroHash, RULES, 900n, ...ARCHIVE], "ZeroRoot");
  await refused(world.as(world.operator), "post", [1n, tree.root, RULES, 1_001n, ...ARCHIVE], "Underfunded");
  await sent(world.as(world.operator).post(1n, tree.root, RULES, 900n, ...ARCHIVE), "post");

  const [posted] = await vault.queryFilter(vault.filters.RootPosted(1n));
  assert.deepEqual([posted.args.archiveHash, posted.args.archivePlace], ARCHIVE);

  const early = [1n, alice.address, 600n, world.proof(tree, alice)];
  await refused(world.as(alice), "claim", early, "RootNotActive");
  await world.passWindow();
  await refused(world.as(world.guardian), "veto", [1n, tree.root], "ChallengeWindowOver");
  await sent(world.claim(tree, 1n, alice, 600n), "claim, first of an epoch (records the root as active)");
  assert.equal(await token.balanceOf(alice.address), 600n);
  await refused(world.as(alice), "claim", early, "NothingToClaim");
  await refused(world.as(bob), "claim", [1n, bob.address, 301n, world.proof(tree, bob)], "InvalidProof");
  await refused(world.as(bob), "claim", [1n, bob.address, 300n, world.proof(tree, alice)], "InvalidProof");
  await refused(world.as(world.operator), "post", [1n, id("another root"), RULES, 900n, ...ARCHIVE], "EpochClosed");
  return tree;
}

async function epochTwo(world, first) {
  const { alice, bob, carol, token } = world;
  await sent(world.as(world.funder).fund(2n, 900n), "fund, first of an epoch");
  const bad = world.tree(2n, [[alice, 1_900n]]);
  await sent(world.as(world.operator).post(2n, bad.root, RULES, 1_900n, ...ARCHIVE));
  await refused(world.as(world.stranger), "veto", [2n, bad.root], "NotGuardian");
  await sent(world.as(world.guardian).veto(2n, bad.root), "veto");

  const claims = [[alice, 900n], [bob, 500n], [carol, 500n]];
  const tree = world.tree(2n, claims);
  await sent(world.as(world.operator).post(2n, tree.root, RULES, 1_900n, ...ARCHIVE));
  await sent(world.as(world.operator).post(2n, tree.root, RULES, 1_900n, ...ARCHIVE), "post, replacing a pending root");
  await world.passWindow();
  await sent(world.vault.activate(), "activate");

  await sent(world.claim(first, 1n, bob, 300n), "claim under the epoch before");
  // Bob is in the batch twice, and is paid once.
  const batch = [[alice, 900n], [bob, 500n], [bob, 500n]].map(([who, amount]) => [who.address, amount, world.proof(tree, who)]);
  const { blockNumber } = await sent(world.as(world.stranger).claimMany(2n, batch), "claimMany of two");
  const passed = await world.vault.queryFilter("ClaimPassedOver", blockNumber);
  const { name } = world.vault.interface.parseError(passed[0].args.reason);
  assert.deepEqual([passed.length, passed[0].args.contributor, name], [1, bob.address, "NothingToClaim"]);
  assert.equal(await token.balanceOf(bob.address), 500n);
  assert.equal(await token.balanceOf(alice.address), 900n);
  assert.equal(await token.balanceOf(world.stranger.address), 0n);
  return tree;
}

// What was left of a window when a pause began is left when it ends.
async function pauseInAWindow(world) {
  const { vault, provider } = world;
  const root = id("a root that is struck out");
  await sent(world.as(world.operator).post(3n, root, RULES, 1_900n, ...ARCHIVE));
  const { blockNumber: paused } = await sent(vault.pause(), "pause");
  await refused(world.as(world.operator), "post", [3n, root, RULES, 1_900n, ...ARCHIVE], "EnforcedPause");
  await world.passWindow();
  const { blockNumber: ended } = await sent(vault.unpause(), "unpause, with a root pending");
  const [from, to] = await Promise.all([paused, ended].map(async (number) => (await provider.getBlock(number)).timestamp));
  const [posted] = await vault.queryFilter(vault.filters.RootPosted(3n));
  const { activeAt } = await vault.pendingRoot();
  assert.equal(activeAt, posted.args.activeAt + BigInt(to - from));
  await sent(world.as(world.guardian).veto(3n, root));
}

async function pauseAndRest(world, tree) {
  const { carol, owner, stranger, token, vault } = world;
  await refused(world.as(stranger), "pause", [], "OwnableUnauthorizedAccount");
  await sent(vault.pause());
  const args = [2n, carol.address, 500n, world.proof(tree, carol)];
  await refused(world.as(carol), "claim", args, "EnforcedPause");
  await refused(vault, "renounceOwnership", [], "CannotRenounceWhilePaused");
  await sent(vault.unpause());
  await sent(world.claim(tree, 2n, carol, 500n), "claim");
  assert.equal(await token.balanceOf(carol.address), 500n);
  assert.equal(await token.balanceOf(vault.target), 0n);
  await sent(vault.transferOwnership(stranger.address));
  assert.equal(await vault.owner(), owner.address);
  await sent(world.as(stranger).acceptOwnership());
  assert.equal(await vault.owner(), stranger.address);
}

// The same claims made out to another vault or chain are worth nothing here.
async function otherPlaces(world) {
  const other = await world.deployVault(world.token);
  await sent(world.as(world.funder).fund(3n, 100n));
  const claims = [[world.alice, 1_000n], [world.bob, 500n], [world.carol, 500n]];
  for (const place of [{ vault: other.target }, { chainId: world.chainId + 1n }, { rules: id("other rules") }]) {
    const epoch = await world.vault.openEpoch();
    const tree = world.tree(epoch, claims, place);
    await sent(world.as(world.operator).post(epoch, tree.root, RULES, 2_000n, ...ARCHIVE));
    await world.passWindow();
    await sent(world.vault.activate());
    const args = [epoch, world.alice.address, 1_000n, world.proof(tree, world.alice)];
    await refused(world.as(world.alice), "claim", args, "InvalidProof");
  }
}

async function feeToken(world) {
  const token = await world.deploy("test/FeeToken");
  const vault = await world.deployVault(token);
  await sent(token.mint(world.owner.address, 1_000n));
  await sent(token.approve(vault.target, 1_000n));
  await refused(vault, "fund", [1n, 1_000n], "UnexpectedDelivery");
}

const started = Date.now();
await withNode(LIMIT_MS, async (provider) => {
  const world = await World.create(provider);
  const first = await epochOne(world);
  await world.holdsTheBooks();
  const second = await epochTwo(world, first);
  await world.holdsTheBooks();
  await pauseInAWindow(world);
  await pauseAndRest(world, second);
  await world.holdsTheBooks();
  await otherPlaces(world);
  await world.holdsTheBooks();
  await feeToken(world);
});
for (const [label, used] of Object.entries(gas)) console.log(`${used}`.padStart(8), "gas:", label);
console.log(`end to end: all as it should be, in ${((Date.now() - started) / 1000).toFixed(1)} s`);
