// Takes each check out of the contracts, by tests/mutants/list.json, and sees that the test named there fails without it. A
// mutant's test is in the test binary `suite`, the verifier's where none is named; what a suite deploys stands in solc.js. A
// mutant with a reason (`why`) in the place of a test cannot be told from the original by anything that somebody can send.
// With --list it only sees that every mutant is one: its text stands once in the sources. With numbers or names of suites it
// tries those.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root, suiteWith, suites } from "./solc.js";

const list = JSON.parse(readFileSync(join(root, "tests/mutants/list.json"), "utf8"));
const mutants = list.map((mutant, index) => ({ index, suite: "verifier", ...mutant }));
const read = (file) => readFileSync(join(root, "solidity", file), "utf8");

for (const { index, file, from, suite, test, why } of mutants) {
  const times = read(file).split(from).length - 1;
  if (times !== 1) throw new Error(`mutant ${index}: its text stands ${times} times in ${file}`);
  if (!test === !why) throw new Error(`mutant ${index}: a test or a reason, one of them`);
  if (!suites[suite]) throw new Error(`mutant ${index}: no suite is called ${suite}`);
}
const testable = mutants.filter(({ test }) => test);

// A test that was renamed would catch nothing: each stands in its suite's sources.
function sources(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  const text = ({ name }) => (name.endsWith(".rs") ? readFileSync(join(folder, name), "utf8") : "");
  return entries.map((entry) => (entry.isDirectory() ? sources(join(folder, entry.name)) : text(entry))).join("");
}
const texts = Object.fromEntries(Object.keys(suites).map((suite) => [suite, sources(join(root, "tests", suite))]));
for (const { index, suite, test } of testable) {
  if (!texts[suite].includes(`fn ${test.split("::").at(-1)}()`)) throw new Error(`mutant ${index}: no test is called ${test}`);
}
const explained = mutants.length - testable.length;
console.log(`${mutants.length} mutants fit the sources: ${testable.length} have a test that is to catch them, ${explained} are explained`);
if (process.argv.includes("--list")) process.exit(0);

const chosen = process.argv.slice(2);
const isChosen = ({ index, suite }) => chosen.length === 0 || chosen.includes(`${index}`) || chosen.includes(suite);
const tried = testable.filter(isChosen);
const known = new Set(testable.flatMap(({ index, suite }) => [`${index}`, suite]));
const unknown = chosen.filter((name) => !known.has(name));
if (unknown.length > 0) throw new Error(`no mutant to be caught and no suite is called ${unknown.join(", ")}`);
const cargo = (suite) => ["test", "--release", "--workspace", "--test", suite, "--quiet", "--"];
// A test that fails without any mutant shows nothing.
for (const suite of new Set(tried.map(({ suite }) => suite))) {
  execFileSync("cargo", cargo(suite), { stdio: "inherit", cwd: join(root, "..") });
}
const folder = mkdtempSync(join(tmpdir(), "fairshare-mutants-"));
const survivors = [];
for (const { index, suite, file, from, to, test } of tried) {
  const mutant = read(file).replace(from, () => to);
  // Nothing is left of the mutant before: the tests take a contract that is not there from the committed artifacts.
  rmSync(folder, { recursive: true, force: true });
  for (const [path, text] of suiteWith(suite, `solidity/${file}`, mutant)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const env = { ...process.env, FAIRSHARE_ARTIFACTS: join(folder, "artifacts") };
  const { status } = spawnSync("cargo", [...cargo(suite), "--exact", test], { env, cwd: join(root, "..") });
  if (status === 0) survivors.push(index);
  console.log(`${index} ${status === 0 ? "SURVIVED" : "caught"}: ${test}`);
}
rmSync(folder, { recursive: true });
if (survivors.length > 0) {
  console.error(`not caught: ${survivors.join(", ")}`);
  process.exit(1);
}
