"""The rules of onboarding: pure, frozen, no input and no output."""
