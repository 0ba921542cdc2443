"""Readers of what trainings leave behind: histories, tables, event files, text, run folders."""
