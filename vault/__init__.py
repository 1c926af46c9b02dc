"""Encryption of personal fields and blind indexes; knows nothing of what it protects."""
