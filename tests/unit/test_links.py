"""What an operator may be offered to click on."""

import pytest

from huntgroup.engine.events import Content, Customer, InquiryReceived
from huntgroup.engine.ids import InquiryId, SourceId
from huntgroup.engine.policy import Channel
from huntgroup.settings.crm import read_address, read_hook
from huntgroup.settings.words import Complaint
from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.engine.scenario import group, policy

BAD = (
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "\x01javascript:alert(1)",
    "javascript\n:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://x",
    "view-source:https://x",
    "intent://x#Intent;end",
    "chrome://settings",
    "https:",
    "https:///x",
    "https://bank.example@evil.example/",
    "https://x/ javascript:alert(1)",
    "https://[x",
    "//evil.example/x",
    "/\\evil.example/x",
    "\\\\evil.example\\x",
    "www.example.org",
    ":",
    "\ufeffjavascript:alert(1)",
)
GOOD = (
    "",
    "https://crm.example/ticket/7?a=b#c",
    "HTTP://h",
    "http://127.0.0.1:8080/x",
    "https://[::1]/x",
    "https://dzień.example/ż",
    "mailto:jan@example.org?subject=x",
    "tel:+48221234567",
    "sip:anna@pbx",
    "xmpp:jan@example.org",
    "/tickets/7?view=all",
)
CHAT = {"id": "chat-1", "source": "sales-chat"}


@pytest.mark.parametrize("link", BAD, ids=ascii)
async def test_a_link_that_acts_in_the_operators_screen_is_refused(link: str) -> None:
    here = House(policy(group("sales", "anna", "ben")))
    published = await here.gets("inquiries/submit", {**CHAT, "link": link})
    (rejected,) = at("rejected", published)
    assert (rejected["error"]["code"], rejected["error"]["at"]) == ("invalid", "link")
    assert here.engine.world.received == 0


@pytest.mark.parametrize("link", GOOD)
async def test_a_link_to_a_page_an_address_or_a_number_reaches_the_desk(link: str) -> None:
    here = House(policy(group("sales", "anna", "ben")))
    published = await here.gets("inquiries/submit", {**CHAT, "link": link})
    (desk,) = at("operators/anna/desk", published)
    assert desk["offers"][0].get("link", "") == link


@pytest.mark.parametrize("link", BAD, ids=ascii)
async def test_an_inquiry_of_an_earlier_version_is_served_without_its_link(link: str) -> None:
    here = House(policy(group("sales", "anna", "ben")))
    kept = InquiryReceived(
        inquiry=InquiryId("chat-1"),
        channel=Channel.CHAT,
        source=SourceId("sales-chat"),
        customer=Customer(name="Jan"),
        content=Content(subject="", text="Hi", link=link),
    )
    here.put(kept, here.now)
    (desk,) = at("operators/anna/desk", here.published())
    assert (desk["offers"][0]["text"], "link" in desk["offers"][0]) == ("Hi", False)


@pytest.mark.parametrize("address", [each for each in BAD if each])
def test_no_address_of_a_crm_is_anything_but_a_page(address: str) -> None:
    for read in (read_address, read_hook):
        with pytest.raises(Complaint):
            read(address)
