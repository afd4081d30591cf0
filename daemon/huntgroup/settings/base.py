"""What every table of the configuration has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the file: frozen, without unknown keys, and with no guessing from one type to another."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
        # A secret put under a wrong key must not reach a log through an error's text.
        hide_input_in_errors=True,
    )
