"""Studies: comparisons that take minutes to an hour, with a table and a figure in the docs.

    python -m benchmarks.studies.compare_optimizers

They are run from the root of the repository, and `make bench` leaves them out. Tables go to
docs/results/, figures to docs/images/; finished runs are kept in saved_models/. So a study that was
stopped goes on where it was, and a change of its figure alone costs no training.
"""
