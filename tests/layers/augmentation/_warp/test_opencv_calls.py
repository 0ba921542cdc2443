import pytest

from kerasrecipes.base.private.tracing import is_traced_by_tf_data


@pytest.mark.tensorflow_only
def test_only_graphs_of_tf_data_go_to_opencv():
    import tensorflow as tf

    seen = []

    def note(x):
        seen.append(is_traced_by_tf_data())
        return x

    note(1)
    tf.function(note)(1)
    dataset = tf.data.Dataset.range(2)
    dataset.map(note)
    dataset.map(tf.function(lambda x: note(x)), num_parallel_calls=2)
    assert seen == [False, False, True, True]
