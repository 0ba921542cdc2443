"""One run, every average: what a run keeps of its weights, and the choice on validation."""
