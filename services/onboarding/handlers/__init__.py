"""The use cases of onboarding: load, decide, save, say; one function each."""
