// The scripts of script/ at anvil: what they deploy is what the artifacts say, to the byte, and vault and registry name each other;
// what they refuse; and that errors.json and the standard JSON's constructor arguments fit what is deployed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { AbiCoder, Contract, ContractFactory, Interface, Wallet, ZeroHash, getCreateAddress, id, toBeHex } from "ethers";
import { foundry } from "../scripts/forge.js";
import { root } from "../scripts/solc.js";
import { argumentsIn } from "../scripts/standard-json.js";
import { withAnvil } from "./anvil.js";

const CHAIN_ID = 31337;
// Printable ASCII, as a subnet's name is; TOML has a way to write two of these.
const SUBNET = `a "subnet" of C:\\`;
const TOML_SUBNET = `"a \\"subnet\\" of C:\\\\"`;
const WINDOW = 24 * 60 * 60;

const read = (path) => JSON.parse(readFileSync(new URL(`../artifacts/${path}.json`, import.meta.url), "utf8"));
const errors = new Interface(read("errors"));
// Whose else they are: known to nobody, so that each is found where it was asked for.
const [OPERATOR, COORDINATOR, OWNER, GUARDIAN] = ["operator", "coordinator", "owner", "guardian"].map(
  (name) => new Wallet(id(`fairshare test ${name}`)).address,
);

class World {
  static async create(provider, url) {
    const world = Object.assign(new World(), { provider, url });
    // A key of its own: a script that took forge's default account for the sender would deploy as somebody else.
    world.key = new Wallet(id("fairshare test deployer"), provider);
    await provider.send("anvil_setBalance", [world.key.address, toBeHex(10n ** 21n)]);
    world.token = await world.deploy("test/PlainToken");
    return world;
  }

  async deploy(name, ...args) {
    const { abi, bytecode } = read(name);
    const contract = await new ContractFactory(abi, bytecode, this.key).deploy(...args);
    await contract.waitForDeployment();
    return contract.target;
  }

  at(name, address) {
    return new Contract(address, read(name).abi, this.key);
  }

  // Runs a script with these variables and no others of its own.
  script(file, variables, options) {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, FOUNDRY_BROADCAST: "node_modules/.forge/broadcast", ...variables };
    const line = ["script", `script/${file}.s.sol`, "--rpc-url", this.url, "--non-interactive", ...options];
    const { status, stdout, stderr } = spawnSync(foundry("forge"), line, { cwd: root, env, encoding: "utf8", maxBuffer: 2 ** 28 });
    return { status, stdout, output: stdout + stderr };
  }

  // Runs a script for good, and returns what it printed and the data of its transactions, in order.
  async deployed(file, variables) {
    const [address, before] = [this.key.address, await this.provider.getBlockNumber()];
    const nonce = await this.provider.getTransactionCount(address);
    const ran = this.script(file, variables, ["--broadcast", "--slow", "--private-key", this.key.privateKey]);
    assert.equal(ran.status, 0, ran.output);
    const created = [];
    for (let number = before + 1; number <= (await this.provider.getBlockNumber()); number++) {
      for (const hash of (await this.provider.getBlock(number)).transactions) {
        const { data, to, from } = await this.provider.getTransaction(hash);
        assert.deepEqual([to, from], [null, address]);
        created.push({ data, address: getCreateAddress({ from: address, nonce: nonce + created.length }) });
      }
    }
    return { printed: ran.stdout.split("\n").map((line) => line.trim()), created };
  }

  // A script that ends with this error and sends nothing.
  async refuses(error, file, variables, options = ["--private-key", this.key.privateKey]) {
    const nonce = await this.provider.getTransactionCount(this.key.address);
    const { status, output } = this.script(file, variables, ["--broadcast", ...options]);
    assert.notEqual(status, 0, `${error}: ${output}`);
    assert.ok(output.includes(error), `${error} is not in: ${output}`);
    assert.equal(await this.provider.getTransactionCount(this.key.address), nonce);
  }

  check(vault, variables) {
    return this.script("Deploy", variables, ["--sig", "check(address)", vault]);
  }
}

