"""Weights that were trained here, as safetensors; their cards say by which command."""
