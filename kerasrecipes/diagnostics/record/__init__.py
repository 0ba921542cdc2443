"""What was measured of a training, as plain values that can be saved: the input of every rule."""
