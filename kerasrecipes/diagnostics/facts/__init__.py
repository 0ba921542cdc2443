"""Recorders of facts: of a model, its outputs, its optimizer and its data."""
