"""What the command `search` reads, runs and prints."""
