"""Image grids and statistics of data sets."""
