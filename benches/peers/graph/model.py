"""The histogram as an ONNX graph.

A symbol comes as two nibbles; the histogram is the product of their one-hot matrices, `high^T · low`, 16 by 16. ezkl checks
a product of matrices by Freivalds' algorithm, so that a record costs 32 one-hot cells, not 256. One-hot is a comparison
with 0 … 15: ONNX's OneHot becomes dynamic look-ups in ezkl, which took more than 16 GB for 4,096 records. A nibble out of
range has no one in its row, and then the counts do not sum to `n`: they are public, and `n` is.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def model(n):
    constants = [numpy_helper.from_array(np.arange(16, dtype=np.float32).reshape(1, 16), "values")]
    nodes = []
    for name in ("high", "low"):
        nodes.append(helper.make_node("Equal", [name, "values"], [f"{name}_equal"]))
        nodes.append(helper.make_node("Cast", [f"{name}_equal"], [f"{name}_hot"], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("Transpose", ["high_hot"], ["high_rows"], perm=[1, 0]))
    nodes.append(helper.make_node("MatMul", ["high_rows", "low_hot"], ["histogram"]))
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [n, 1]) for name in ("high", "low")]
    output = helper.make_tensor_value_info("histogram", TensorProto.FLOAT, [16, 16])
    graph = helper.make_graph(nodes, "histogram", inputs, [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def save(n, path):
    onnx.save(model(n), path)
