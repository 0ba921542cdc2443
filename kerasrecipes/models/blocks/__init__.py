"""Parts that networks are built of."""
