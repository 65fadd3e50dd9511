"""What holds for every test."""

from hypothesis import HealthCheck, settings

# A machine that others use too is slow at times, and that is no failure. What hangs meets the timeout of pytest.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
