"""Copies of a `tf.data.Dataset` that share no state with it."""

import itertools
from dataclasses import dataclass
from typing import Any

# Operations that change what others see: users' Python code, and variables.
_DISTURBING = ("PyFunc", "EagerPyFunc", "Assign", "Rng", "StatefulUniform", "StatefulStandard")


@dataclass(frozen=True)
class CopiedDataSet:
    """A copy of a data set.

    Args:
        batches: The copy.
        shuffled: Whether it shuffles.
    """

    batches: Any
    shuffled: bool


def copied_data_set(data) -> CopiedDataSet:
    """Returns a copy of a `tf.data.Dataset`, whose iteration leaves the data set as it is.

    To iterate over the data set itself would change the orders in which it shuffles later.

    Raises:
        ValueError: If it calls Python code or changes variables, which a copy would do, too.
    """
    import tensorflow as tf

    serialized = tf.raw_ops.DatasetToGraphV2(input_dataset=tf.data.experimental.to_variant(data))
    graph = tf.compat.v1.GraphDef.FromString(serialized.numpy())
    functions = (node for function in graph.library.function for node in function.node_def)
    for node in itertools.chain(graph.node, functions):
        if node.op.startswith(_DISTURBING):
            raise ValueError(
                f"a copy of it would disturb it, because of its operation {node.op}; give arrays"
            )
    shuffles = [node for node in graph.node if "Shuffle" in node.op]
    for node in [*graph.node]:
        _give_own_seeds(graph, node)
    variant = tf.raw_ops.DatasetFromGraph(graph_def=graph.SerializeToString())
    copied = tf.data.experimental.from_variant(variant, data.element_spec)
    return CopiedDataSet(copied, bool(shuffles))


def _give_own_seeds(graph, node) -> None:
    """Gives a node generators of seeds of its own, where a constant refers to the original's."""
    constants = {n.name: n for n in graph.node if n.op == "Const"}
    for index, name in enumerate(node.input):
        constant = constants.get(name)
        if constant is None or constant.attr["dtype"].type != _RESOURCE:
            continue
        if "Shuffle" in node.op or node.op.startswith("RandomDataset"):
            own = graph.node.add()
            own.op, own.name = "DummySeedGenerator", f"{node.name}/own_seeds".replace("/", "_")
            node.input[index] = own.name


_RESOURCE = 20  # TensorFlow's `DataType.DT_RESOURCE`.
