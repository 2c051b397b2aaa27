"""Refusal, release and payment of one contract at once, over two of every process."""
