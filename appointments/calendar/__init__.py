"""The calendar of the posts: their facts, public holidays, and the making of slots."""
