"""Picture, sound and proof of work: what a browser has to show before a request goes on."""
