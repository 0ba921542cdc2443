"""Page of a search."""
