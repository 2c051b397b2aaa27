"""Use cases: load → decide → save → say, one function each.

`applications` and `contracts` answer wishes, `reactions` take in foreign facts,
`views` is what the callers see.
"""
