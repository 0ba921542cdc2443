"""What images are, and how they are held out."""
