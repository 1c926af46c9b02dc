"""One-time codes by SMS: one interface, one module a gateway."""
