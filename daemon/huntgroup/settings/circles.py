"""Finds groups that hand their inquiries round in a circle.

An inquiry in such a circle would move for ever and end with nobody, so every action that hands on counts:
a circle may close through one group's `on_unanswered` and another's `on_full`.
"""

from collections.abc import Iterator

from huntgroup.settings.outline import Data, actions, tables
from huntgroup.settings.words import Finding, Key

_Graph = dict[str, dict[str, Key]]
"""For each group the groups that it hands on to, with the key that says so."""


def circles(data: Data) -> Iterator[Finding]:
    """One finding for each circle, at the first key of it in the file."""
    graph = _graph(data)
    told: set[frozenset[str]] = set()
    for start in graph:
        way = _way_back(graph, start)
        if way and frozenset(way) not in told:
            told.add(frozenset(way))
            yield Finding(
                graph[start][way[1]],
                f"the groups hand on in a circle: {' -> '.join(way)}",
                'let one of them end otherwise, as in `{ action = "keep_waiting" }`',
            )


def _graph(data: Data) -> _Graph:
    graph: _Graph = {}
    for key, group in tables(data, "groups"):
        name = group.get("id")
        if not isinstance(name, str) or name in graph:
            continue
        graph[name] = {}
        for place, action in actions(key, group):
            target = action.get("group")
            if action.get("action") == "group" and isinstance(target, str):
                graph[name].setdefault(target, (*place, "group"))
    return graph


def _way_back(graph: _Graph, start: str) -> list[str]:
    """The shortest way from a group back to itself, both ends included; empty when there is none."""
    came_from: dict[str, str] = {}
    reached = [start]
    for group in reached:
        for target in graph.get(group, {}):
            if target == start:
                way = [group, start]
                while way[0] != start:
                    way.insert(0, came_from[way[0]])
                return way
            if target not in came_from:
                came_from[target] = group
                reached.append(target)
    return []
