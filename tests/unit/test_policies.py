"""What the engine is given of a configuration."""

from datetime import date
from pathlib import Path

from huntgroup.engine.policy import Channel, Distribution, End, EnterGroup, Hold, KeepWaiting
from huntgroup.policies import policy_from
from huntgroup.settings import load

FILE = """
[telephony]
ring_seconds = 2.5
unreachable_after = "3s"
[[pbx]]
id = "main"
host = "127.0.0.1"
username = "huntgroup"
secret_env = "SECRET"
[[operators]]
id = "anna"
name = "Anna Nowak"
phones = ["PJSIP/desk", "PJSIP/soft"]
[[groups]]
id = "sales"
operators = ["anna"]
distribution = "all_at_once"
rings = 3
max_wait = "5m"
hold = "music"
on_unanswered = { action = "group", group = "support" }
[[groups]]
id = "support"
operators = ["anna"]
on_unanswered = { action = "hang_up", cause = "busy" }
[[groups]]
id = "back"
operators = ["anna"]
[[numbers]]
number = "+48 22 123 45 67"
group = "sales"
"""


def test_everything_the_engine_decides_by_comes_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "huntgroup.toml"
    file.write_text(FILE)

    policy = policy_from(load(file, {"SECRET": "x"}), date(2026, 11, 21))

    assert (policy.pbx, policy.ring_seconds, policy.unreachable_after) == ("main", 2.5, 3.0)
    assert [(each.source, each.group) for each in policy.numbers.values()] == [("+48221234567", "sales")]
    (anna,) = policy.operators.values()
    assert (anna.id, anna.name, anna.phones) == ("anna", "Anna Nowak", ("PJSIP/desk", "PJSIP/soft"))
    assert anna.capacity == {Channel.CALL: 1, Channel.CHAT: 3, Channel.MAIL: 20, Channel.FORM: 20}
    sales, support, back = policy.groups.values()
    assert (sales.distribution, sales.rings, sales.max_wait) == (Distribution.ALL_AT_ONCE, 3, 300.0)
    assert (sales.hold, sales.on_unanswered) == (Hold.MUSIC, EnterGroup(group=support.id))
    assert (support.hold, support.on_unanswered) == (Hold.RINGING, End(cause=17))
    assert back.on_unanswered == KeepWaiting()


def test_group_is_closed_on_new_years_eve_where_utc_is_a_year_ahead(tmp_path: Path) -> None:
    """Started at 1 January 2027, 03:00 UTC, it is still 31 December 2026 in Honolulu."""
    file = tmp_path / "huntgroup.toml"
    hours = '[groups.hours]\ntimezone = "Pacific/Honolulu"\nmon-sun = "00:00-24:00"\nholidays = "DE"\n'
    file.write_text(FILE.replace("[[numbers]]", f"{hours}[[numbers]]"))

    *_, back = policy_from(load(file, {"SECRET": "x"}), date(2027, 1, 1)).groups.values()

    assert back.hours is not None
    assert back.hours.openings(date(2026, 12, 26)) == ()
