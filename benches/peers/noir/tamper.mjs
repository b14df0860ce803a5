// node tamper.mjs WITNESS nothing|counts|symbol HISTOGRAM: makes a witness false, for `run --check`.
import { acvm } from "@noir-lang/noir_js";
import { readFileSync, writeFileSync } from "node:fs";

const [path, what, histogram] = process.argv.slice(2);
const witness = await acvm.decompressWitness(readFileSync(path));
const number = (value) => BigInt(value.startsWith("0x") ? value : `0x${value}`);
const set = (index, value) => witness.set(index, `0x${value.toString(16).padStart(64, "0")}`);

if (what === "symbol") {
  // Witness 0 is the salt; the symbols follow.
  set(1, number(witness.get(1)) ^ 1n);
} else if (what === "counts") {
  const counts = JSON.parse(histogram).map(number);
  const size = Math.max(...witness.keys());
  let found = 0;
  for (let start = 0; start <= size; start++) {
    if (counts.every((count, t) => witness.has(start + t) && number(witness.get(start + t)) === count)) {
      set(start, counts[0] - 1n);
      set(start + 1, counts[1] + 1n);
      found++;
    }
  }
  if (found === 0) throw new Error("no counts in the witness");
}
writeFileSync(path, await acvm.compressWitness(witness));
