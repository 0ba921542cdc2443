"""Training, validation and test splits, stratified and seeded."""
