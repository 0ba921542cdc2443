"""What a search knows before its first trial: values to try first, trials of another search."""
