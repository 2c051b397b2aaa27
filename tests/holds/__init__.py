"""Loans by the million, over days in which clocks and machines do anything."""
