"""The process of onboarding; see `kernel.commands` for the verbs."""

from kernel.commands import main

if __name__ == "__main__":
    main("onboarding")
