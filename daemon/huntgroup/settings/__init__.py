"""The configuration: a TOML file, read into validated models; errors name file, line and key.

Knows the file and its words. Must not know what the daemon does with them.
"""

from huntgroup.settings.actions import (
    Action,
    Callback,
    HangUp,
    KeepWaiting,
    Reply,
    ResponsibleMissed,
    ToGroup,
    ToNumber,
    ToOperator,
    Voicemail,
)
from huntgroup.settings.crm import Crm
from huntgroup.settings.hours import Hours, Opening
from huntgroup.settings.models import (
    Announce,
    Blending,
    Capacity,
    Channel,
    Create,
    Distribution,
    Group,
    Mqtt,
    Number,
    Operator,
    Pbx,
    Settings,
    Source,
    Store,
    Telephony,
)
from huntgroup.settings.reader import load, load_to_simulate

__all__ = [
    "Action",
    "Announce",
    "Blending",
    "Callback",
    "Capacity",
    "Channel",
    "Create",
    "Crm",
    "Distribution",
    "Group",
    "HangUp",
    "Hours",
    "KeepWaiting",
    "Mqtt",
    "Number",
    "Opening",
    "Operator",
    "Pbx",
    "Reply",
    "ResponsibleMissed",
    "Settings",
    "Source",
    "Store",
    "Telephony",
    "ToGroup",
    "ToNumber",
    "ToOperator",
    "Voicemail",
    "load",
    "load_to_simulate",
]
