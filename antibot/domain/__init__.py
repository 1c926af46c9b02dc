"""Rules in plain Python: they take `now` and randomness as arguments and know nothing of Django."""