// The code that creates a contract is its artifact's, followed by these arguments.
function assertCreates(name, { data }, ...args) {
  const { abi, bytecode } = read(name);
  const types = abi.find(({ type }) => type === "constructor").inputs;
  const encoded = AbiCoder.defaultAbiCoder().encode(types, args).slice(2);
  assert.equal(data, `${bytecode}${encoded}`, name);
  // What explorers are told is the same.
  const found = argumentsIn(name, data);
  assert.equal(found.encoded, encoded);
  assert.deepEqual(found.values.map(([, value]) => value), args);
  assert.throws(() => argumentsIn(name, `${data}00`));
  assert.throws(() => argumentsIn(name === "FheTask" ? "FederatedTask" : "FheTask", data), /something else/);
}

async function assertPair(world, task, { verifier, vault, registry }, { owner, operator, coordinator }) {
  const [found, its] = [world.at("ProvingVault", vault), world.at(task, registry)];
  assert.deepEqual(
    [await found.registry(), await its.vault(), await found.verifier(), await found.token(), await found.subnet()],
    [registry, vault, verifier, world.token, id(SUBNET)],
  );
  assert.deepEqual([await found.owner(), await its.owner(), await found.operator()], [owner, owner, operator]);
  assert.equal(await its.coordinator(), coordinator);
}

// Everything by default: a verifier of its own, and the sender in each role.
async function fheTask(world) {
  const me = world.key.address;
  const { printed, created } = await world.deployed("Deploy", { TOKEN: world.token, SUBNET, TASK: "fhe" });
  assert.equal(created.length, 3);
  const [verifier, vault, registry] = created.map(({ address }) => address);
  assertCreates("BundleVerifier", created[0], false);
  assertCreates("ProvingVault", created[1], world.token, registry, verifier, SUBNET, me, me);
  assertCreates("FheTask", created[2], vault, me, me);
  await assertPair(world, "FheTask", { verifier, vault, registry }, { owner: me, operator: me, coordinator: me });
  assert.ok(!printed.some((line) => line.includes("WARNING")));
  assertPrinted(printed, { vault, registry });
  return { verifier, vault, registry };
}

function assertPrinted(printed, { vault, registry }) {
  const from = printed.indexOf("[vault]");
  assert.deepEqual(printed.slice(from, from + 6), [
    "[vault]",
    `chain_id = ${CHAIN_ID}`,
    `address = "${vault}"`,
    `registry = "${registry}"`,
    'settlement = "contract"',
    `subnet = ${TOML_SUBNET}`,
  ]);
}

// A verifier that is there, and others in all roles.
async function federatedTask(world, verifier) {
  const roles = { OWNER, OPERATOR, COORDINATOR };
  const variables = { TOKEN: world.token, SUBNET, TASK: "federated", VERIFIER: verifier, ...roles };
  const { printed, created } = await world.deployed("Deploy", variables);
  assert.equal(created.length, 2);
  const [vault, registry] = created.map(({ address }) => address);
  assertCreates("ProvingVault", created[0], world.token, registry, verifier, SUBNET, OWNER, OPERATOR);
  assertCreates("FederatedTask", created[1], vault, OWNER, COORDINATOR);
  const named = { owner: OWNER, operator: OPERATOR, coordinator: COORDINATOR };
  await assertPair(world, "FederatedTask", { verifier, vault, registry }, named);
  assertPrinted(printed, { vault, registry });
  for (const line of [`operator: ${OPERATOR}`, `coordinator: ${COORDINATOR}`, `owner of the vault: ${OWNER}`]) {
    assert.ok(printed.includes(line), line);
  }
}

async function royaltyVault(world) {
  const roles = { OWNER, OPERATOR, GUARDIAN };
  const variables = { TOKEN: world.token, CHALLENGE_WINDOW: `${WINDOW}`, FIRST_EPOCH: "7", ...roles };
  const { printed, created } = await world.deployed("DeployRoyaltyVault", variables);
  assert.equal(created.length, 1);
  assertCreates("RoyaltyVault", created[0], world.token, OWNER, OPERATOR, GUARDIAN, BigInt(WINDOW), 7n);
  const vault = world.at("RoyaltyVault", created[0].address);
  assert.deepEqual([await vault.guardian(), await vault.openEpoch()], [GUARDIAN, 7n]);
  for (const line of [`address = "${vault.target}"`, 'settlement = "claims"', `guardian: ${GUARDIAN}`]) {
    assert.ok(printed.includes(line), line);
  }
  const same = { ...variables, GUARDIAN: OPERATOR };
  await world.refuses(`RolesMustDiffer(${OPERATOR})`, "DeployRoyaltyVault", same);
  const never = { ...variables, FIRST_EPOCH: `${2n ** 64n}` };
  await world.refuses(`TooLarge("FIRST_EPOCH", ${2n ** 64n}`, "DeployRoyaltyVault", never);
}

