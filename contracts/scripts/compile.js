// Compiles the contracts with the solc of package-lock.json and writes the artifacts, or, with --check, compares the
// committed ones with what the sources give. No hash of the metadata enters the bytecode, so it depends on nothing but
// the code, the compiler and the settings below.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import solc from "solc";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
// Through the intermediate representation: the verifier has more variables than the stack has room for, and all its assembly is
// memory-safe, so that the compiler may keep some of them in memory.
const settings = { evmVersion: "cancun", viaIR: true, optimizer: { enabled: true, runs: 200, details: { constantOptimizer: false } }, metadata: { bytecodeHash: "none" } };
const gates = readdirSync(join(root, "solidity/gates")).map((file) => file.replace(".sol", ""));
// Contract by contract: its source, and the folder of its artifact.
const contracts = {
  RoyaltyVault: ["solidity/RoyaltyVault.sol", "artifacts"],
  BundleVerifier: ["solidity/BundleVerifier.sol", "artifacts"],
  ...Object.fromEntries(gates.map((name) => [name, [`solidity/gates/${name}.sol`, "artifacts/gates"]])),
  Harness: ["tests/verifier/Harness.sol", "artifacts/test"],
  PlainToken: ["tests/tokens/PlainToken.sol", "artifacts/test"],
  FeeToken: ["tests/tokens/FeeToken.sol", "artifacts/test"],
  ReentrantToken: ["tests/tokens/ReentrantToken.sol", "artifacts/test"],
  SilentToken: ["tests/tokens/SilentToken.sol", "artifacts/test"],
};
const folders = ["artifacts", "artifacts/gates", "artifacts/test"];

// A file of ours, or of a package.
function read(path) {
  const own = join(root, path);
  return readFileSync(existsSync(own) ? own : join(root, "node_modules", path), "utf8");
}

function compile() {
  const paths = Object.values(contracts).map(([source]) => source);
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
  for (const message of messages) console.error(message.formattedMessage);
  if (messages.length > 0) throw new Error("the compiler has something to say: mend it, warnings too");
  return output.contracts;
}

function artifacts() {
  const compiled = compile();
  const files = new Map();
  for (const [name, [source, folder]] of Object.entries(contracts)) {
    const { abi, evm } = compiled[source][name];
    const artifact = { contract: name, source, compiler: solc.version(), settings, abi, bytecode: `0x${evm.bytecode.object}` };
    files.set(`${folder}/${name}.json`, `${JSON.stringify(artifact, null, 2)}\n`);
  }
  return files;
}

function committed() {
  const list = (folder) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${folder}/${entry.name}`);
  return folders.flatMap(list);
}

function check(files) {
  const differing = [...files].filter(([path, text]) => {
    try {
      return readFileSync(join(root, path), "utf8") !== text;
    } catch {
      return true;
    }
  });
  const faults = [
    ...differing.map(([path]) => `${path} is not what its source gives`),
    ...committed().filter((path) => !files.has(path)).map((path) => `${path} has no source`),
  ];
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) {
    console.error("run `npm run build` and commit what it writes");
    process.exit(1);
  }
  console.log(`${files.size} artifacts are what their sources give (${solc.version()})`);
}

function write(files) {
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  for (const [path, text] of files) writeFileSync(join(root, path), text);
  console.log(`wrote ${files.size} artifacts (${solc.version()})`);
}

const files = artifacts();
if (process.argv.includes("--check")) check(files);
else write(files);
