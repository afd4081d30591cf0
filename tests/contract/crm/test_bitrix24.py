"""What only Bitrix24 has: its limits, its rights, its kinds of items."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs
from tests.contract.crm.conftest import EMAIL, JAN, PHONE, LabClock, call, given_to, new_lead, settings
from tests.lab.bitrix24 import Portal, Wrong
from tests.lab.crm import serving

from huntgroup.adapters.crm.bitrix24.portal import FOR_DEEDS, THRESHOLD, Meter
from huntgroup.adapters.crm.making import connector
from huntgroup.crm.deeds import Known
from huntgroup.crm.words import Crm, CrmAway, CrmBusy, CrmRefused, CrmShut, Errand, NotForCrm

KEY = "hg_0123456789abcdef"
LEAD, DEAL, CONTACT, COMPANY = 1, 2, 3, 4


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    portal = Portal()
    async with serving(portal):
        yield portal


@pytest.fixture
async def crm(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Crm]:
    monkeypatch.setenv("CRM", portal.hook)
    crm = connector(settings("bitrix24"), LabClock())
    yield crm
    await crm.close()


async def test_a_contact_is_believed_before_a_company_and_a_company_before_a_lead(portal: Portal, crm: Crm) -> None:
    portal.put(LEAD, phone=PHONE, title="A lead")
    assert (await crm.look_up(JAN)).name == "A lead"  # type: ignore[union-attr]
    portal.put(COMPANY, phone=PHONE, title="Shop Ltd")
    assert (await crm.look_up(JAN)).name == "Shop Ltd"  # type: ignore[union-attr]
    portal.put(CONTACT, phone=PHONE, name="Jan", lastName="Kowalski")
    assert (await crm.look_up(JAN)).name == "Jan Kowalski"  # type: ignore[union-attr]


async def test_a_new_lead_has_all_that_is_known(portal: Portal, crm: Crm) -> None:
    known = (Known(kind="phone", value=PHONE), Known(kind="email", value=EMAIL))
    await crm.create(new_lead(identities=known, text="Where is it?"), Errand(key=KEY, user="12"))

    (lead,) = portal.of(LEAD)
    assert lead["assignedById"] == 12
    assert lead["title"] == "call: Jan Kowalski"
    assert [(each["typeId"], each["value"]) for each in lead["fm"]] == [("PHONE", PHONE), ("EMAIL", EMAIL)]
    assert (lead["originatorId"], lead["originId"], lead["sourceId"]) == ("huntgroup", KEY, "CALL")
    assert "Where is it?" in lead["comments"]


async def test_a_deal_comes_with_the_contact_that_it_is_of(portal: Portal, crm: Crm) -> None:
    reference = await crm.create(new_lead(kind="deal"), Errand(key=KEY, user="12"))

    (contact,), (deal,) = portal.of(CONTACT), portal.of(DEAL)
    assert reference == f"contact:{contact['id']}"
    assert deal["contactId"] == contact["id"]
    assert "fm" not in deal


async def test_a_deal_that_was_cut_off_from_its_contact_is_made_later(portal: Portal, crm: Crm) -> None:
    portal.put(CONTACT, phone=PHONE, originatorId="huntgroup", originId=KEY)

    for _ in range(2):
        await crm.create(new_lead(kind="deal"), Errand(key=KEY, user="12", is_again=True))

    assert len(portal.of(CONTACT)) == len(portal.of(DEAL)) == 1


async def test_who_is_known_there_after_all_is_not_created_again(portal: Portal, crm: Crm) -> None:
    number = portal.put(CONTACT, phone=PHONE)

    assert await crm.create(new_lead(), Errand(key=KEY, user="12")) == f"contact:{number}"
    assert portal.of(LEAD) == []


async def test_a_call_is_registered_and_finished_for_its_operator(portal: Portal, crm: Crm) -> None:
    await crm.register_call(call(), Errand(key=KEY, user="12", reference="contact:275"))

    (there,) = portal.finished
    assert there["USER_ID"] == 12
    assert (there["PHONE_NUMBER"], there["LINE_NUMBER"], there["TYPE"]) == (PHONE, "+48221234567", 2)
    assert (there["DURATION"], there["STATUS_CODE"]) == (61, "200")
    assert there["CALL_START_DATE"] == "2026-09-21T14:13:20+00:00"
    assert (there["CRM_ENTITY_TYPE"], there["CRM_ENTITY_ID"]) == ("CONTACT", 275)
    assert (there["CRM_CREATE"], there["SHOW"], there["ADD_TO_CHAT"]) == (0, 0, 0)
    assert there["EXTERNAL_CALL_ID"] == KEY


@pytest.mark.parametrize(
    ("outcome", "code"),
    [("abandoned", "304"), ("unanswered", "304"), ("voicemail", "304"), ("refused", "603"), ("forwarded", "200")],
)
async def test_each_outcome_has_its_code(portal: Portal, crm: Crm, outcome: str, code: str) -> None:
    await crm.register_call(call(operator=None, talked=0, outcome=outcome), Errand(key=KEY))

    (there,) = portal.finished
    assert there["STATUS_CODE"] == code
    assert there["USER_ID"] == 1  # whose webhook it is


async def test_where_telephony_is_for_applications_a_call_becomes_an_activity(portal: Portal, crm: Crm) -> None:
    portal.has_telephony = False
    number = portal.put(CONTACT, phone=PHONE)

    with capture_logs() as logs:
        for _ in range(2):
            await crm.register_call(call(), Errand(key=KEY, user="12", is_again=True))

    (activity,) = portal.activities
    assert (activity["OWNER_TYPE_ID"], activity["OWNER_ID"], activity["TYPE_ID"]) == (CONTACT, number, 2)
    assert (activity["DIRECTION"], activity["RESPONSIBLE_ID"], activity["COMPLETED"]) == (1, 12, "Y")
    assert [each["event"] for each in logs] == ["crm.calls_as_activities"]
    assert portal.methods.count("telephony.externalCall.register") == 1


async def test_a_call_that_nobody_took_is_an_activity_that_stays_open(portal: Portal, crm: Crm) -> None:
    portal.has_telephony = False
    number = portal.put(LEAD, phone=PHONE)

    await crm.register_call(
        call(operator=None, talked=0, outcome="abandoned"), Errand(key=KEY, reference=f"lead:{number}")
    )

    assert portal.activities[0]["COMPLETED"] == "N"


async def test_a_call_of_nobody_needs_not_be_told_as_an_activity(portal: Portal, crm: Crm) -> None:
    portal.has_telephony = False
    with pytest.raises(NotForCrm):
        await crm.register_call(call(), Errand(key=KEY, user="12"))


async def test_a_call_without_a_number_needs_not_be_told(crm: Crm) -> None:
    with pytest.raises(NotForCrm, match="withheld"):
        await crm.register_call(call(number=""), Errand(key=KEY, user="12"))


async def test_a_customer_without_a_reference_is_found_by_their_number(portal: Portal, crm: Crm) -> None:
    number = portal.put(CONTACT, phone=PHONE)
    known = (Known(kind="phone", value=PHONE),)

    await crm.set_responsible(given_to("ben", identities=known), Errand(key=KEY, user="15"))

    assert portal.items[CONTACT][number]["assignedById"] == 15


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("QUERY_LIMIT_EXCEEDED", 503, CrmBusy),
        ("OPERATION_TIME_LIMIT", 429, CrmBusy),
        ("OVERLOAD_LIMIT", 503, CrmShut),
        ("INTERNAL_SERVER_ERROR", 500, CrmAway),
        ("ERROR_UNEXPECTED_ANSWER", 500, CrmAway),
        ("NO_AUTH_FOUND", 401, CrmShut),
        ("expired_token", 401, CrmShut),
        ("insufficient_scope", 403, CrmShut),
        ("ACCESS_DENIED", 400, CrmShut),
        ("INVALID_REQUEST", 400, CrmShut),
        ("PORTAL_DELETED", 500, CrmShut),
        ("NOT_FOUND", 400, CrmRefused),
        ("ERROR_CORE", 400, CrmRefused),
        ("100", 400, CrmRefused),
    ],
)
async def test_each_documented_error_means_what_it_says(
    portal: Portal, crm: Crm, code: str, status: int, kind: type[Exception]
) -> None:
    portal.error = Wrong(code, "as documented", status)

    with pytest.raises(kind) as caught:
        await crm.set_responsible(given_to("ben"), Errand(key=KEY, user="15", reference="contact:7"))

    assert type(caught.value) is kind
    assert code in str(caught.value)


async def test_an_item_with_another_number_than_was_asked_for_is_a_lie(portal: Portal, crm: Crm) -> None:
    number = portal.put(CONTACT, phone=PHONE)
    portal.items[CONTACT][number]["id"] = 4711

    with pytest.raises(CrmAway, match="4711"):
        await crm.look_up(JAN)


async def test_an_address_that_would_be_an_instruction_in_a_batch_is_not_asked_for(portal: Portal, crm: Crm) -> None:
    assert await crm.look_up([("email", "$result[x][y]@evil.example")]) is None
    assert portal.requests == 0


async def test_a_webhook_without_the_right_to_the_crm_is_told(portal: Portal, crm: Crm) -> None:
    portal.scopes = ["telephony"]
    with pytest.raises(CrmShut, match="lacks crm"):
        await crm.examine()
    portal.scopes = ["crm"]
    assert "activities" in await crm.examine()


def test_a_backlog_leaves_room_for_look_ups() -> None:
    meter = Meter()
    sent = sum(meter.take(0.0, FOR_DEEDS) == 0 for _ in range(100))
    asked = sum(meter.take(0.0) == 0 for _ in range(100))

    assert (sent, asked) == (int(FOR_DEEDS), int(THRESHOLD - FOR_DEEDS))
    assert meter.take(0.0) == 0.5
    assert meter.take(0.5) == 0
