"""What runs withstand: scores under attacks and corruptions, kept in their folders."""
