"""The anti-fraud system: every application and every payout is judged (clause 6.1g)."""
