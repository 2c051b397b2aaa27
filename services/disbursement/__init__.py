"""Disbursement: the payout row, arbiter of money."""
