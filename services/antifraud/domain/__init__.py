"""How an operation is judged: typed features, rules as data, one pure function."""
