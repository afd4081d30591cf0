"""Channels whose item in an answer to Status cannot be read, as a caller has written into it.

The item's name of the channel is certain, as it stands before all that a caller can write; everything else is asked for
in single questions. An answer to Getvar begins with Asterisk's own words and ends with the value, so a value with line
breaks harms nothing; of those that a caller may have written only the first line is asked for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from huntgroup.adapters.ami.texts import known
from huntgroup.adapters.ami.wire import REPEATED, Message, SafeAction
from huntgroup.plain import clean

UNIQUEID, LINKEDID, CONTEXT, STATE = "UNIQUEID", "CHANNEL(linkedid)", "CONTEXT", "CHANNEL(state)"
EXTEN = r"CUT(EXTEN,\\r,1)"
NUMBER, NAME = r"CUT(CALLERID(num),\\r,1)", r"CUT(CALLERID(name),\\r,1)"
DIALLED, CONNECTED = r"CUT(CALLERID(dnid),\\r,1)", r"CUT(CONNECTEDLINE(num),\\r,1)"
PEER = "BRIDGEPEER"
ASKED = (UNIQUEID, LINKEDID, CONTEXT, STATE, EXTEN, NUMBER, NAME, DIALLED, CONNECTED, PEER)
"""All of these may be read with ``call`` (seen on 16.28 and 22.10). Of the two backslashes Asterisk takes one away."""
STATES = {"Down": "0", "Ring": "4", "Ringing": "5", "Up": "6", "Busy": "7"}
"""The states of channel.h that a phone's or a caller's channel has, by the names that CHANNEL(state) gives them."""
_BRIDGE = re.compile(r"\r\nBridgeID: ([0-9A-Za-z-]{1,64})(?=\r\n)")


def questions(item: Message, variables: Sequence[str]) -> list[SafeAction]:
    """Asks for what the item would say, and for these variables."""
    return [
        SafeAction({"Action": "Getvar", "Channel": item.channel, "Variable": each}) for each in (*ASKED, *variables)
    ]


def made_readable(item: Message, answers: Sequence[Message], variables: Sequence[str]) -> Message | None:
    """The item as Asterisk would have written it but for the caller's words, without its bridge; None: the channel is
    gone, which Asterisk says of each question."""
    if not all(each.success for each in answers):
        return None
    values = dict(zip((*ASKED, *variables), (each.value for each in answers), strict=True))
    message = Message(
        {
            name.lower(): (name, value)
            for name, value in {
                "Event": "Status",
                "Privilege": "Call",
                "Channel": item.channel,
                "ChannelState": STATES.get(values[STATE], "3"),
                "ChannelStateDesc": values[STATE],
                "CallerIDNum": values[NUMBER],
                "CallerIDName": values[NAME].replace("\\", r"\\"),
                "ConnectedLineNum": values[CONNECTED],
                "ConnectedLineName": "<unknown>",
                "Language": "",
                "AccountCode": "",
                "Context": values[CONTEXT],
                "Exten": values[EXTEN],
                "Priority": "1",
                "Uniqueid": values[UNIQUEID],
                "Linkedid": values[LINKEDID],
                "DNID": values[DIALLED],
                "BridgeID": "",
                "Variable": REPEATED.join(f"{each}={values[each]}" for each in (PEER, *variables)),
            }.items()
        }
    )
    message.is_whole = False
    return message


def cleaning(channel: Message) -> list[SafeAction]:
    """Takes a caller's lines out of what a channel says of itself, so that all that follows can be read. Nobody is told
    of it by the channel (option i)."""
    values = {
        "CALLERID(num)": channel.calleridnum,
        "CALLERID(dnid)": channel.dnid,
        "CONNECTEDLINE(num,i)": channel.connectedlinenum,
    }
    return [
        SafeAction({"Action": "Setvar", "Channel": channel.channel, "Variable": name, "Value": clean(value)})
        for name, value in values.items()
        if known(value)
    ]


def peers(channel: Message) -> set[str]:
    """The names of the channels in the same bridge."""
    found = channel.variable.split(REPEATED)[0].partition("=")[2]
    return {each for each in found.split(",") if each}


def bridge(item: Message, of_peers: Iterable[Message], peers_of: Mapping[str, set[str]]) -> str:
    """In which bridge such a channel is. No function of the dialplan tells; the item does, among what a caller may have
    written there: so that is believed which is also said of a channel in the same bridge. Two that can both not be read
    are in one that has a name of our own."""
    said: set[str] = set(_BRIDGE.findall(item.content))
    real = said & {str(each.bridgeid) for each in of_peers}
    if real:
        return min(real)
    company = peers_of.get(item.channel, set())
    if company:
        return "bridge of " + " ".join(sorted({item.channel, *company}))
    return min(said) if len(said) == 1 else ""
