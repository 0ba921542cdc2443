"""Shares of classes: what training draws, how classes are weighted, how uneven they are."""
