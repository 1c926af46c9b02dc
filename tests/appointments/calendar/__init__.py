"""Opening hours, closures, holidays, slots, and the data of the posts."""
