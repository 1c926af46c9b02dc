"""Pages of the applicants. A view reads the clock once, asks one form, calls one action and redirects."""
