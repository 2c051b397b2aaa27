"""The outer world, played by two small servers; the platform never imports them.

A simulator that shared code with the platform would share its mistakes, so nothing
here comes from `kernel` or `services`, and some things are written twice on purpose.
"""
