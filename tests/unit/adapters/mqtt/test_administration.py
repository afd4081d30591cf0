"""The configuration by command, as the broker's side of it sees it; and who may act for whom."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.engine.scenario import group, operator, policy

from huntgroup.adapters.mqtt.administration import may_act_for
from huntgroup.adapters.mqtt.incoming import Reception
from huntgroup.adapters.mqtt.replies import Replies
from huntgroup.engine.ids import OperatorId
from huntgroup.engine.policy import Policy, Role
from huntgroup.errors import ChangeRefused
from huntgroup.settings import Pbx, Settings
from huntgroup.settings.changes import AnyCommand
from huntgroup.settings.differences import Difference
from huntgroup.settings.editing import Loaded, Outcome

COMMANDS = "admin/dora/commands"
REPLIES = "admin/dora/replies"
SETTINGS = Settings(pbx=(Pbx(id="main", host="h", username="u"),))


class Office:
    """Notes what is asked, and answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, AnyCommand]] = []
        self.answers: list[Callable[[Outcome | ChangeRefused], None]] = []

    def ask(self, who: str, command: AnyCommand, answer: Callable[[Outcome | ChangeRefused], None]) -> None:
        self.asked.append((who, command))
        self.answers.append(answer)


def people() -> Policy:
    return policy(group("sales", "anna"), operators=[operator("anna"), operator("dora", role=Role.SUPERVISOR)])


def house(office: Office | None) -> House:
    here = House(people())
    replies = Replies(here.topics, here.outbox)
    here.reception = Reception(here.board, replies, people(), intake=here, history=here.records, administration=office)
    return here


async def test_a_command_is_that_of_the_topics_user_and_answered_when_it_is_in_force() -> None:
    office = Office()
    here = house(office)
    command = {"type": "set_group", "group": "sales", "changes": {"rings": 3}}

    assert await here.gets(COMMANDS, command) == []
    assert here.acknowledged == []
    before, after = Loaded(SETTINGS, {}, "v1"), Loaded(SETTINGS, {}, "v2")
    office.answers[0](Outcome(before, after, [Difference("groups.sales.rings", None, 3)]))

    ((who, asked),) = office.asked
    assert (who, asked.type) == ("dora", "set_group")
    assert here.acknowledged == [COMMANDS]
    changes = [{"key": "groups.sales.rings", "after": 3}]
    assert at(REPLIES, here.published()) == [{"ok": True, "type": "set_group", "version": "v2", "changes": changes}]


async def test_a_refusal_says_why_and_where() -> None:
    office = Office()
    here = house(office)
    await here.gets(COMMANDS, {"type": "show"})

    office.answers[0](ChangeRefused("invalid", "is 0", "groups[0].rings"))

    error = {"code": "invalid", "message": "is 0", "at": "groups[0].rings"}
    assert at(REPLIES, here.published()) == [{"ok": False, "error": error}]
    assert here.acknowledged == [COMMANDS]


@pytest.mark.parametrize(
    ("command", "code", "place"),
    [
        ({"type": "set_mqtt", "changes": {"url": "mqtt://elsewhere"}}, "unknown_type", "type"),
        ({"type": "set_group", "group": "sales"}, "missing", "changes"),
        ({"type": "set_group", "group": "sales", "changes": {}}, "invalid", "changes"),
        ({"type": "move_member", "group": "sales", "operator": "anna", "at": 0}, "invalid", "at"),
        ({"type": "move_member", "group": "sales", "operator": "anna", "at": "1"}, "invalid", "at"),
        ({"type": "show", "secret": True}, "unknown_key", "secret"),
        ({"type": "together", "steps": [{"type": "show"}]}, "unknown_type", "type"),
        (b"[" * 10_000, "not_json", ""),
    ],
)
async def test_what_is_no_command_reaches_nobody(command: Any, code: str, place: str) -> None:
    office = Office()
    here = house(office)

    published = await here.gets(COMMANDS, command)

    assert office.asked == []
    error = at(REPLIES, published)[0]["error"]
    assert (error["code"], error["at"]) == (code, place)
    assert at("rejected", published)[0]["topic"] == f"huntgroup/{COMMANDS}"


@pytest.mark.parametrize("who", ["anna", "nobody"])
@pytest.mark.parametrize("command", [{"type": "show"}, {"type": "nothing"}, b"{"])
async def test_who_has_no_rights_is_told_so_whatever_they_write(who: str, command: Any) -> None:
    office = Office()
    here = house(office)

    published = await here.gets(f"admin/{who}/commands", command)

    assert at(f"admin/{who}/replies", published)[0]["error"]["code"] == "not_permitted"
    assert (office.asked, at("rejected", published)) == ([], [])
    assert here.acknowledged == [f"admin/{who}/commands"]


async def test_without_anybody_who_does_it_that_is_said() -> None:
    published = await house(None).gets(COMMANDS, {"type": "show"})

    assert at(REPLIES, published)[0]["error"]["code"] == "not_supported"


SALES = group("sales", "anna", "chief", "dora", supervisors=(OperatorId("dora"),))
SUPPORT = group("support", "ben", supervisors=())
HOUSE = policy(
    SALES,
    SUPPORT,
    operators=[
        operator("anna"),
        operator("ben"),
        operator("dora", role=Role.SUPERVISOR),
        operator("chief", role=Role.ADMINISTRATOR),
    ],
)


@pytest.mark.parametrize(
    ("asker", "meant", "may"),
    [
        ("dora", "anna", True),
        ("dora", "ben", False),
        ("dora", "chief", False),
        ("dora", "nobody", False),
        ("chief", "ben", True),
        ("chief", "dora", True),
        ("anna", "dora", False),
        ("nobody", "anna", False),
    ],
)
def test_a_supervisor_acts_for_who_is_in_their_groups_and_an_administrator_for_all(
    asker: str, meant: str, may: bool
) -> None:
    assert may_act_for(HOUSE, OperatorId(asker), OperatorId(meant)) is may
