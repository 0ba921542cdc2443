"""Image grids and facts of a data set."""
