import signal
import threading

import pytest

from kerasrecipes.cli.exits import clean_exit

# A program that sends itself a signal.
STRUCK = """
import gc, os, signal, time
from kerasrecipes.cli.exits import clean_exit

def once():
    if not struck:
        struck.append(True)
        os.kill(os.getpid(), {number})
        time.sleep(0.01)

struck = []
signal.signal(signal.SIGINT, signal.default_int_handler)
with clean_exit(debug=False, when_stopped="Go on with the same command."):
    {strike}
"""


def test_notes_of_an_error_are_part_of_its_line(output):
    def fail():
        with clean_exit(debug=False):
            error = ValueError("wrong")
            error.add_note("In `changes`, 'a'.")
            raise error

    assert output(fail) == (2, "", "error: wrong. In `changes`, 'a'.\n")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_process_in_order(number, code, in_a_process):
    process = in_a_process(
        """
        import signal, time
        from kerasrecipes.cli.exits import clean_exit
        # A shell starts its background jobs with Ctrl-C ignored, and tests may be one.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with clean_exit(debug=False, when_stopped="Go on with the same command."):
            try:
                print("ready", flush=True)
                time.sleep(60)
            finally:
                print("in order", flush=True)
        """
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert out == "in order\n"
    assert err == "\nGo on with the same command.\n"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    "strike",
    [
        # What a signal raises in a callback of the garbage collector is swallowed.
        "gc.callbacks.append(lambda phase, info: once()); gc.collect(); time.sleep(60)",
        # C code may make another error of it, ...
        "try: once()\n    except KeyboardInterrupt: raise SystemError",
        # ... and other code may ignore it.
        "try: once()\n    except BaseException: pass",
    ],
)
def test_a_signal_ends_a_process_wherever_it_strikes(strike, number, code, in_a_process):
    process = in_a_process(STRUCK.format(number=number.value, strike=strike))
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert err == "\nGo on with the same command.\n"


def test_a_second_signal_kills_at_once(in_a_process):
    process = in_a_process(
        """
        import signal, time
        from kerasrecipes.cli.exits import clean_exit
        with clean_exit(debug=False):
            try:
                print("ready", flush=True)
                time.sleep(60)
            finally:
                print("in order", flush=True)
                time.sleep(60)
        """
    )
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "in order\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == -signal.SIGTERM


def test_output_that_nobody_reads_to_the_end_is_no_error(in_a_process):
    process = in_a_process(
        """
        from kerasrecipes.cli.exits import clean_exit
        with clean_exit(debug=False):
            for line in range(100_000):
                print("line", line)
        """
    )
    assert process.stdout.readline() == "line 0\n"
    process.stdout.close()
    assert process.wait(timeout=30) == 141
    assert process.stderr.read() == ""


def test_sigterm_is_left_alone_outside_a_command_and_in_threads():
    before = signal.getsignal(signal.SIGTERM)
    with clean_exit(debug=False):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before

    def work():
        with clean_exit(debug=False):
            done.append(signal.getsignal(signal.SIGTERM))

    done = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [before]
