#!/usr/bin/env node
// forge, with its exit status. The package's own launcher (`npx forge`, of 1.7.1) ends with 0 whatever the program ends with, so
// that no test would ever fail: this runs the program itself.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./solc.js";

// One of Foundry's programs, as npm installs it for this machine.
export function foundry(name) {
  const machine = { x64: "amd64", arm64: "arm64" }[process.arch];
  const file = process.platform === "win32" ? `${name}.exe` : name;
  const program = join(root, `node_modules/@foundry-rs/${name}-${process.platform}-${machine}/bin/${file}`);
  if (!existsSync(program)) throw new Error(`no ${name} for ${process.platform}, ${process.arch}: run \`npm ci\``);
  return program;
}

// Runs forge; `stdio` as Node.js has it. Throws if it fails.
export function forge(options, stdio = "inherit") {
  const program = foundry("forge");
  const { status, error, stdout } = spawnSync(program, options, { cwd: root, stdio, maxBuffer: 2 ** 28 });
  if (error) throw error;
  if (status !== 0) throw new Error(`forge ${options[0]} ended with ${status}`);
  return stdout;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    forge(process.argv.slice(2));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
