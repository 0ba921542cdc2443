"""Colour matrices, tables and blurs of photometric layers."""
