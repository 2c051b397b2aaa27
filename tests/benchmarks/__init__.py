"""Speeds of the bus as ratios against peers that run beside it: ``make bench``."""
