"""Threads that apply a function to many items, in chunks."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_LARGEST_CHUNK = 256


def map_in_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Returns `[function(item) for item in items]`, computed by one thread for each CPU.

    Threads help, because reading and decoding images release Python's global lock. Each future
    gets up to 256 items: with one item each, handling the future of a 32x32 image would take about
    as long as decoding it.

    Args:
        function: Function of one item. An error that it raises ends the work and is raised here.
        items: Sequence of arguments.

    Returns:
        A list of results, in the order of `items`.

    Example:

    >>> map_in_threads(str.upper, ["a", "b"])
    ['A', 'B']
    """
    workers = os.cpu_count() or 1
    size = max(1, min(_LARGEST_CHUNK, -(-len(items) // workers)))
    chunks = [items[start : start + size] for start in range(0, len(items), size)]

    def work(chunk: Sequence[Item]) -> list[Result]:
        return [function(item) for item in chunk]

    with ThreadPoolExecutor(workers) as pool:
        return [result for results in pool.map(work, chunks) for result in results]
