"""What a service promises and asks of people who book: versions, and what other values would have meant."""
