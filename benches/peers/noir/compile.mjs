// node compile.mjs PROJECT OUTPUT: compiles a Noir project to ACIR.
import { compile, createFileManager } from "@noir-lang/noir_wasm";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";

const [project, output] = process.argv.slice(2);
const silent = () => {};
const { program } = await compile(createFileManager(resolve(project)), undefined, silent, silent);
writeFileSync(output, JSON.stringify(program));
