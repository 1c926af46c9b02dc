"""Staff: users, roles, two factors, scope and the admin site."""
