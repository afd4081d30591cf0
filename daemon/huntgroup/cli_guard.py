"""Around every command: however it is typed and run, people read one line of words and never a traceback."""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from huntgroup.errors import HuntgroupError
from huntgroup.ops import standard_streams
from huntgroup.plain import plain
from huntgroup.text_input import is_clean

EXIT_FAILED = 1
EXIT_ARGUMENTS = 2
EXIT_INTERRUPTED = 130
"""As shells have it: 128 and the number of SIGINT."""
NOT_TEXT = "is not UTF-8 text; write it, and name files, in UTF-8"
TRACEBACK_VARIABLE = "HUNTGROUP_TRACEBACK"


class TextOnly(TyperGroup):
    """Commands whose arguments are text: a lone surrogate raises wherever it is written, in the store for one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As the parent's. Raises BadParameter for an argument that is not text."""
        for place, argument in enumerate(args, 1):
            if not is_clean(argument):
                raise typer.BadParameter(f"argument {place} {NOT_TEXT}")
        return super().parse_args(ctx, args)


def run_guarded(command: Callable[[], object]) -> NoReturn:
    """Run it and end the process with its status; ``command`` ends with SystemExit or returns."""
    standard_streams.open_missing()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal of another encoding shows what it can
            stream.reconfigure(errors="backslashreplace")
    status = _arguments_read() or _status_of(command)
    raise SystemExit(_flushed(status))


def _arguments_read() -> int:
    """Take the arguments as UTF-8, whatever the locale says; a status where they are not."""
    for place, argument in enumerate(sys.argv[1:], 1):
        try:
            sys.argv[place] = os.fsencode(argument).decode()
        except UnicodeDecodeError:
            return _failed(f"argument {place} {NOT_TEXT}", EXIT_ARGUMENTS)
    return 0


def _status_of(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else _failed(str(end.code))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except HuntgroupError as error:
        return _failed(str(error))
    except OSError as error:
        return _io_failed(error)
    except Exception as error:  # noqa: BLE001 - the last barrier before the user
        if os.environ.get(TRACEBACK_VARIABLE):
            traceback.print_exc()
        words = f"an error of Huntgroup's own: {type(error).__name__}: {error}"
        return _failed(f"{words}; please report it, with what {TRACEBACK_VARIABLE}=1 shows in addition")
    return 0


def _io_failed(error: OSError) -> int:
    if error.errno == errno.EPIPE:
        return EXIT_FAILED  # whoever read it has enough, as with `| head`
    about = f"{error.filename}: " if error.filename is not None else ""
    return _failed(f"{about}{(error.strerror or str(error)).lower()}")


def _failed(words: str, status: int = EXIT_FAILED) -> int:
    with suppress(OSError, ValueError):
        print(plain(words), file=sys.stderr)
    return status


def _flushed(status: int) -> int:
    """What Python would do as it ends, without its words where nobody reads or the disk is full."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError) as error:
            if stream is sys.stdout and isinstance(error, OSError) and not status:
                status = _io_failed(error)
            # Python flushes once more at its end, and must find a file that takes it.
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return status
