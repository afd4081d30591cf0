"""Seeded fuzzers, one for each input that others control: `make fuzz`, and 10,000 inputs each under pytest.

The first lines of each target's module name its inputs and its rules. An input depends only on the seed, the target and
its number, so every report can be repeated. A run writes nothing but its report.
"""
