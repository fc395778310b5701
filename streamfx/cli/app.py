"""The program ``streamfx``: its commands, and what each kind of failure turns into."""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from streamfx.cli import (
    bench,
    demo,
    doctor,
    explain,
    models,
    nodes,
    presets,
    render,
    serve,
    train,
)
from streamfx.cli.interrupt import SIGNALS
from streamfx.cli.late import load_late
from streamfx.cli.terminal import Terminal
from streamfx.errors import Stopped, StreamfxError, UserError

USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
"""What typer raises for words that it cannot read; its home differs among typer's versions."""

app = typer.Typer(
    name="streamfx",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A node graph for video on torch: footage and live video through graphs of nodes.",
    epilog="Exit codes: 0 done, 1 it failed, 2 asked wrongly, 130 stopped.",
)
for _module in (render, serve, explain, nodes, presets, doctor, bench, demo, train):
    app.command(_module.__name__.rpartition(".")[2])(_module.command)
app.add_typer(models.app, name="models")


def _version(wanted: bool) -> None:
    if wanted:
        from streamfx import __version__

        typer.echo(f"streamfx {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _before(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of a failure, and log what is done.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(args: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if args is None else args)
    if args is None:  # the process is the program's own
        load_late("torch")
    plain, rest = _split(words)
    terminal = Terminal(debug="--debug" in plain)
    _start_log(debug=terminal.debug)
    words = [word for word in plain if word != "--debug"] + rest
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        code = _invoke(words, terminal)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()
        return 1
    finally:
        if args is not None:  # called from Python, which goes on
            for number, handler in before.items():
                if signal.getsignal(number) is not handler:
                    signal.signal(number, handler)
    return code


def _invoke(words: list[str], terminal: Terminal) -> int:
    command = typer.main.get_command(app)
    try:
        code: Any = command.main(words, prog_name="streamfx", standalone_mode=False, obj=terminal)
    except USAGE_ERROR as exc:
        terminal.json = "--json" in words
        terminal.stdout_taken = "-" in words
        return _fail(terminal, exc, _usage(exc), 2)
    except UserError as exc:
        return _fail(terminal, exc, str(exc), 2)
    except (Stopped, KeyboardInterrupt, typer.Abort) as exc:
        return _fail(terminal, exc, str(exc) or _NOTHING, 130)
    except StreamfxError as exc:
        return _fail(terminal, exc, str(exc), 1)
    except BrokenPipeError:
        raise
    except Exception as exc:  # noqa: BLE001  the last stop: whatever it is, it ends as one line
        hint = "" if terminal.debug else " (run again with --debug for the traceback)"
        return _fail(terminal, exc, f"internal error: {type(exc).__name__}: {exc}{hint}", 1)
    if code == 130:  # typer turns Ctrl-C into a plain exit code
        return _fail(terminal, KeyboardInterrupt(), _NOTHING, 130)
    return code if isinstance(code, int) else 0


_NOTHING = "stopped; nothing was written"


def _fail(terminal: Terminal, exc: BaseException, message: str, code: int) -> int:
    if terminal.debug:
        traceback.print_exception(exc)
    terminal.failed(exc, message, code)
    return code


def _usage(exc: Any) -> str:  # noqa: ANN401  typer's own class, at a different place in each version
    text, _, near = exc.format_message().rstrip(".)").partition(" (Possible options: ")
    text = text.replace(": Value error, ", ": ")  # pydantic's words, on which newer typers stand
    text += f"; did you mean {near}?" if near else ""
    where = exc.ctx.command_path if exc.ctx is not None else "streamfx"
    return f"{text[:1].lower()}{text[1:]} (try '{where} --help')"


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Split the words at ``--``, behind which nothing is an option."""
    if "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at:]


def _start_log(*, debug: bool) -> None:
    log = logging.getLogger("streamfx")
    if debug:
        logging.basicConfig(format="%(relativeCreated)6.0f ms %(name)s: %(message)s")
        log.setLevel(logging.DEBUG)
    elif not log.handlers:
        log.addHandler(
            logging.NullHandler()
        )  # what matters is in the report; stderr stays one line


def _drop_stdout() -> None:
    """Let the interpreter flush into nowhere at its end: who read our output has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
