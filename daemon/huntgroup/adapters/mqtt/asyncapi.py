"""The AsyncAPI 3 document of all topics, made from the very models that read and write them.

python -m huntgroup.adapters.mqtt.asyncapi > docs/asyncapi.json
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from huntgroup.adapters.mqtt import administration, commands, customer_commands, payloads
from huntgroup.engine.effects import ErrorCode
from huntgroup.settings.changes import AnyCommand, Command

PREFIX = "huntgroup"
SCHEMAS = "#/components/schemas/{model}"
_IDS = {
    "inquiry": "The inquiry's id: the channel's own, or for a call one that begins with call-.",
    "operator": "The operator's id, and their user name at the broker.",
    "account": "The `account` of a source: the user name of its gateway at the broker.",
    "group": "The group's id.",
    "pbx": "The id of a PBX.",
    "user": "The id of a supervisor or an administrator.",
    "type": "The type of the fact.",
}
EDGE_CODES = {
    "not_json": "it is no JSON",
    "missing": "a key is missing",
    "unknown_key": "a key that nobody knows",
    "unknown_type": "a command that nobody knows",
    "too_long": "longer than allowed",
    "invalid": "a value that cannot be",
    "retained": "a message to the daemon was retained",
    "bad_response_topic": "the response topic is not one of the writer's own",
    "unknown_source": "the source is not configured, or is another account's",
    "id_taken": "another inquiry has the id",
    "expired": "it may have waited too long at the broker while the daemon was away; send it again",
    "overloaded": "too much waits to be handled",
    "source_full": "the source has as many open inquiries as it may have (max_inquiries)",
    "store_unavailable": "nothing can be made durable at the moment",
    "not_permitted": "it takes another role, or another topic",
    "not_supported": "this daemon does not do it",
    "unknown_group": "there is no such group",
    "unknown_operator": "there is no such operator",
    "unknown_number": "there is no such number",
    "already_there": "it is there already",
    "not_a_member": "the operator is not in the group",
    "configuration_invalid": "the configuration file is wrong as it is, so nothing is changed in it",
    "conflict": "the configuration file is another one than was meant",
    "edit_by_hand": "the configuration file is written in a way that only a person can change",
    "not_writable": "the daemon may not write its configuration file",
    "unknown_customer": "there is no such customer",
    "several_customers": "what is given belongs to several customers",
    "already_known": "a customer has this identity already",
    "already_one": "the two are one customer already",
    "unknown_change": "there is no such change",
    "already_undone": "the change was undone already",
    "cannot_be_undone": "the change cannot be undone, or not any more",
    "inquiry_open": "an inquiry of theirs is not over",
}
"""The codes that the daemon's edge gives; the others are the engine's."""


@dataclass(frozen=True, slots=True)
class _Channel:
    name: str
    topic: str
    action: Literal["send", "receive"]
    """By the daemon."""
    models: Sequence[type[BaseModel]]
    summary: str
    is_retained: bool = False
    reply: Sequence[type[BaseModel]] = ()


_ANSWERS = (payloads.Done, payloads.Refused)
_CHANNELS = (
    _Channel("status", "status", "send", (payloads.Status,), "The daemon itself; also its last will.", True),
    _Channel(
        "pbxState",
        "pbxs/{pbx}/state",
        "send",
        (payloads.PbxState,),
        "The link to a PBX.",
        True,
    ),
    _Channel(
        "submit",
        "inquiries/submit",
        "receive",
        (commands.Submission,),
        "A new inquiry of a source without account. Submitting it again changes nothing, and answers with its state.",
        reply=(payloads.Submitted, payloads.Refused),
    ),
    _Channel(
        "inquiryStatus",
        "inquiries/{inquiry}/status",
        "send",
        (payloads.InquiryStatus, payloads.Submitted, payloads.Refused),
        "An inquiry's whole state, retained while it is open. The answers to who submits it come here, too, unless"
        " they name a response topic; these are not retained.",
        True,
    ),
    _Channel(
        "inquiryCommands",
        "inquiries/{inquiry}/commands",
        "receive",
        (commands.Abandon, commands.ChannelClose, commands.CustomerMessage),
        "What a channel does with its inquiry.",
        reply=_ANSWERS,
    ),
    _Channel(
        "accountSubmit",
        "sources/{account}/submit",
        "receive",
        (commands.Submission,),
        "A new inquiry of a source that has this account. Its id is the account's own: another account may use the"
        " same, and the daemon calls the inquiry <id>@<account>.",
        reply=(payloads.AccountSubmitted, payloads.Refused),
    ),
    _Channel(
        "accountInquiryStatus",
        "sources/{account}/inquiries/{inquiry}/status",
        "send",
        (payloads.AccountStatus, payloads.AccountSubmitted, payloads.Refused),
        "What an account is shown of its inquiry, retained while it is open. The answers to a submission come here,"
        " too, unless it names a response topic; these are not retained.",
        True,
    ),
    _Channel(
        "accountInquiryCommands",
        "sources/{account}/inquiries/{inquiry}/commands",
        "receive",
        (commands.Abandon, commands.ChannelClose, commands.CustomerMessage),
        "What an account does with its inquiry.",
        reply=_ANSWERS,
    ),
    _Channel(
        "operatorState",
        "operators/{operator}/state",
        "send",
        (payloads.OperatorState,),
        "An operator: what they say of themselves, what they handle, and why they get nothing.",
        True,
    ),
    _Channel(
        "operatorDesk",
        "operators/{operator}/desk",
        "send",
        (payloads.Desk,),
        "All that lies before an operator.",
        True,
    ),
    _Channel(
        "operatorCommands",
        "operators/{operator}/commands",
        "receive",
        (
            commands.Accept,
            commands.Decline,
            commands.Pickup,
            commands.Transfer,
            commands.Hold,
            commands.Resume,
            commands.Close,
            commands.WrapupDone,
            commands.Login,
            commands.Logout,
            commands.Pause,
            commands.ResumeWork,
        ),
        "What an operator does.",
        reply=_ANSWERS,
    ),
    _Channel(
        "adminCommands",
        "admin/{user}/commands",
        "receive",
        tuple(get_args(AnyCommand)),
        "What a supervisor or an administrator asks of the configuration.",
        reply=(administration.Administered, payloads.Refused),
    ),
    _Channel(
        "customerCommands",
        "customers/commands",
        "receive",
        customer_commands.COMMANDS,
        "What integrators ask about customers, and have changed.",
        reply=(customer_commands.CustomerAnswer, payloads.Refused),
    ),
    _Channel("groupState", "groups/{group}/state", "send", (payloads.GroupState,), "A group's live figures.", True),
    _Channel("events", "events/{type}", "send", (payloads.CloudEvent,), "Every fact, as CloudEvents 1.0."),
    _Channel(
        "backlogEnd",
        "backlog_end",
        "send",
        (payloads.BacklogEnd,),
        "The daemon's own, published once it has subscribed: what it reads before this may have waited for it.",
    ),
    _Channel("rejected", "rejected", "send", (payloads.Rejected,), "What could not be understood."),
)


def document() -> dict[str, Any]:
    """The whole document."""
    schemas: dict[str, Any] = {}
    for model, mode in _models():
        _add(schemas, model, mode)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Huntgroup",
            "version": version("huntgroup"),
            "description": (
                "Inquiries, operators and groups over MQTT 5 or 3.1.1, QoS 1, JSON in UTF-8. Every message to the"
                " daemon is answered: at its response topic with its correlation data, else at the topic with"
                " /replies in the place of /commands. Codes of errors: "
                + "; ".join(f"{code}: {words}" for code, words in EDGE_CODES.items())
                + "; and of the engine "
                + ", ".join(ErrorCode)
                + "."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {each.name: _channel(each) for each in _CHANNELS}
        | {f"{each.name}Replies": _replies(each) for each in _CHANNELS if each.reply},
        "operations": {f"{each.action}{each.name[0].upper()}{each.name[1:]}": _operation(each) for each in _CHANNELS},
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "messages": {model.__name__: _message(model) for model, _ in _models()},
        },
    }


def _models() -> Iterator[tuple[type[BaseModel], JsonSchemaMode]]:
    seen: set[type[BaseModel]] = set()
    for channel in _CHANNELS:
        for model in (*channel.models, *channel.reply):
            if model not in seen:
                seen.add(model)
                yield model, "validation" if issubclass(model, (commands.Incoming, Command)) else "serialization"


def _add(schemas: dict[str, Any], model: type[BaseModel], mode: JsonSchemaMode) -> None:
    schema = model.model_json_schema(ref_template=SCHEMAS, mode=mode, schema_generator=_Generator)
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema


class _Generator(GenerateJsonSchema):
    """What is left out when it says nothing is not required, and is never null."""

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        """Only the value itself."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> dict[str, Any]:
        """No default of null."""
        found = super().default_schema(schema)
        if found.get("default", 0) is None:
            del found["default"]
        return found

    def tagged_union_schema(self, schema: Any) -> dict[str, Any]:
        """The key that tells the models apart; AsyncAPI knows no more of it than its name."""
        found = super().tagged_union_schema(schema)
        return found | {"discriminator": found["discriminator"]["propertyName"]}

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Of what we publish all that is not left out when it says nothing."""
        schema = field["schema"]
        if self.mode == "validation":
            return super().field_is_required(field, total)
        return not (schema["type"] == "default" and schema.get("default", 0) is None)


def _channel(channel: _Channel) -> dict[str, Any]:
    address = f"{PREFIX}/{channel.topic}"
    data: dict[str, Any] = {
        "address": address,
        "description": channel.summary,
        "messages": _messages(channel.models),
    }
    parameters = {name: {"description": words} for name, words in _IDS.items() if f"{{{name}}}" in address}
    return data | ({"parameters": parameters} if parameters else {})


def _replies(channel: _Channel) -> dict[str, Any]:
    return {
        "address": None,
        "description": "Wherever who asks wants to be answered.",
        "messages": _messages(channel.reply),
    }


def _messages(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    return {model.__name__: {"$ref": f"#/components/messages/{model.__name__}"} for model in models}


def _operation(channel: _Channel) -> dict[str, Any]:
    data: dict[str, Any] = {
        "action": channel.action,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": channel.summary,
        "messages": [{"$ref": f"#/channels/{channel.name}/messages/{model.__name__}"} for model in channel.models],
        "bindings": {"mqtt": {"qos": 1, "retain": channel.is_retained, "bindingVersion": "0.2.0"}},
    }
    if channel.reply:
        replies = f"#/channels/{channel.name}Replies"
        data["reply"] = {
            "channel": {"$ref": replies},
            "messages": [{"$ref": f"{replies}/messages/{model.__name__}"} for model in channel.reply],
        }
    return data


def _message(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "name": model.__name__,
        "summary": (model.__doc__ or "").strip(),
        "payload": {"$ref": SCHEMAS.format(model=model.__name__)},
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(document(), indent=1, ensure_ascii=False) + "\n")
