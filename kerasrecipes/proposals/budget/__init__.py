"""What fits into a time, by steps that were measured on this machine."""
