"""The formulas of waiting lines, to hold simulated figures against.

M/M/c+M: customers come as a Poisson process, ``arrivals`` per second; ``servers`` operators, each of whom takes an
exponential time of mean ``talk`` seconds; who waits leaves after an exponential patience of mean ``patience`` seconds.
First come, first served. With infinite patience it is M/M/c.

- Erlang B: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
  telephone exchanges", 1917; the recursion over servers is in R. B. Cooper, "Introduction to Queueing Theory", 2nd
  ed., 1981, section 3.3. It neither overflows nor loses digits.
- Erlang C: from Erlang B, Cooper, section 3.4.
- Erlang A: C. Palm, "Research on telephone traffic carried by full availability groups", Tele, 1957; A. Mandelbaum
  and S. Zeltyn, "Service engineering in action: the Palm/Erlang-A queue, with applications to call centers", 2007. The
  stationary distribution of the birth-and-death process is summed up here from its mode outwards, where every factor
  is at most 1, instead of through the incomplete gamma function, which overflows for large groups.
"""

import math
from dataclasses import dataclass

NEGLIGIBLE = 1e-18


@dataclass(frozen=True, slots=True)
class Line:
    """What a formula says of a line: shares from 0 to 1, seconds."""

    waiting: float
    """The share of customers who are not served at once."""
    mean_wait: float
    """Over all customers, also those who do not wait and those who leave."""
    abandoning: float
    occupancy: float
    """The share of time that a server is at work."""


def erlang_b(servers: int, load: float) -> float:
    """The share of customers who find all servers busy when nobody may wait; ``load`` in erlang."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def erlang_c(servers: int, load: float) -> float:
    """The share of customers who wait; ``load`` in erlang, below ``servers``.

    Raises:
        ValueError: when the line would grow for ever.
    """
    if not load < servers:
        raise ValueError(f"{load} erlang are too much for {servers} servers: the line grows for ever")
    blocked = erlang_b(servers, load)
    return blocked / (1 - load / servers * (1 - blocked))


def patient(servers: int, arrivals: float, talk: float) -> Line:
    """M/M/c. Raises ValueError when the line would grow for ever."""
    load = arrivals * talk
    waiting = erlang_c(servers, load)
    return Line(waiting, waiting * talk / (servers - load), 0.0, load / servers)


def impatient(servers: int, arrivals: float, talk: float, patience: float) -> Line:
    """M/M/c+M, for any load."""
    shares = _stationary(servers, arrivals, 1 / talk, 1 / patience)
    waiting = math.fsum(shares[servers:])
    # By Little's law: the line is as long as those who come in the time that they wait.
    length = math.fsum(share * (number - servers) for number, share in enumerate(shares) if number > servers)
    abandoning = length / patience / arrivals
    return Line(waiting, length / arrivals, abandoning, arrivals * (1 - abandoning) * talk / servers)


def _stationary(servers: int, arrivals: float, service: float, leaving: float) -> list[float]:
    """The share of time with 0, 1, 2 … customers there, up to where it is negligible."""

    def out(number: int) -> float:
        return min(number, servers) * service + max(number - servers, 0) * leaving

    mode = 0
    while out(mode + 1) < arrivals:
        mode += 1
    below = [1.0]
    for number in range(mode, 0, -1):
        below.append(below[-1] * out(number) / arrivals)
    above: list[float] = []
    weight, number = 1.0, mode
    while weight > NEGLIGIBLE or number <= servers:
        number += 1
        weight *= arrivals / out(number)
        above.append(weight)
    weights = [*reversed(below), *above]
    total = math.fsum(weights)
    return [weight / total for weight in weights]
