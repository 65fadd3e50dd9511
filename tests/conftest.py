"""What holds for every test."""

# A machine that others use too is slow at times, and that is no failure. What hangs meets the timeout of pytest.

# A machine that others use too is slow at times, and that is no failure; more than a minute or two is pytest's to stop.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
