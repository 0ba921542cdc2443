"""Page of images whose label is probably wrong."""
