"""Bugs kept on purpose: each patch breaks the product in one small, likely way.

``<name>.patch`` is applied to a throw-away copy of the tree, and every test marked
``@pytest.mark.seeded("<name>")`` must then fail.  A test that cannot fail proves
nothing, so a clause counts as proven only by tests that have such a patch.
"""
