"""Erasure: what is due goes, everywhere, once, and leaves a line in the journal."""
