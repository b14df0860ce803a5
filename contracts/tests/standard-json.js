// The check of the standard JSON inputs finds what it is for: a setting or a source that differs gives other bytecode, and an input
// that lacks a source gives none.
import assert from "node:assert/strict";
import { gives, inputText } from "../scripts/standard-json.js";

const NAME = "RoyaltyVault";
const SOURCE = "solidity/RoyaltyVault.sol";

function changed(change) {
  const input = JSON.parse(inputText(NAME));
  change(input);
  return JSON.stringify(input);
}

assert.equal(gives(NAME, inputText(NAME)), true);
assert.equal(gives(NAME, changed(({ settings }) => (settings.optimizer.runs = 1))), false);
const longer = ({ sources }) => (sources[SOURCE].content = sources[SOURCE].content.replace("EPOCHS_AHEAD = 64", "EPOCHS_AHEAD = 65"));
assert.equal(gives(NAME, changed(longer)), false);
assert.throws(() => gives(NAME, changed(({ sources }) => delete sources["solidity/Delivery.sol"])), /Delivery\.sol/);
console.log("standard JSON: another setting or source is found out");
