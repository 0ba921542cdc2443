"""Mutants that no test can kill, each with the reason."""

# By file and the line as the fault leaves it.
EQUIVALENT: dict[tuple[str, str], str] = {}
