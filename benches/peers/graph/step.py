"""step.py STEP RECORDS LOGROWS: one step of ezkl, in the current folder, as a process of its own, so that it can be measured."""

import json
import sys

import ezkl

from model import save

# Columns of cells: with eight, a quarter of the rows took longer.
COLUMNS = 2


def compile_(n, logrows):
    save(n, "model.onnx")
    arguments = ezkl.PyRunArgs()
    # The digest is the proof system's own commitment to the column of inputs: ezkl's cheapest.
    arguments.input_visibility = "polycommit"
    arguments.output_visibility = "public"
    arguments.param_visibility = "fixed"
    # Integers: nothing is scaled, nothing rounded.
    arguments.input_scale = arguments.param_scale = 0
    arguments.num_inner_cols = COLUMNS
    arguments.logrows = logrows
    arguments.ignore_range_check_inputs_outputs = True
    assert ezkl.gen_settings("model.onnx", "settings.json", py_run_args=arguments)
    assert ezkl.compile_circuit("model.onnx", "model.ezkl", "settings.json")


def keys(n, logrows):
    assert ezkl.setup("model.ezkl", "vk", "pk", "srs")


def witness(n, logrows):
    ezkl.gen_witness("inputs.json", "model.ezkl", "witness.json", "vk", "srs")


def prove(n, logrows):
    ezkl.prove("witness.json", "model.ezkl", "pk", "proof.json", "srs")


def verify(n, logrows):
    print("accepted" if ezkl.verify("proof.json", "settings.json", "vk", "srs") else "refused")


if __name__ == "__main__":
    steps = {"compile": compile_, "keys": keys, "witness": witness, "prove": prove, "verify": verify}
    steps[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))
