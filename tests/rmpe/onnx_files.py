"""Small ONNX files with the inputs and outputs of published networks."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

TYPES = {
    np.dtype("float32"): TensorProto.FLOAT,
    np.dtype("int32"): TensorProto.INT32,
    np.dtype("int64"): TensorProto.INT64,
    np.dtype("uint8"): TensorProto.UINT8,
}


def write(path, nodes, inputs, outputs, constants=(), metadata=()):
    """Write a graph: inputs and outputs are name -> (dtype, shape), constants name -> array."""
    described = [
        [helper.make_tensor_value_info(name, TYPES[np.dtype(kind)], shape) for name, (kind, shape)
         in ports.items()]
        for ports in (inputs, outputs)
    ]  # fmt: skip
    tensors = [numpy_helper.from_array(np.asarray(v), name) for name, v in dict(constants).items()]
    graph = helper.make_graph(nodes, "g", *described, tensors)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    helper.set_model_props(model, dict(metadata))
    path.write_bytes(model.SerializeToString())
    return path


def constant(path, values, input_name, input_shape, *, free=(), metadata=(), kind="float32"):
    """Write a network that answers every image with the same values: name -> array without N.

    The axes of the outputs that are named in ``free`` have no size in the file.
    """
    node = helper.make_node
    nodes = [
        node("Cast", [input_name], ["number"], to=TensorProto.FLOAT),
        node("ReduceMean", ["number"], ["mean"], axes=[1, 2, 3], keepdims=0),
        node("Mul", ["mean", "nothing"], ["zero"]),  # (N,)
    ]
    constants, outputs = {"nothing": np.float32(0)}, {}
    for name, value in values.items():
        value = np.asarray(value)
        ones = [1] * value.ndim
        nodes += [
            node("Reshape", ["zero", f"{name} ones"], [f"{name} zero"]),
            node("Cast", [f"{name} zero"], [f"{name} none"], to=TYPES[value.dtype]),
            node("Add", [f"{name} none", f"{name} value"], [name]),
        ]
        constants |= {f"{name} ones": np.int64([-1, *ones]), f"{name} value": value[None]}
        shape = ["N", *(f"{name} {axis}" if axis in free else size
                        for axis, size in enumerate(value.shape))]  # fmt: skip
        outputs[name] = (value.dtype, shape)
    inputs = {input_name: (kind, ["N", *input_shape])}
    return write(path, nodes, inputs, outputs, constants, metadata)


def linear(path, weights, input_name, input_shape, *, tail=(), outputs=None):
    """Write a network of one matrix for each output: name -> (pixels, *shape), without bias.

    ``tail`` are nodes behind that, whose outputs are described by ``outputs``.
    """
    node = helper.make_node
    nodes, constants = [node("Flatten", [input_name], ["pixels"])], {}
    found = {}
    for name, weight in weights.items():
        nodes += [
            node("MatMul", ["pixels", f"{name} matrix"], [f"{name} flat"]),
            node("Reshape", [f"{name} flat", f"{name} shape"], [name]),
        ]
        constants[f"{name} matrix"] = weight.reshape(len(weight), -1).astype(np.float32)
        constants[f"{name} shape"] = np.int64([-1, *weight.shape[1:]])
        found[name] = ("float32", ["N", *weight.shape[1:]])
    inputs = {input_name: ("float32", ["N", *input_shape])}
    return write(path, [*nodes, *tail], inputs, outputs or found, constants)
