"""Seeded fuzzers, one for each door by which others reach the daemon: `make fuzz`, and 10,000 inputs each under pytest.

A module for each door says in its first lines what it feeds and what must hold. An input follows from the seed, the
door and its number alone, so every report can be repeated. Nothing here writes anything but its report.
"""
