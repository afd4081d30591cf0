"""Runs a configuration against a load on a virtual clock, with the very engine that the daemon runs.

    scenario -> load, shifts -> floor <-> engine -> ledger -> figures -> report

The floor is everything that is outside the engine: customers, phones, people. Nothing here may know a real peer or a
real clock, and the same seed gives the same result on every machine.
"""

from huntgroup.simulation import plot, report
from huntgroup.simulation.figures import Figures
from huntgroup.simulation.reader import Plan, read
from huntgroup.simulation.simulate import simulate

__all__ = ["Figures", "Plan", "plot", "read", "report", "simulate"]
