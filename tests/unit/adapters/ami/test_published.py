"""What a PBX was told by an earlier run of the daemon, and should not hold any more, is taken back by a later one."""

from tests.unit.adapters.ami.conftest import Daemon, operator, policy_of
from tests.unit.adapters.ami.fake_asterisk import FakeAsterisk

from huntgroup.adapters.ami.directory import Directory
from huntgroup.adapters.ami.published import INDEX_MOST, Names, write
from huntgroup.engine.events import PbxFound
from huntgroup.settings import Telephony

INDEX = "HUNTGROUP_PUBLISHED_"
TOLD_BEFORE = {f"{INDEX}1": "lists:+4930123456|phones:209", f"{INDEX}2": "codes:*77|lamps:209"}


def set_to(asterisk: FakeAsterisk, variable: str) -> list[str]:
    """What it was set to, in order."""
    return [each["Value"] for each in asterisk.received("Setvar", Variable=variable)]


def remembered(asterisk: FakeAsterisk) -> set[str]:
    """By which names it says that it was told, in the end."""
    values = {each["Variable"]: each["Value"] for each in asterisk.received("Setvar") if INDEX in each["Variable"]}
    return {name for text in values.values() for name in text.split("|") if name}


async def found(daemon: Daemon) -> None:
    daemon.runs()
    await daemon.is_told(PbxFound)


async def test_numbers_extensions_codes_and_lamps_of_a_configuration_that_is_no_more(
    asterisk: FakeAsterisk, daemon: Daemon
) -> None:
    asterisk.globals |= TOLD_BEFORE
    await found(daemon)

    assert set_to(asterisk, "GLOBAL(HUNTGROUP_LIST_+4930123456)") == ["none"]
    assert set_to(asterisk, "GLOBAL(HUNTGROUP_PHONES_209)") == ["none"]
    assert set_to(asterisk, "GLOBAL(HUNTGROUP_CODE_*77)") == [""]
    for lamp in ("login", "pause"):
        assert set_to(asterisk, f"DEVICE_STATE(Custom:huntgroup-{lamp}-209)") == ["NOT_INUSE"]
    assert "codes:*11" in remembered(asterisk)
    assert not {"codes:*77", "lamps:209", "phones:209", "lists:+4930123456"} & remembered(asterisk)


async def test_what_holds_as_before_is_not_taken_back_for_a_moment(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    asterisk.globals |= {f"{INDEX}1": "codes:*11"}
    await found(daemon)

    assert set_to(asterisk, "GLOBAL(HUNTGROUP_CODE_*11)") == ["code"]


async def test_it_is_remembered_before_it_is_told(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    """Or a daemon that is killed in between would leave what nobody takes back."""
    await found(daemon)

    order = [each["Variable"] for each in asterisk.received("Setvar")]
    assert order.index(f"GLOBAL({INDEX}1)") < order.index("GLOBAL(HUNTGROUP_CODE_*11)")


async def test_the_same_for_a_configuration_that_changes_while_it_runs(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    await found(daemon)
    policy = policy_of(operator("anna", "PJSIP/anna-desk"))
    daemon.client.reconfigure(policy, Directory(), Telephony(login_code="*55"))
    await asterisk.receives("Setvar", Variable="GLOBAL(HUNTGROUP_CODE_*45)", Value="")

    await asterisk.receives("Ping", times=asterisk.count("Ping") + 1)
    assert "codes:*55" in remembered(asterisk)
    assert "codes:*45" not in remembered(asterisk)


async def test_what_a_pbx_says_there_that_is_none_of_ours_means_nothing(asterisk: FakeAsterisk, daemon: Daemon) -> None:
    asterisk.globals |= {f"{INDEX}1": "INUSE", f"{INDEX}2": "codes:*77"}
    await found(daemon)

    assert set_to(asterisk, "GLOBAL(HUNTGROUP_CODE_*77)") == []


async def test_names_without_number_take_as_many_lines_as_they_need() -> None:
    many = Names(lists=frozenset(f"+4822{number:07}" for number in range(500)))
    texts = [str(action["value"]) for action in write(many)]

    assert max(map(len, texts)) <= INDEX_MOST
    assert texts[-1] == ""
    assert all(texts[:-1])
    assert len("|".join(texts[:-1]).split("|")) == 500
