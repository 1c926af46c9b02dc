"""From opening hours to slots: plain rules of the calendar, without a database.

- `zones`: the post's zone, and the one way from a local date and time to an instant.
- `hours`: what is open when: several intervals a day, breaks, closures, holidays.
- `planning`: slots from all of that.
"""
