"""Folders of images that proposals are measured on."""
