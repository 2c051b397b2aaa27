"""What the six services share: small, changed by agreement, knowing no service."""
