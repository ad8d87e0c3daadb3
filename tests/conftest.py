"""Settings for all tests."""

from hypothesis import settings

# A test that takes long on a busy machine is not wrong.
settings.register_profile("newsbeam", deadline=None)
settings.load_profile("newsbeam")
