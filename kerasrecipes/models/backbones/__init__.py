"""Networks with trained weights, by name."""
