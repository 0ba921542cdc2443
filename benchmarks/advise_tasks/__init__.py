"""Tasks that advice is measured on."""
