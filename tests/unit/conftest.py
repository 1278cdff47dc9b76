"""The property tests of the pure rooms."""

from hypothesis import settings

settings.register_profile("loaded", deadline=None)  # how long an example takes is the load's
settings.load_profile("loaded")
