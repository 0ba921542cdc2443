"""What the frozen part of a model gives, computed once and kept on disk."""
