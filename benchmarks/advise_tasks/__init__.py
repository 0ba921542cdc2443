"""The tasks that advice is measured on."""
