"""Settings of all tests."""

import hypothesis

# No test is about time, and CI machines pause: only pytest-timeout ends what hangs.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")
