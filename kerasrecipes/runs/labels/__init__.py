"""Which labels of images are probably wrong."""
