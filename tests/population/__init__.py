"""A synthetic population: what honest clients and four kinds of fraud leave behind.

Generator and held-out seeds were committed before the rules they judge.
"""
