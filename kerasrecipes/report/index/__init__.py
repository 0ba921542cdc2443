"""Pages of several runs: the index of a directory, and a comparison."""
