"""Identity: which live resource each manifest entry is, decided once for a plan."""
