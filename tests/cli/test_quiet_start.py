"""TensorFlow's log of its start, which a user of the command line does not see."""

import pytest

PROGRAM = """
    import os, sys

    from kerasrecipes.cli import console

    os.environ["KERAS_BACKEND"] = "tensorflow"
    sys.argv = ["kerasrecipes", *sys.argv[1:]]
    import tensorflow as tf
    os.write(2, b"written by C\\n")
    print("written by Python", file=sys.stderr)

    @tf.function
    def traced_again(number):
        return tf.constant(number)

    for number in range(8):
        traced_again(number)
"""


@pytest.mark.backend_neutral
def test_what_tensorflow_logs_at_its_start_is_left_out(in_a_process, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    assert in_a_process(PROGRAM).communicate()[1] == "written by C\nwritten by Python\n"


@pytest.mark.backend_neutral
def test_a_process_without_a_standard_error_starts(in_a_process, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    program = """
        import os, sys

        from kerasrecipes.cli import console

        os.close(2)
        sys.stderr = None
        import tensorflow
        print("started")
    """
    assert in_a_process(program).communicate()[0] == "started\n"


@pytest.mark.backend_neutral
def test_a_level_of_ones_own_counts(in_a_process, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    assert "retracing" in in_a_process(PROGRAM).communicate()[1]
