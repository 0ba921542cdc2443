"""What a training that was interrupted goes on from."""
