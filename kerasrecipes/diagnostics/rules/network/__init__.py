"""The layers of a network: activations, widths, first weights, dropout and penalties."""
