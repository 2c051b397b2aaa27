"""Use cases: load → decide → save → say.

- `reactions`: what other services' facts do to a payout;
- `requests`: what is asked of the service: a stop, a look;
- `preparing`: drawing up the order, and the end of the hold;
- `paying`: the gate and the one sending;
- `asking`: the bank's word on what was sent.
"""
