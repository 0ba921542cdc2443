"""Image files, records and arrays, read and decoded."""
