"""What may be asked of the configuration by command: the commands as models. Who may ask what: `settings.rights`.

Values are those of the file, as JSON: durations are texts such as "20s", and null takes a key out, so that its default
holds again.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Keys = Annotated[list[Name], Field(min_length=1, max_length=100)]
Changes = Annotated[dict[Name, Any], Field(min_length=1, max_length=100)]
Place = Annotated[int, Field(ge=1, le=1_000_000)]
Version = Annotated[str, StringConstraints(max_length=64)]


class Command(BaseModel):
    """One JSON object: nothing is guessed from one type to another, and no key is passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Change(Command):
    """What changes the file; with `if_version` only as long as the file is that one."""

    if_version: Version = ""
    """The `version` of an earlier answer."""


class SetGroup(Change):
    """Other values for keys of a group."""

    type: Literal["set_group"]
    group: Name
    changes: Changes


class AddMember(Change):
    """An operator joins a group: last, or at a place, from 1."""

    type: Literal["add_member"]
    group: Name
    operator: Name
    at: Place | None = None


class RemoveMember(Change):
    """An operator leaves a group."""

    type: Literal["remove_member"]
    group: Name
    operator: Name


class MoveMember(Change):
    """A member of a group gets another place in its order, from 1."""

    type: Literal["move_member"]
    group: Name
    operator: Name
    at: Place


class Reset(Change):
    """Keys of one group, operator, number or source get their defaults back."""

    type: Literal["reset"]
    group: str = ""
    operator: str = ""
    number: str = ""
    source: str = ""
    keys: Keys


class AddGroup(Change):
    """A new group, as its table would say it."""

    type: Literal["add_group"]
    group: dict[str, Any]


class RemoveGroup(Change):
    """A group goes; nothing may name it any more."""

    type: Literal["remove_group"]
    group: Name


class AddOperator(Change):
    """A new operator, as their table would say it."""

    type: Literal["add_operator"]
    operator: dict[str, Any]


class SetOperator(Change):
    """Other values for keys of an operator."""

    type: Literal["set_operator"]
    operator: Name
    changes: Changes


class RemoveOperator(Change):
    """An operator goes, and leaves their groups."""

    type: Literal["remove_operator"]
    operator: Name


class AddNumber(Change):
    """A new number, as its table would say it."""

    type: Literal["add_number"]
    number: dict[str, Any]


class SetNumber(Change):
    """Other values for keys of a number."""

    type: Literal["set_number"]
    number: Name
    changes: Changes


class RemoveNumber(Change):
    """A number is served no more."""

    type: Literal["remove_number"]
    number: Name


class AddSource(Change):
    """A new source, as its table would say it."""

    type: Literal["add_source"]
    source: dict[str, Any]


class SetSource(Change):
    """Other values for keys of a source."""

    type: Literal["set_source"]
    source: Name
    changes: Changes


class RemoveSource(Change):
    """Nothing comes in by a source any more."""

    type: Literal["remove_source"]
    source: Name


class SetBlending(Change):
    """Other values for keys of `[blending]`."""

    type: Literal["set_blending"]
    changes: Changes


AnyStep = (
    SetGroup
    | AddMember
    | RemoveMember
    | MoveMember
    | Reset
    | AddGroup
    | RemoveGroup
    | AddOperator
    | SetOperator
    | RemoveOperator
    | AddNumber
    | SetNumber
    | RemoveNumber
    | AddSource
    | SetSource
    | RemoveSource
    | SetBlending
)
OneChange = Annotated[AnyStep, Field(discriminator="type")]


class Together(Change):
    """Several changes, all of them or none: only what comes of them together must be right."""

    type: Literal["together"]
    steps: Annotated[list[OneChange], Field(min_length=1, max_length=100)]


class Check(Command):
    """Whether the file is right; with `change`, what that would do, without doing it."""

    type: Literal["check"]
    change: Annotated[OneChange | Together, Field(discriminator="type")] | None = None


class Show(Command):
    """The configuration as it is."""

    type: Literal["show"]


AnyChange = AnyStep | Together
AnyCommand = AnyChange | Check | Show
ADMINISTRATION: TypeAdapter[AnyCommand] = TypeAdapter(Annotated[AnyCommand, Field(discriminator="type")])


def steps_of(change: AnyChange) -> list[AnyChange]:
    """The single changes that it is made of."""
    return list(change.steps) if isinstance(change, Together) else [change]
