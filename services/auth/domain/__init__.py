"""What auth decides: codes, attempts, sessions, passwords, messages. No I/O."""
