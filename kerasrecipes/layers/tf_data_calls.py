"""Calls of layers inside of `tf.data` pipelines, on backends other than TensorFlow."""

import sys

import keras


class CallableInTFData(keras.layers.Layer):
    """Base class of layers that `tf.data.Dataset.map` can call, whatever Keras's backend is.

    With JAX or PyTorch as the backend, the pipeline hands each batch to the layer on the host, one
    call after the other. `num_parallel_calls` gains nothing then, and where random numbers are
    drawn it would make their order a matter of chance.
    """

    def __call__(self, data, *args, **kwargs):
        if keras.backend.backend() == "tensorflow" or not _in_graph(data):
            return super().__call__(data, *args, **kwargs)
        return _called_on_host(self, super().__call__, data, args, kwargs)


def _in_graph(data) -> bool:
    """Returns whether data are symbolic tensors of TensorFlow's."""
    tf = sys.modules.get("tensorflow")
    return tf is not None and any(map(tf.is_symbolic_tensor, keras.tree.flatten(data)))


def _called_on_host(layer, call, data, args, kwargs):
    import tensorflow as tf

    specs = keras.tree.map_structure(lambda t: keras.KerasTensor(t.shape, t.dtype.name), data)
    outputs = layer.compute_output_spec(specs, *args, **kwargs)

    def on_host(*arrays):
        batch = keras.tree.pack_sequence_as(data, arrays)
        return [*map(keras.ops.convert_to_numpy, keras.tree.flatten(call(batch, *args, **kwargs)))]

    flat = keras.tree.flatten(outputs)
    tensors = tf.numpy_function(
        on_host, keras.tree.flatten(data), [tf.as_dtype(output.dtype) for output in flat]
    )
    for tensor, output in zip(tensors, flat, strict=True):
        tensor.set_shape(output.shape)
    return keras.tree.pack_sequence_as(outputs, tensors)
