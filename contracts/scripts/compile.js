// Writes the artifacts, or, with --check, compares the committed ones with what the sources give.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { artifacts, folders, root } from "./solc.js";

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
  console.log(`${files.size} artifacts are what their sources give`);
}

function write(files) {
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  for (const [path, text] of files) writeFileSync(join(root, path), text);
  console.log(`wrote ${files.size} artifacts`);
}

const files = artifacts();
if (process.argv.includes("--check")) check(files);
else write(files);
