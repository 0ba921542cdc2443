"""What a diagnosis says."""
