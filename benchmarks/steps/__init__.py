"""Training steps to measure: the networks with Keras, and the same by hand in JAX."""
