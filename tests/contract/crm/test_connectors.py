"""What every connector does, whichever CRM is behind it."""

import asyncio
from contextlib import suppress

import pytest
from tests.contract.crm.conftest import EMAIL, JAN, PHONE, Side, call, given_to, new_lead
from tests.lab.crm import LIES, Mood

from huntgroup.crm.deeds import Known
from huntgroup.crm.words import CrmAway, CrmBusy, CrmError, CrmRefused, CrmShut, Errand

KEY = "hg_0123456789abcdef"


async def test_a_customer_is_found_by_their_number(side: Side) -> None:
    reference = side.knows("Jan Kowalski", "12", phone=PHONE)

    found = await side.crm.look_up(JAN)

    assert found is not None
    assert (found.reference, found.name, found.user) == (reference, "Jan Kowalski", "12")


async def test_a_customer_is_found_by_their_address(side: Side) -> None:
    side.knows("Jan", "15", email=EMAIL)

    found = await side.crm.look_up([("phone", PHONE), ("email", EMAIL)])

    assert found is not None
    assert found.user == "15"


async def test_nobody_is_found_where_nobody_is_known(side: Side) -> None:
    assert await side.crm.look_up(JAN) is None


async def test_a_look_up_is_one_request(side: Side) -> None:
    side.knows("Jan", "12", email=EMAIL)

    await side.crm.look_up([("phone", PHONE), ("email", EMAIL)])

    assert side.server.requests == 1


async def test_a_lead_is_created_once_however_often_it_is_told(side: Side) -> None:
    deed = new_lead()

    first = await side.crm.create(deed, Errand(key=KEY, user="12"))
    again = await side.crm.create(deed, Errand(key=KEY, user="12", is_again=True))

    assert first
    assert again == first
    assert len(side.leads()) == 1


async def test_a_lead_whose_answer_was_lost_is_not_created_again(side: Side) -> None:
    # The last request of a creation is the one that creates.
    side.server.moods = [Mood.LOST] if side.kind == "http" else [Mood.WELL, Mood.LOST]
    with pytest.raises(CrmAway):
        await side.crm.create(new_lead(), Errand(key=KEY, user="12"))
    assert len(side.leads()) == 1

    assert await side.crm.create(new_lead(), Errand(key=KEY, user="12", is_again=True))
    assert len(side.leads()) == 1


async def test_a_call_is_written_down_once_however_often_it_is_told(side: Side) -> None:
    kept: dict[str, str] = {}

    async def keep(done: object) -> None:
        assert isinstance(done, dict)
        kept.update(done)

    await side.crm.register_call(call(), Errand(key=KEY, user="12", keep=keep))
    await side.crm.register_call(call(), Errand(key=KEY, user="12", is_again=True, done=kept))

    assert len(side.calls()) == 1


@pytest.mark.parametrize("lost", [1, 2])
async def test_a_call_whose_answer_was_lost_is_not_written_down_again(side: Side, lost: int) -> None:
    kept: dict[str, str] = {}

    async def keep(done: object) -> None:
        assert isinstance(done, dict)
        kept.update(done)

    side.server.moods = [Mood.WELL] * (lost - 1) + [Mood.LOST]
    with suppress(CrmAway):
        await side.crm.register_call(call(), Errand(key=KEY, user="12", keep=keep))
    side.server.moods = []
    await side.crm.register_call(call(), Errand(key=KEY, user="12", is_again=True, done=kept))

    assert len(side.calls()) == 1


async def test_a_customer_is_given_to_another_user(side: Side) -> None:
    reference = side.knows("Jan", "12", phone=PHONE)

    await side.crm.set_responsible(given_to("ben"), Errand(key=KEY, reference=reference, user="15"))

    assert side.responsible(reference) == ["15"]


@pytest.mark.parametrize("mood", LIES)
async def test_whatever_it_does_a_look_up_ends_within_the_time_out_and_as_an_error_of_the_crms(
    side: Side, mood: Mood
) -> None:
    side.server.mood = mood

    async with asyncio.timeout(5):
        with pytest.raises(CrmError):
            await side.crm.look_up(JAN)


@pytest.mark.parametrize("mood", [Mood.HANGS, Mood.DRIPS, Mood.CUTS, Mood.FAILS, Mood.HUGE])
async def test_a_deed_that_may_do_another_time_says_so(side: Side, mood: Mood) -> None:
    side.server.mood = mood

    with pytest.raises(CrmAway):
        await side.crm.register_call(call(), Errand(key=KEY, user="12"))


@pytest.mark.parametrize("mood", [Mood.NOT_IN, Mood.ELSEWHERE])
async def test_a_crm_that_does_not_let_us_in_is_for_a_person_to_mend(side: Side, mood: Mood) -> None:
    side.server.mood = mood

    with pytest.raises(CrmShut):
        await side.crm.create(new_lead(), Errand(key=KEY, user="12"))


async def test_nothing_is_sent_elsewhere(side: Side) -> None:
    side.server.mood = Mood.ELSEWHERE

    with pytest.raises(CrmShut):
        await side.crm.create(new_lead(), Errand(key=KEY, user="12"))

    assert side.server.requests == 1


async def test_an_error_never_shows_the_secret(side: Side) -> None:
    for mood in LIES:
        side.server.mood = mood
        with pytest.raises(CrmError) as caught:
            await side.crm.look_up(JAN)
        assert "abcdef0123456789" not in str(caught.value)
        assert "/rest/" not in str(caught.value)


async def test_the_examination_changes_nothing(side: Side) -> None:
    assert await side.crm.examine()

    assert not side.leads()
    assert not side.calls()


async def test_what_a_caller_says_of_themselves_is_only_text(side: Side) -> None:
    hostile = 'Robert"); DROP\r\nX-Evil: 1 $result[before][items] \ud800[URL=http://evil]here[/URL]'
    deed = new_lead(name=hostile, text=hostile, subject=hostile, identities=(Known(kind="email", value="a$b[c]@d.e"),))

    assert await side.crm.create(deed, Errand(key=KEY, user="12"))
    assert len(side.leads()) == 1
    assert "\r" not in str(side.leads()[0])


def test_errors_have_stable_codes() -> None:
    codes = [each.code for each in (CrmError, CrmAway, CrmShut, CrmBusy, CrmRefused)]
    assert codes == ["crm_failed", "crm_away", "crm_shut", "crm_busy", "crm_refused"]


@pytest.mark.parametrize("unclean", ["\ud83d", "\0", "\uffff"], ids=ascii)
async def test_a_name_that_is_not_unicode_is_found_with_what_can_be_read(side: Side, unclean: str) -> None:
    side.knows(f"Jan{unclean}", "12", phone=PHONE)

    found = await side.crm.look_up(JAN)

    assert found is not None
    assert (found.name, found.user) == ("Jan\ufffd", "12")
