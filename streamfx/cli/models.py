"""``streamfx models``: which networks there are; fetch and check them, and say their facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from streamfx.cli import options
from streamfx.cli.explain import amount
from streamfx.cli.terminal import Terminal
from streamfx.errors import SettingError

if TYPE_CHECKING:  # brings torch and pydantic
    from rich.console import RenderableType

    from streamfx.models.card import ModelCard
    from streamfx.models.store import ModelStore


def _names(incomplete: str) -> list[str]:
    from streamfx.models.shelf import shipped

    return [name for name in shipped() if name.startswith(incomplete)]


Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Models.", autocompletion=_names),
]
app = typer.Typer(help="List, pull and verify the networks that nodes load by name.")


@app.callback(invoke_without_command=True)
def command(context: typer.Context) -> None:
    """List, pull and verify the networks that nodes load by name."""
    if context.invoked_subcommand is None:
        listing(context)


@app.command("list")
def listing(context: typer.Context, json: options.Json = False) -> None:
    """List the models: what for, how large, under which licence, and whether they are here."""
    terminal, store = _start(context, json=json)
    if json:
        terminal.dump({"models": [_facts(store, card) for card in store]})
    else:
        terminal.show(_table(store))


@app.command()
def pull(
    context: typer.Context,
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="Pull every model there is.")] = False,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="PRESET",
            help="Pull what this graph loads.",
            autocompletion=options.preset_names,
        ),
    ] = None,
    node_files: options.NodeFiles = None,
    json: options.Json = False,
) -> None:
    """Fetch models into the cache folder, and verify what is there already.

    For example: streamfx models pull mediapipe-selfie
    """
    from streamfx.cli.pulling import shown

    terminal, store = _start(context, json=json)
    chosen = _chosen(store, names, every, preset, node_files)
    with shown(terminal) as tell:
        store.listen(tell)
        for name in chosen:
            store.pull(name)
            terminal.event("pulled", model=name)
    if not json:
        terminal.show(
            "Here and verified: " + (", ".join(chosen) or "nothing, and nothing is needed")
        )


@app.command()
def verify(context: typer.Context, names: Names = None, json: options.Json = False) -> None:
    """Check the hashes of the models that are here; left out: of all of them."""
    terminal, store = _start(context, json=json)
    chosen = [store.card(name).name for name in names or ()] or [
        card.name for card in store if store.here(card.name)
    ]
    found = {name: _verdict(store, name) for name in chosen}
    faults = [fault for fault in found.values() if fault]
    if json:
        rows = [{"name": name, "fault": fault} for name, fault in found.items()]
        terminal.dump({"healthy": not faults, "models": rows})
    else:
        lines = [fault or f"{name} is as its card says" for name, fault in found.items()]
        terminal.show(*(lines or ["no model is here"]))
    if faults:
        raise typer.Exit(1)


@app.command()
def card(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model.", autocompletion=_names)],
    json: options.Json = False,
) -> None:
    """Say everything about one model: source, licence, what it saw, its scores."""
    terminal, store = _start(context, json=json)
    facts = _facts(store, store.card(name), whole=True)
    if json:
        terminal.dump(facts)
    else:
        terminal.show(_page(facts))


def _start(context: typer.Context, *, json: bool) -> tuple[Terminal, ModelStore]:
    from streamfx.models.store import ModelStore

    terminal: Terminal = context.obj
    terminal.json = json
    return terminal, ModelStore.installed()


def _chosen(
    store: ModelStore,
    names: list[str] | None,
    every: bool,
    preset: str | None,
    node_files: list[str] | None,
) -> list[str]:
    if bool(names) + every + (preset is not None) != 1:
        raise SettingError("streamfx models pull takes names, --all or --preset PRESET")
    if every:
        return [card.name for card in store]
    if preset is None:
        return [store.card(name).name for name in names or ()]
    from streamfx.cli.graph import open_graph
    from streamfx.cli.pulling import wanted

    return wanted(open_graph(preset, files=node_files).pipeline)


def _verdict(store: ModelStore, name: str) -> str | None:
    if not store.here(name):
        return f"model {name!r} is not here, or not whole: streamfx models pull {name} fetches it"
    return store.fault(name)


def _state(store: ModelStore, card: ModelCard) -> str:
    return "here" if store.here(card.name) else "not pulled"


def _facts(store: ModelStore, card: ModelCard, *, whole: bool = False) -> dict[str, Any]:
    """Return a model as plain values."""
    facts: dict[str, Any] = {
        "name": card.name,
        "title": card.title,
        "task": card.task,
        "licence": card.licence,
        "source": card.source.kind,
        "bytes": card.bytes,
        "download_bytes": card.source.size or card.bytes,
        "state": _state(store, card),
    }
    if whole:
        from streamfx.models.shelf import as_table

        facts |= {**as_table(card), "folder": str(store.folder(card.name))}
    return facts


def _table(store: ModelStore) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2), pad_edge=False)
    table.add_column("model", style="bold", header_style="dim", no_wrap=True)
    for column in ("for", "size", "licence", "from", "where"):
        table.add_column(column, header_style="dim", no_wrap=True)
    table.add_column("what it does", header_style="dim")
    for each in store:
        state = _state(store, each)
        source = each.source.package if each.source.kind == "wheel" else each.source.kind
        table.add_row(
            each.name, each.task, amount(each.bytes), each.licence, source,
            Text(state, style="green" if state == "here" else "dim"), Text(each.title),
        )  # fmt: skip
    return table


def _page(facts: dict[str, Any]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in _flat("", facts):
        table.add_row(key, Text(value))
    return table


def _flat(prefix: str, value: object) -> list[tuple[str, str]]:
    """Return nested facts as rows, a name and a text each."""
    match value:
        case dict():
            return [
                row for key, each in value.items()
                for row in _flat(f"{prefix}.{key}" if prefix else key, each)
            ]  # fmt: skip
        case list() if value and isinstance(value[0], dict):
            return [row for n, each in enumerate(value, 1) for row in _flat(f"{prefix} {n}", each)]
        case list():
            return [(prefix, ", ".join(str(each) for each in value))]
    return [(prefix, str(value))]
