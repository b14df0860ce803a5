// Source verification: writes the input that gives a contract's bytecode, as solc's "standard JSON", and the arguments of its constructor.
//
//   node scripts/standard-json.js [CONTRACT...] [--out FOLDER]
//   node scripts/standard-json.js CONTRACT --created-by TRANSACTION --rpc URL [--out FOLDER]
//   node scripts/standard-json.js --check [CONTRACT...]
//
// With --created-by it also reads the transaction that created the contract. Its data has to begin with the artifact's bytecode;
// what follows are the constructor's arguments, which explorers ask for. With --check it compiles each input as it would be written,
// and fails if the bytecode differs from the artifact's.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { AbiCoder, JsonRpcProvider } from "ethers";
import solc from "solc";
import { deployed, root, standardInput } from "./solc.js";

const DEFAULT_FOLDER = "node_modules/.standard-json";
// Contracts that somebody deploys; the verifier's evaluators are created by its constructor, and it holds their sources.
const chosenByDefault = Object.keys(deployed).filter((name) => deployed[name][1] === "artifacts");

const artifact = (name) => JSON.parse(readFileSync(join(root, deployed[name][1], `${name}.json`), "utf8"));
const text = (input) => `${JSON.stringify(input, null, 2)}\n`;

// Whether an input, as text, gives the bytecode of the artifact, to the byte. No import is read from anywhere: the input is whole.
export function gives(name, input) {
  const output = JSON.parse(solc.compile(input));
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(`${name}: ${errors[0].formattedMessage}`);
  const { source, bytecode } = artifact(name);
  return `0x${output.contracts[source][name].evm.bytecode.object}` === bytecode;
}

// The constructor's arguments in the data of the transaction that created a contract, as hexadecimal digits.
export function argumentsIn(name, data) {
  const { abi, bytecode } = artifact(name);
  if (!data.startsWith(bytecode)) throw new Error(`this transaction created something else than ${name} of artifacts/`);
  const encoded = data.slice(bytecode.length);
  const types = abi.find(({ type }) => type === "constructor")?.inputs ?? [];
  const coder = AbiCoder.defaultAbiCoder();
  const values = coder.decode(types, `0x${encoded}`);
  if (coder.encode(types, [...values]) !== `0x${encoded}`) throw new Error(`these are not the arguments of ${name} alone`);
  return { encoded, values: types.map(({ name }, index) => [name, values[index]]) };
}

export const inputText = (name) => text(standardInput(name));

async function creation(url, hash) {
  const provider = new JsonRpcProvider(url);
  try {
    const transaction = await provider.getTransaction(hash);
    if (transaction === null) throw new Error(`the node knows no transaction ${hash}`);
    if (transaction.to !== null) throw new Error(`${hash} creates no contract: it is sent to ${transaction.to}`);
    return transaction.data;
  } finally {
    provider.destroy();
  }
}

function check(names) {
  const faults = names.filter((name) => !gives(name, inputText(name)));
  for (const name of faults) console.error(`${name}: its standard JSON gives other bytecode than its artifact has`);
  if (faults.length > 0) process.exit(1);
  console.log(`${names.length} standard JSON inputs give the bytecode of their artifacts`);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      check: { type: "boolean" },
      out: { type: "string", default: join(root, DEFAULT_FOLDER) },
      "created-by": { type: "string" },
      rpc: { type: "string" },
    },
  });
  const unknown = positionals.filter((name) => !Object.hasOwn(deployed, name));
  if (unknown.length > 0) throw new Error(`no contract is called ${unknown.join(", ")}: ${Object.keys(deployed).join(", ")}`);
  const names = positionals.length > 0 ? positionals : chosenByDefault;
  if (values.check) return check(names);
  const folder = resolve(values.out);
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const path = join(folder, `${name}.json`);
    writeFileSync(path, inputText(name));
    // As explorers list it.
    const version = artifact(name).compiler.replace(/^(\d+\.\d+\.\d+\+commit\.[0-9a-f]+).*$/, "v$1");
    console.log(`${path}: ${deployed[name][0]}:${name}, solc ${version}`);
  }
  const transaction = values["created-by"];
  if (transaction === undefined) return;
  if (names.length !== 1 || values.rpc === undefined) throw new Error("--created-by takes one contract, and --rpc");
  const { encoded, values: decoded } = argumentsIn(names[0], await creation(values.rpc, transaction));
  const path = join(folder, `${names[0]}.arguments.txt`);
  writeFileSync(path, `${encoded}\n`);
  console.log(`${path}: ${decoded.map(([name, value]) => `${name} ${value}`).join(", ") || "no arguments"}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
