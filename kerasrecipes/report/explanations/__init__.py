"""Page of explanations of image files."""
