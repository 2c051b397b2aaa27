"""Six services; every folder here is one, all with the same rooms."""
