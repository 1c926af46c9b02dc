"""What staff see of the appointments; one module a subject, imported here so that Django finds them."""
