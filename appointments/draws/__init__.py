"""Draws: closing a list, drawing it with public randomness, publishing the record."""
