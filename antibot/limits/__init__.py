"""Who is asking, how often, and with how many failures."""
