"""Posts, slots, releases, draws, requests and bookings."""
