"""The counter's day, the desk, closures and the reading of histories: pages of staff that are no table."""
