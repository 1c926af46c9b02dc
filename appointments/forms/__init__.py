"""Forms of the applicants' pages: what is typed becomes canonical, and what cannot be is refused with a sentence."""
