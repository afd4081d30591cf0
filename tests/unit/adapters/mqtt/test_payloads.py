"""What is published, byte for byte where a reader would notice."""

import json

from huntgroup.adapters.mqtt.payloads import Status, operator_state
from huntgroup.engine.effects import OperatorChanged, Reason
from huntgroup.engine.ids import InquiryId, OperatorId
from huntgroup.engine.policy import Channel, Presence


def test_the_last_will_has_nothing_but_the_state() -> None:
    assert Status(state="offline").encode() == b'{"state":"offline"}'


def test_an_operators_state_names_the_reason_of_each_channel() -> None:
    changed = OperatorChanged(
        operator=OperatorId("anna"),
        presence=Presence.AVAILABLE,
        pause_reason="",
        reasons={Channel.CALL: Reason.BUSY},
        load={Channel.CALL: 1},
        capacity={Channel.CALL: 1},
        inquiries=(InquiryId("c1"),),
    )

    assert json.loads(operator_state(changed).encode()) == {
        "presence": "available",
        "reasons": [{"channel": "call", "reason": "busy"}],
        "load": {"call": 1},
        "capacity": {"call": 1},
        "inquiries": ["c1"],
    }
