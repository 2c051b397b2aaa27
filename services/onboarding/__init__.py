"""Onboarding: who the client is, and the proofs of it."""
