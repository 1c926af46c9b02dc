"""Prepayment: one interface, one module a gateway."""
