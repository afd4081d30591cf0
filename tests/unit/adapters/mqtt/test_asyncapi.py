"""The document of all topics: what AsyncAPI says one is, and what the models are today."""

from tests.lab.schemas import document, official

from huntgroup.adapters.mqtt import asyncapi


def test_it_is_what_asyncapi_calls_a_document() -> None:
    assert [f"{list(error.path)}: {error.message}" for error in official().iter_errors(document())] == []


def test_the_official_schema_finds_mistakes() -> None:
    wrong = {**document(), "channels": {"status": {"adress": "huntgroup/status"}}}

    assert list(official().iter_errors(wrong)) != []


def test_it_is_made_from_todays_models() -> None:
    assert asyncapi.document() == document(), "python -m huntgroup.adapters.mqtt.asyncapi > docs/asyncapi.json"
