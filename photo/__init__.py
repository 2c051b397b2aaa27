"""The photo judge: cleans and measures a registration photo (clause 4.1e).

A process of its own, because native image code reads what strangers send and because
its library pins an older numpy. It holds no key, no database, no network: bytes in,
cleaned bytes and numbers out. What the numbers mean is onboarding's to say.
"""
