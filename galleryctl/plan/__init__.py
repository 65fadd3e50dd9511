"""Compute a plan from desired and live resources: match, diff, order, guard. Pure functions."""
