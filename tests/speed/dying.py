"""A network over which its process dies, as one does that takes too much memory."""

import os
import signal


def dying(input_shape, classes):
    os.kill(os.getpid(), signal.SIGKILL)
