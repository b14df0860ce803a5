// Takes each check out of the verifier, by tests/mutants/list.json, and sees that the test named there fails without it.
// A mutant with a reason (`why`) in the place of a test cannot be told from the original by any bundle that somebody can
// make. With --list it only sees that every mutant is one: its text stands once in the sources. With a number it tries
// that one, with several those.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root, verifierWith } from "./solc.js";

const mutants = JSON.parse(readFileSync(join(root, "tests/mutants/list.json"), "utf8"));
const read = (file) => readFileSync(join(root, "solidity", file), "utf8");

for (const [index, { file, from, test, why }] of mutants.entries()) {
  const times = read(file).split(from).length - 1;
  if (times !== 1) throw new Error(`mutant ${index}: its text stands ${times} times in ${file}`);
  if (!test === !why) throw new Error(`mutant ${index}: a test or a reason, one of them`);
}
const tried = mutants.filter(({ test }) => test).length;
console.log(`${mutants.length} mutants: ${tried} to be caught by a test, ${mutants.length - tried} explained`);
if (process.argv.includes("--list")) process.exit(0);

const cargo = ["test", "--release", "--workspace", "--test", "verifier", "--quiet", "--"];
// A test that fails without any mutant shows nothing.
execFileSync("cargo", cargo, { stdio: "inherit", cwd: join(root, "..") });
const folder = mkdtempSync(join(tmpdir(), "fairshare-mutants-"));
const chosen = process.argv.slice(2);
const survivors = [];
for (const [index, { file, from, to, test }] of mutants.entries()) {
  if (!test || (chosen.length > 0 && !chosen.includes(`${index}`))) continue;
  const mutant = read(file).replace(from, () => to);
  for (const [path, text] of verifierWith(`solidity/${file}`, mutant)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const env = { ...process.env, FAIRSHARE_ARTIFACTS: join(folder, "artifacts") };
  const { status } = spawnSync("cargo", [...cargo, "--exact", test], { env, cwd: join(root, "..") });
  if (status === 0) survivors.push(index);
  console.log(`${index} ${status === 0 ? "SURVIVED" : "caught"}: ${test}`);
}
rmSync(folder, { recursive: true });
if (survivors.length > 0) {
  console.error(`not caught: ${survivors.join(", ")}`);
  process.exit(1);
}
