"""One run from a plan to its figures."""

from huntgroup.simulation.figures import Figures, figures, line_step
from huntgroup.simulation.floor import Floor
from huntgroup.simulation.ledger import Key, Ledger
from huntgroup.simulation.reader import Plan


def simulate(plan: Plan, seed: int | None = None) -> Figures:
    """Run the plan; ``seed`` in place of the scenario's own. The same plan and seed give the same figures."""
    chosen = plan.scenario.seed if seed is None else seed
    ledger, events = run(plan, chosen)
    return figures(plan, chosen, ledger, events)


def run(plan: Plan, seed: int) -> tuple[Ledger, int]:
    """What was written down in a run, and how many events the engine was told."""
    ledger = Ledger(plan.start, plan.scenario.service_level, line_step(plan), _keys(plan))
    floor = Floor(plan, seed, ledger)
    floor.run()
    return ledger, floor.events


def _keys(plan: Plan) -> list[Key]:
    """Every group with the channels that lead to it, in the order of the configuration."""
    entrances = (*plan.policy.numbers.values(), *plan.policy.sources.values())
    ways = dict.fromkeys((entrance.group, entrance.channel) for entrance in entrances)
    groups = list(plan.policy.groups)
    return sorted(ways, key=lambda key: groups.index(key[0]))
