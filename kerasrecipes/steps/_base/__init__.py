"""What training steps are made of."""
