// Builds the contracts with forge, and fails where the code to create one differs from that of its committed artifact by a byte.
// So artifacts/ has two witnesses: scripts/compile.js, which wrote it, and a tool that finds sources, imports and settings by
// itself. The compiler is the same.
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { forge } from "./forge.js";
import { deployed, root } from "./solc.js";

const read = (path) => JSON.parse(readFileSync(resolve(root, path), "utf8"));

// The first byte that differs, counted from 0; the shorter one's length if it is the beginning of the other.
function firstDifference(one, other) {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  return at;
}

forge(["build", "solidity", "--quiet"]);
const { out } = JSON.parse(forge(["config", "--json"], ["ignore", "pipe", "inherit"]));
const bytes = (text) => Buffer.from(text.slice(2), "hex");
const faults = [];
for (const [name, [source, folder]] of Object.entries(deployed)) {
  const committed = bytes(read(`${folder}/${name}.json`).bytecode);
  const built = bytes(read(`${out}/${basename(source)}/${name}.json`).bytecode.object);
  if (!committed.equals(built)) {
    const sizes = `${committed.length} bytes committed, ${built.length} built`;
    faults.push(`${name}: ${sizes}; byte ${firstDifference(committed, built)} differs`);
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`forge builds ${Object.keys(deployed).length} contracts to the byte of their artifacts`);
