"""The checks of ``streamfx doctor``, one function for each thing that may be amiss."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from streamfx.cli.explain import amount
from streamfx.models.cache import FOLDER

State = Literal["ok", "warn", "fail"]

NEEDED = "h264"
"""The one codec that nothing works without."""
PACKAGES = {
    "torch": "torch",
    "av": "av",
    "numpy": "numpy",
    "opencv-python-headless": "cv2",
    "pydantic": "pydantic",
}
"""What streamfx stands on, and what each is imported as."""
LIVE = {
    "aiortc": "aiortc",
    "fastapi": "fastapi",
    "prometheus-client": "prometheus_client",
    "uvicorn": "uvicorn",
    "websockets": "websockets",
}
"""What ``streamfx serve`` stands on besides, and what each is imported as."""
ROOM = 2 << 30
"""Bytes of a temporary folder below which there is advice."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    topic: str
    name: str
    state: State
    """``fail``: something needed is not there; ``warn``: it works, but there is advice."""
    detail: str
    fix: str = ""
    """What to do about it; empty where there is nothing to do."""

    def as_dict(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return asdict(self)


def check_all() -> list[Finding]:
    """Return everything that was found. A check that breaks is a finding, too."""
    found: list[Finding] = []
    for check in (versions, codecs, hardware, compiler, folders, packs, live):
        found += _safely(check)
    return found


def versions() -> Iterator[Finding]:
    """Look at Python and the packages that streamfx stands on."""
    yield Finding(
        "version", "Python", "ok", f"{platform.python_version()} on {platform.platform()}"
    )
    for package, module in PACKAGES.items():
        yield _package(package, module)
    from streamfx.media.inventory import versions as libraries

    for name, number in libraries().items():
        if name != "PyAV":
            yield Finding("version", name, "ok", number)


def codecs() -> Iterator[Finding]:
    """Encode and decode two small pictures with every codec."""
    from streamfx.media.codecs import CODECS
    from streamfx.media.inventory import try_codec

    for row in CODECS:
        problem = try_codec(row)
        if not problem:
            yield Finding("codec", row.name, "ok", row.note)
            continue
        state: State = "fail" if row.name == NEEDED else "warn"
        fix = "pip install --force-reinstall av: its wheels carry FFmpeg with this encoder"
        yield Finding("codec", row.name, state, problem, fix)


def hardware() -> Iterator[Finding]:
    """Look at processors, memory and cards."""
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cpu = platform.processor() or platform.machine()
    threads = torch.get_num_threads()
    yield Finding("hardware", "CPU", "ok", f"{cores} cores ({cpu}), torch uses {threads} threads")
    memory = _memory()
    if memory:
        low = memory < 4 << 30
        fix = "render at a smaller size: large pictures may not fit" if low else ""
        yield Finding("hardware", "RAM", "warn" if low else "ok", amount(memory), fix)
    yield from _cards()


def compiler() -> Iterator[Finding]:
    """Look for the C++ compiler that torch.compile needs on a processor."""
    names = [os.environ.get("CXX", ""), "g++", "c++", "clang++", "cl"]
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path:
        yield Finding("compiler", "C++", "ok", path)
    else:
        fix = "install one (Debian and Ubuntu: apt install g++; macOS: xcode-select --install)"
        yield Finding("compiler", "C++", "warn", "none: networks run without torch.compile", fix)


def folders() -> Iterator[Finding]:
    """Look whether the folders for models and for temporary files can be written to."""
    from platformdirs import user_cache_path

    cache = user_cache_path("streamfx")
    problem = _write_problem(cache)
    yield Finding(
        "folder", "cache", "warn" if problem else "ok", f"{cache}{problem}",
        "make it writable, or set XDG_CACHE_HOME: models are kept there" if problem else "",
    )  # fmt: skip
    if named := os.environ.get(FOLDER):
        problem = _write_problem(Path(named))
        yield Finding(
            "folder", "models", "warn" if problem else "ok", f"{named} ({FOLDER}){problem}",
            f"make it writable, or set {FOLDER} to another folder" if problem else "",
        )  # fmt: skip
    try:
        temp = Path(tempfile.gettempdir())
    except FileNotFoundError as exc:
        fix = "set TMPDIR to a folder that can be written to"
        yield Finding("folder", "temporary", "fail", str(exc), fix)
        return
    free = shutil.disk_usage(temp).free
    fix = "set TMPDIR to a larger disk" if free < ROOM else ""
    state: State = "warn" if fix else "ok"
    yield Finding("folder", "temporary", state, f"{temp}, {amount(free)} free", fix)


def packs() -> Iterator[Finding]:
    """Load every node and build every shipped preset."""
    from streamfx.catalog import GROUP, Catalog
    from streamfx.errors import GraphError
    from streamfx.graph.build import build
    from streamfx.graph.preset import load, shipped

    ours, catalog = Catalog.shipped(), Catalog.installed()
    for pack, why in catalog.broken.items():
        fix = "update or uninstall the package that brings it"
        yield Finding("pack", pack, "warn", f"cannot be loaded: {why}", fix)
    broken = 0
    for name in catalog:
        try:
            _ = catalog[name]
        except GraphError as exc:
            broken += 1
            state: State = "fail" if name in ours else "warn"
            yield Finding("node", name, state, str(exc), f"reinstall the pack; it is in {GROUP}")
    yield Finding("node", "all", "ok", f"{len(catalog) - broken} of {len(catalog)} can be loaded")
    for name in shipped():
        try:
            build(load(name), catalog)
        except GraphError as exc:
            yield Finding(
                "preset", name, "fail", str(exc), "pip install --force-reinstall streamfx"
            )
    yield Finding("preset", "all", "ok", f"{len(shipped())} shipped")


def live() -> Iterator[Finding]:
    """Look for what ``streamfx serve`` needs: its packages, the page, and a UDP port."""
    for package, module in LIVE.items():
        yield replace(_package(package, module), topic="live")
    from streamfx.live.http.page import WEB

    there = (WEB / "index.html").is_file()
    fix = "" if there else "pip install --force-reinstall streamfx"
    yield Finding("live", "page", "ok" if there else "fail", str(WEB), fix)
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("", 0))
    except OSError as exc:
        fix = "let this user open UDP sockets: WebRTC needs them"
        yield Finding("live", "UDP", "fail", str(exc), fix)
    else:
        yield Finding("live", "UDP", "ok", "ports can be opened")
    if importlib.util.find_spec("pyvirtualcam") is None:
        yield Finding(
            "live", "camera", "ok", "no virtual camera; for one: pip install 'streamfx[camera]'"
        )


