"""A group's figures, from what the engine tells of a story."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tests.simulation.mirror import Mirror
from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.engine.scenario import group, policy

from huntgroup.adapters.mqtt.figures import EVERY_SECONDS, WAIT_EVERY_SECONDS
from huntgroup.adapters.store.history import Counted
from huntgroup.engine.engine import Engine
from huntgroup.engine.hours import Hours
from huntgroup.engine.ids import GroupId, InquiryId

MORNING = 1_000_000_000.0  # 2001-09-09 01:46:40 UTC
STATE = "groups/sales/state"


async def told(house: House) -> dict[str, object]:
    """The figures once they are due."""
    house.now += EVERY_SECONDS
    house.board.publish_figures()
    (state,) = at(STATE, house.published())
    return dict(state)


def alone(**options: object) -> House:
    return House(policy(group("sales", "anna", offer_timeout=3600.0, **options)), at=MORNING)


async def submits(house: House, name: str, source: str = "sales-chat") -> None:
    await house.gets("inquiries/submit", {"id": name, "source": source})


async def test_who_waits_and_how_long_is_counted_by_channel() -> None:
    house = alone()
    for number in range(4):
        await submits(house, f"chat-{number}")
    house.now += 10
    state = await told(house)
    assert (state["waiting"], state["longest_wait"]) == ({"call": 0, "chat": 4, "mail": 0, "form": 0}, 11.0)


async def test_what_is_assigned_at_once_counts_as_answered() -> None:
    house = alone()
    await submits(house, "mail-1", "sales-mail")
    state = await told(house)
    assert (state["received_today"], state["answered_today"], state["service_level_today"]) == (1, 1, 1.0)


async def test_the_service_level_is_of_those_answered_or_abandoned() -> None:
    house = alone()
    for name in ("chat-1", "chat-2", "chat-3"):
        await submits(house, name)
    house.now += 5
    await house.gets("operators/anna/commands", {"type": "accept", "inquiry": "chat-1"})
    house.now += 20
    await house.gets("operators/anna/commands", {"type": "accept", "inquiry": "chat-2"})
    await house.gets("inquiries/chat-3/commands", {"type": "abandon"})
    state = await told(house)
    assert (state["answered_today"], state["abandoned_today"], state["service_level_today"]) == (2, 1, 0.3333)


async def test_an_inquiry_is_answered_once_however_often_it_is_handed_on() -> None:
    house = House(policy(group("sales", "anna", "ben")), at=MORNING)
    await submits(house, "chat-1")
    await house.gets("operators/anna/commands", {"type": "accept", "inquiry": "chat-1"})
    await house.gets("operators/anna/commands", {"type": "transfer", "inquiry": "chat-1", "to": {"operator": "ben"}})
    assert (await told(house))["answered_today"] == 1


async def test_figures_come_once_a_second_when_something_changed_and_seldom_while_somebody_waits() -> None:
    house = alone()
    house.now += EVERY_SECONDS
    house.board.publish_figures()
    house.published()
    await submits(house, "chat-1")
    rest = house.board.publish_figures()
    assert at(STATE, house.published()) == []
    assert rest <= EVERY_SECONDS
    house.now += rest
    house.board.publish_figures()
    assert len(at(STATE, house.published())) == 1
    assert abs(house.board.publish_figures() - WAIT_EVERY_SECONDS) < 0.01


async def test_a_day_begins_at_midnight_where_the_group_is() -> None:
    always = Hours(zone=ZoneInfo("America/New_York"), week=(((0, 1440),),) * 7)
    house = alone(hours=always)
    house.now = datetime(2001, 9, 9, 3, 59, tzinfo=UTC).timestamp()  # a minute before midnight in New York
    await submits(house, "mail-1", "sales-mail")
    assert (await told(house))["received_today"] == 1
    house.now += 60
    assert (await told(house))["received_today"] == 0


async def test_what_was_recorded_before_this_daemon_began_is_of_today_too() -> None:
    house = alone()
    came = MORNING - 100
    house.board.figures.remember(
        [
            Counted(InquiryId("c1"), GroupId("sales"), came, came + 5, came + 50, "answered"),
            Counted(InquiryId("c2"), GroupId("sales"), came, None, came + 50, "abandoned"),
            Counted(InquiryId("c3"), GroupId("sales"), came - 86_400, came - 86_390, None, ""),
        ]
    )
    state = await told(house)
    assert (state["received_today"], state["answered_today"], state["abandoned_today"]) == (2, 1, 1)


async def test_what_was_open_when_the_daemon_began_counts_once_with_all_that_was_recorded_of_it() -> None:
    before = alone()
    await submits(before, "chat-1")
    await before.gets("operators/anna/commands", {"type": "accept", "inquiry": "chat-1"})
    await submits(before, "chat-2")

    house = goes_on(before)
    house.now += 5
    await house.gets("operators/anna/commands", {"type": "accept", "inquiry": "chat-2"})
    house.board.figures.remember(
        [
            Counted(InquiryId("chat-1"), GroupId("sales"), MORNING, MORNING, None, ""),
            Counted(InquiryId("chat-2"), GroupId("sales"), MORNING, None, None, ""),
        ]
    )
    await house.gets("operators/anna/commands", {"type": "close", "inquiry": "chat-1"})

    state = await told(house)
    assert (state["received_today"], state["answered_today"], state["service_level_today"]) == (2, 2, 1.0)
    assert state["waiting"] == {"call": 0, "chat": 0, "mail": 0, "form": 0}


def goes_on(before: House) -> House:
    """Another process, of the first one's memory."""
    memory = Mirror(before.engine.world).memory()
    return House(memory.policy, at=before.now, engine=Engine(memory.policy, memory))


async def test_a_position_is_told_again_when_the_line_moves() -> None:
    house = alone()
    for number in range(6):
        await submits(house, f"chat-{number}")
    await told(house)
    await house.gets("inquiries/chat-3/commands", {"type": "abandon"})
    house.now += EVERY_SECONDS
    house.board.publish_figures()
    published = house.published()
    positions = {name: at(f"inquiries/{name}/status", published)[-1]["position"] for name in ("chat-4", "chat-5")}
    assert positions == {"chat-4": 1, "chat-5": 2}
