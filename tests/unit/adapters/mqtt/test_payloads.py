"""What is published, byte for byte where a reader would notice."""

import json

from tests.unit.adapters.mqtt.conftest import House, at
from tests.unit.engine.scenario import PBX, group, policy

from huntgroup.adapters.mqtt.payloads import Status, operator_state
from huntgroup.engine.effects import OperatorChanged, Reason
from huntgroup.engine.events import PbxFound
from huntgroup.engine.ids import InquiryId, OperatorId, PbxId
from huntgroup.engine.policy import Channel, Presence

BRANCH = PbxId("branch")


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


def test_until_it_is_found_a_pbx_is_lost() -> None:
    here = House(policy(group("sales", "anna"), pbxs=(PBX, BRANCH)), at=1_000.0)
    assert json.loads(here.outbox.kept["huntgroup/pbxs/branch/state"]()) == {
        "state": "lost",
        "since": "1970-01-01T00:16:40Z",
    }

    here.put(PbxFound(pbx=BRANCH), 1_000.0)

    assert at("pbxs/branch/state", here.published()) == [{"state": "connected", "since": "1970-01-01T00:16:40Z"}]
