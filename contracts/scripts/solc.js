// The contracts, compiled with the solc of package-lock.json. No hash of the metadata enters the bytecode, so it depends on
// nothing but the code, the compiler and the settings below.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ErrorFragment } from "ethers";
import solc from "solc";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
// Through the intermediate representation: the verifier has more variables than the stack has room for, and all its assembly is
// memory-safe, so that the compiler may keep some of them in memory. The moduli are constants of 32 bytes: the optimizer of
// constants would load them from the code each time, in loops, to save bytes.
export const settings = {
  evmVersion: "cancun",
  viaIR: true,
  optimizer: { enabled: true, runs: 200, details: { constantOptimizer: false } },
  metadata: { bytecodeHash: "none" },
};
const gates = readdirSync(join(root, "solidity/gates")).map((file) => file.replace(".sol", ""));
// Contract by contract: its source, and the folder of its artifact.
const contracts = {
  RoyaltyVault: ["solidity/RoyaltyVault.sol", "artifacts"],
  BundleVerifier: ["solidity/BundleVerifier.sol", "artifacts"],
  ProvingVault: ["solidity/ProvingVault.sol", "artifacts"],
  FheTask: ["solidity/tasks/FheTask.sol", "artifacts"],
  FederatedTask: ["solidity/tasks/FederatedTask.sol", "artifacts"],
  ...Object.fromEntries(gates.map((name) => [name, [`solidity/gates/${name}.sol`, "artifacts/gates"]])),
  Harness: ["tests/verifier/Harness.sol", "artifacts/test"],
  Payer: ["tests/verifier/Payer.sol", "artifacts/test"],
  SaidVerifier: ["tests/settling/SaidVerifier.sol", "artifacts/test"],
  OwnTask: ["tests/settling/OwnTask.sol", "artifacts/test"],
  LyingRegistry: ["tests/settling/LyingRegistry.sol", "artifacts/test"],
  WalletOf: ["tests/settling/WalletOf.sol", "artifacts/test"],
  RebasingToken: ["tests/tokens/RebasingToken.sol", "artifacts/test"],
  PlainToken: ["tests/tokens/PlainToken.sol", "artifacts/test"],
  FreezingToken: ["tests/tokens/FreezingToken.sol", "artifacts/test"],
  FeeToken: ["tests/tokens/FeeToken.sol", "artifacts/test"],
  ReentrantToken: ["tests/tokens/ReentrantToken.sol", "artifacts/test"],
  SilentToken: ["tests/tokens/SilentToken.sol", "artifacts/test"],
};
// Test binary by test binary: the contracts that it deploys and whose mutants it is to catch.
export const suites = {
  verifier: ["BundleVerifier", "Harness", ...gates],
  vault: ["RoyaltyVault"],
  settling: ["ProvingVault", "FheTask", "FederatedTask"],
};
// The union of all errors: those of the contracts that are deployed, and the token's, by the standard that tokens keep to.
export const errorsFile = "artifacts/errors.json";
const TOKEN_ERRORS = ["@openzeppelin/contracts/interfaces/draft-IERC6093.sol", "IERC20Errors"];
export const folders = ["artifacts", "artifacts/gates", "artifacts/test"];

// The contracts that are deployed: all but those of tests.
export const deployed = Object.fromEntries(Object.entries(contracts).filter(([, [, folder]]) => folder !== "artifacts/test"));

// A file of ours, or of a package.
export function read(path) {
  const own = join(root, path);
  return readFileSync(existsSync(own) ? own : join(root, "node_modules", path), "utf8");
}

function compile(chosen, read) {
  const paths = Object.values(chosen).map(([source]) => source);
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(paths.map((path) => [path, { content: read(path) }])),
    settings: { ...settings, outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } } },
  };
  const findImport = (path) => ({ contents: read(path) });
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: findImport }));
  // OpenZeppelin's own files are its own to mend: of those, errors alone count (the compiler warns of the transient
  // storage in its reentrancy guard, which the guard clears as the warning asks).
  const theirs = (message) => message.sourceLocation?.file.startsWith("@openzeppelin/");
  const messages = (output.errors ?? []).filter((message) => message.severity === "error" || !theirs(message));
  return { messages, compiled: output.contracts };
}

// The artifacts by path, and what the compiler has to say.
function build(chosen, read) {
  const { messages, compiled } = compile(chosen, read);
  const files = new Map();
  for (const [name, [source, folder]] of Object.entries(chosen)) {
    const contract = compiled?.[source]?.[name];
    if (!contract) continue;
    const { abi, evm } = contract;
    const artifact = { contract: name, source, compiler: solc.version(), settings, abi, bytecode: `0x${evm.bytecode.object}` };
    files.set(`${folder}/${name}.json`, `${JSON.stringify(artifact, null, 2)}\n`);
  }
  return { messages, files, compiled };
}

// The artifacts of all contracts, and their errors.
export function artifacts() {
  const { messages, files, compiled } = build(contracts, read);
  for (const message of messages) console.error(message.formattedMessage);
  if (messages.length > 0) throw new Error("the compiler has something to say: mend it, warnings too");
  const named = [...Object.entries(deployed).map(([name, [source]]) => [source, name]), TOKEN_ERRORS];
  const errors = union(named.map(([source, name]) => compiled[source][name].abi));
  files.set(errorsFile, `${JSON.stringify(errors, null, 2)}\n`);
  return files;
}

// The errors of all these interfaces as one, by name: each signature once. A call may end in an error of vault, registry, verifier or
// token, and whoever decodes it does not know of which.
export function union(interfaces) {
  const bySignature = new Map();
  const bySelector = new Map();
  for (const error of interfaces.flat().filter(({ type }) => type === "error")) {
    const { selector, name, inputs } = ErrorFragment.from(error);
    const signature = `${name}(${inputs.map(({ type }) => type).join(",")})`;
    const other = bySelector.get(selector);
    if (other !== undefined && other !== signature) throw new Error(`${signature} and ${other} have one selector`);
    bySelector.set(selector, signature);
    if (!bySignature.has(signature)) bySignature.set(signature, error);
  }
  return [...bySignature].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, error]) => error);
}

// The files that a source is made of: itself, and what it imports.
function parts(path, found = new Set()) {
  if (found.has(path)) return found;
  found.add(path);
  // An import may take several lines.
  for (const [, imported] of read(path).matchAll(/^import [^;]*"([^"]+)";$/gm)) {
    parts(imported.startsWith(".") ? join(dirname(path), imported) : imported, found);
  }
  return found;
}

// The input that gives a contract's artifact: of the sources those that the contract is made of, and its own output alone.
export function standardInput(name) {
  const [source] = deployed[name];
  const sources = Object.fromEntries([...parts(source)].sort().map((path) => [path, { content: read(path) }]));
  const outputs = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "metadata"];
  return { language: "Solidity", sources, settings: { ...settings, outputSelection: { [source]: { [name]: outputs } } } };
}

// The artifacts of those of a suite's contracts that one of the sources is part of, with another text in its place, of which the
// compiler may warn.
export function suiteWith(suite, path, text) {
  const affected = suites[suite].filter((name) => parts(contracts[name][0]).has(path));
  const chosen = Object.fromEntries(affected.map((name) => [name, contracts[name]]));
  const { messages, files } = build(chosen, (other) => (other === path ? text : read(other)));
  const errors = messages.filter((message) => message.severity === "error");
  if (errors.length > 0) throw new Error(errors[0].formattedMessage);
  return files;
}
