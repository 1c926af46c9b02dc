"""Commands of the appointments."""
