"""Clients of outer systems, one class per port; what they answer is not trusted."""
