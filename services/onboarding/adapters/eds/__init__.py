"""ЭЦП: reading, verifying and keeping Kazakh signatures.

`algorithms` knows keys and hashes, `path` the way to a pinned root, `signed_data` the
mathematics of one CMS; `revocation` and `timestamp` what НУЦ says; `examiner` puts
them together in numbered steps, and `archive` does so again years later.
"""
