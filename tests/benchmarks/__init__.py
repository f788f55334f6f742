"""Measurements, run by hand: ratios within one run, and counts. Never part of the tests."""