def _safely(check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as exc:  # noqa: BLE001  whatever is broken here must not hide the other checks
        fix = "pip install --force-reinstall streamfx"
        yield Finding(check.__name__, "check", "fail", f"{type(exc).__name__}: {exc}", fix)


def _package(package: str, module: str) -> Finding:
    try:
        importlib.import_module(module)
        return Finding("version", package, "ok", version(package))
    except PackageNotFoundError:
        return Finding("version", package, "ok", "here, installed under another name")
    except (ImportError, OSError) as exc:
        fix = f"pip install --force-reinstall {package}"
        return Finding("version", package, "fail", f"cannot be imported: {exc}", fix)


def _memory() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0  # Windows does not say


def _cards() -> Iterator[Finding]:
    import torch

    if not torch.cuda.is_available():
        blind = shutil.which("nvidia-smi") is not None
        fix = "install a torch that is built for CUDA, as the start page of PyTorch says"
        detail = "there is an NVIDIA driver, but torch cannot use it" if blind else "none"
        yield Finding("hardware", "CUDA", "warn" if blind else "ok", detail, fix if blind else "")
        return
    for number in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(number)
        detail = f"{facts.name}, {amount(facts.total_memory)}, CUDA {torch.version.cuda}"
        yield Finding("hardware", f"cuda:{number}", "ok", detail)
    yield from _video_engines()


def _video_engines() -> Iterator[Finding]:
    from streamfx.media.inventory import try_nvdec, try_nvenc

    why = try_nvdec()
    yield Finding("hardware", "NVDEC", "ok", why or "decodes on the card")
    for name, problem in try_nvenc().items():
        yield Finding("hardware", name, "ok", problem or "encodes on the card")


def _write_problem(folder: Path) -> str:
    """Return why a folder, or what of it is there, cannot be written to; nothing where it can."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=there, prefix=".streamfx-"):
            return ""
    except OSError as exc:
        return f": {exc.strerror or exc}"
