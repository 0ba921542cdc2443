"""What labels tell: which are probably wrong, and how frequent each class is."""
