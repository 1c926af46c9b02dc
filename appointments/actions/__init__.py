"""One verb, one transaction each."""
