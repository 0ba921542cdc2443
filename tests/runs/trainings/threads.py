"""An engine of threads in this process, for tests of what uses one."""

import contextlib
import random
import time

from kerasrecipes.engine import Engine


class ThreadEngine(Engine):
    """Calls functions in threads, each after a while that differs.

    Args:
        workers: How many at a time.
        seed: Decides how long each waits.
        delay_seconds: The longest of these whiles.
    """

    def __init__(self, workers, seed=0, delay_seconds=0.01):
        super().__init__(workers)
        self.delays, self.delay_seconds = random.Random(seed), delay_seconds
        self.at_work = self.most_at_work = 0

    def _interrupt(self):
        pass

    @contextlib.contextmanager
    def _worker(self, number):
        def call(function, arguments, options):
            self.at_work += 1
            self.most_at_work = max(self.most_at_work, self.at_work)
            try:
                time.sleep(self.delays.random() * self.delay_seconds)
                return function(*arguments, **options)
            finally:
                self.at_work -= 1

        yield call
