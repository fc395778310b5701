"""Weights: what is known of each file, and how to get it onto a device."""
