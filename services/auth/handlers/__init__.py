"""Use cases of auth, one function each: load, decide, save, say."""
