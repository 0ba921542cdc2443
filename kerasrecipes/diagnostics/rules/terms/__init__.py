"""Terms in which rules speak of targets and of networks."""