// A verifier for development: it is said so.
async function insecureVerifier(world) {
  const variables = { TOKEN: world.token, SUBNET, TASK: "fhe", TAKES_INSECURE: "true" };
  const { printed, created } = await world.deployed("Deploy", variables);
  assertCreates("BundleVerifier", created[0], true);
  assert.ok(printed.some((line) => line.startsWith("WARNING: the verifier takes development parameters")));
}

async function refusals(world, { verifier }) {
  const variables = { TOKEN: world.token, SUBNET, TASK: "fhe" };
  await world.refuses("TaskUnknown(", "Deploy", { ...variables, TASK: "FHE" });
  await world.refuses(`VerifierIsThere(${verifier})`, "Deploy", { ...variables, VERIFIER: verifier, TAKES_INSECURE: "true" });
  await world.refuses("SenderUnknown()", "Deploy", variables, []);
  await world.refuses('environment variable "TOKEN" not found', "Deploy", { SUBNET, TASK: "fhe" });
  await world.refuses(`NoCode(${OWNER})`, "Deploy", { ...variables, TOKEN: OWNER, VERIFIER: verifier });
}

// `check` reads the chain: it finds a pair, and finds out what is not one.
async function checks(world, pair) {
  const found = world.check(pair.vault, { SUBNET });
  assert.equal(found.status, 0, found.output);
  assertPrinted(found.stdout.split("\n").map((line) => line.trim()), pair);
  const me = world.key.address;
  const vaultOf = (registry, verifier) => world.deploy("ProvingVault", world.token, registry, verifier, SUBNET, me, me);
  const other = await vaultOf(pair.registry, pair.verifier);
  const alone = await vaultOf(OWNER, pair.verifier);
  for (const [vault, subnet, error] of [
    [other, SUBNET, `NotAPair(${other}, ${pair.registry}, ${pair.registry}, ${pair.vault})`],
    [alone, SUBNET, `NoCode(${OWNER})`],
    [COORDINATOR, SUBNET, `NoCode(${COORDINATOR})`],
    [pair.vault, "another", 'SubnetDiffers("another")'],
  ]) {
    const { status, output } = world.check(vault, { SUBNET: subnet });
    assert.notEqual(status, 0, error);
    assert.ok(output.includes(`script failed: ${error}`), `${error} is not in: ${output}`);
  }
}

// A client that knows errors.json alone can say why any of the contracts refused.
async function errorsAreTold(world, { verifier, vault, registry }) {
  const [paying, recording] = [world.at("ProvingVault", vault), world.at("FheTask", registry)];
  const token = world.at("test/PlainToken", world.token);
  const verifying = world.at("BundleVerifier", verifier);
  for (const [contract, method, args, error] of [
    [paying, "claim", [1n, OWNER], "NotOpen"],
    [paying.connect(await world.provider.getSigner(0)), "setOperator", [OWNER], "OwnableUnauthorizedAccount"],
    [recording, "finish", [], "NoEpoch"],
    [recording, "recordNode", [OWNER, [0n, 0n], []], "NoEpoch"],
    [verifying, "registerOpenings", ["0x00"], "OpeningsRefused"],
    [verifying, "recordSegments", [ZeroHash, ZeroHash, [], "0x"], "UnknownOpenings"],
    [token, "transfer", [OWNER, 1n], "ERC20InsufficientBalance"],
  ]) {
    const data = contract.interface.encodeFunctionData(method, args);
    const from = contract.runner.address;
    const refusal = await world.provider.send("eth_call", [{ from, to: contract.target, data }, "latest"]).then(
      () => assert.fail(`${method} is taken`),
      (failure) => failure.info?.error?.data ?? failure.error?.data ?? failure.data,
    );
    assert.equal(errors.parseError(refusal)?.name, error, method);
  }
}

const started = Date.now();
await withAnvil(async (provider, url) => {
  const world = await World.create(provider, url);
  const pair = await fheTask(world);
  await federatedTask(world, pair.verifier);
  await insecureVerifier(world);
  await royaltyVault(world);
  await refusals(world, pair);
  await checks(world, pair);
  await errorsAreTold(world, pair);
});
console.log(`deploy: what the scripts deploy is as it should be, in ${((Date.now() - started) / 1000).toFixed(1)} s`);
