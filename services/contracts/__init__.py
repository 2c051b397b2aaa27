"""Applications and contracts: from the wish for a loan to money's leave to move."""
