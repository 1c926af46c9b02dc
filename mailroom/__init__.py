"""Outbox of letters: written in the transaction, rendered and sent after commit."""
