// node witness.mjs PROGRAM INPUTS OUTPUT: solves for the witness.
import { Noir } from "@noir-lang/noir_js";
import { readFileSync, writeFileSync } from "node:fs";

const [program, inputs, output] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const { witness, returnValue } = await new Noir(read(program)).execute(read(inputs));
writeFileSync(output, witness);
console.log(JSON.stringify(returnValue));
