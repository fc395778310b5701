"""People cut out: MediaPipe's selfie segmentation and our node, on every kind of picture."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keyed
import mediapipe_peer
import numpy as np
import people
from cut import Cut, by_mediapipe, by_node
from people import Shot

from streamfx.train.scores import edge, iou, scores

Told = dict[str, float]
NODE = "matting.portrait"
GREEN = (0.0, 1.0, 0.0)
"""What the edge is laid over: a colour that is no person's."""


class Row(NamedTuple):
    """How a measure is told."""

    times: float
    """What it is multiplied by."""
    bar: float
    """What the node may have of the better MediaPipe's error at the most; 0: it must have more."""


ROWS = {
    "IoU": Row(1, 0),
    "IoU in its box": Row(1, 0),
    "recall": Row(1, 0),
    "MAD, thousandths": Row(1000, 0.7),
    "Grad, thousands": Row(1, 0.7),
    "Conn, thousands": Row(1, 0.7),
    "dtSSD, hundredths": Row(1, 1.0),
    "edge over green, thousandths": Row(1000, 0.5),
    "the same with the picture's colours": Row(1000, 1.0),
    "ghost, % of the picture": Row(100, 1.0),
    "ms a picture": Row(1, 0),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of picture."""

    title: str
    """Told in the table."""
    shots: Callable[[int], Iterator[Shot]]
    """What it holds; of keyed clips, so many pictures each."""
    judge: Callable[[Cut, Shot], Told]
    """How what is cut out of a shot is judged."""


def hard(cut: Cut, shot: Shot) -> Told:
    """Judge by a hard mask."""
    return {"IoU": iou(np.stack(cut.alphas), np.stack(shot.alphas))}


def one(cut: Cut, shot: Shot) -> Told:
    """Judge by a hard mask of one thing in the picture: inside its bounding box, too."""
    boxed, found = [], []
    for alpha, truth in zip(cut.alphas, shot.alphas, strict=True):
        y, x = np.nonzero(truth)
        box = np.s_[y.min() : y.max() + 1, x.min() : x.max() + 1]
        boxed.append(iou(alpha[box], truth[box]))
        found.append(float((alpha[truth > 0.5] >= 0.5).mean()))
    told = {"IoU in its box": float(np.mean(boxed)), "recall": float(np.mean(found))}
    return hard(cut, shot) | told


def soft(cut: Cut, shot: Shot) -> Told:
    """Judge by soft alphas and the subject's own colours."""
    told = scores(np.stack(cut.alphas), np.stack(shot.alphas))
    named = {row: told[row.partition(",")[0]] for row in ROWS if row.partition(",")[0] in told}
    named["edge over green, thousandths"] = fringe(cut.alphas, cut.colours, shot)
    named["the same with the picture's colours"] = fringe(cut.alphas, shot.pictures, shot)
    return hard(cut, shot) | named


def fringe(alphas: Sequence[people.Floats], colours: Sequence[people.Picture], shot: Shot) -> float:
    """Return the error of colour at the edge, laid over green."""
    off = []
    for i, alpha in enumerate(alphas):
        made, truth = (
            np.concatenate([rgb.transpose(2, 0, 1).astype(np.float32) / 255, matte[None]])
            for rgb, matte in ((colours[i], alpha), (shot.colours[i], shot.alphas[i]))
        )
        off.append(edge(made, truth, GREEN))
    return float(np.mean(off))


def empty(cut: Cut, shot: Shot) -> Told:
    """Judge what is found where nobody is."""
    return {"ghost, % of the picture": float(np.mean([alpha.mean() for alpha in cut.alphas]))}


def kinds() -> dict[str, Kind]:
    """Return every kind by its name on the command line."""
    made = {
        "photos": Kind("people photos", lambda _: people.photos(), hard),
        "street": Kind("street photos, held out", lambda _: people.street(), hard),
        "dancer": Kind("dancer before an audience, video", lambda _: people.dancer(), one),
        "dancer-stills": Kind(
            "its frames as photos", lambda _: people.stills(people.dancer()), one
        ),
        "rider": Kind("motorbike and rider, video", lambda _: people.rider(), one),
        "rider-stills": Kind("its frames as photos", lambda _: people.stills(people.rider()), one),
        "nobody": Kind("nobody there", lambda _: people.nobody(), empty),
    }
    for group in keyed.SCREENS:
        made |= keyed_kinds(group)
    return made


def keyed_kinds(group: str) -> dict[str, Kind]:
    """Return the kinds of the clips of one group."""
    return {
        group: Kind(f"{group}, before the screen", lambda n: keyed.originals(group, n), soft),
        f"{group}-places": Kind(
            f"{group}, in other places", lambda n: keyed.elsewhere(group, n), soft
        ),
        f"{group}-rough": Kind(
            f"{group}, in other places, with noise and H.264",
            lambda n: keyed.elsewhere(group, n, rough=True),
            soft,
        ),
    }


def measure(kind: Kind, nodes: list[str], count: int, each: bool) -> None:
    """Print the table of one kind: means over its shots."""
    told: dict[str, list[Told]] = {}
    shots = 0
    for shot, cuts in by_mediapipe(kind.shots(count)):
        cuts |= {use: by_node(use, shot) for use in nodes}
        judged = {who: kind.judge(cut, shot) for who, cut in cuts.items()}
        for who, cut in cuts.items():
            told.setdefault(who, []).append(judged[who] | {"ms a picture": cut.ms})
        shots += 1
        if each:
            for row in judged[next(iter(judged))]:
                show(f"{shot.name}: {row}", row, {who: judged[who][row] for who in judged})
    print(f"{kind.title} ({shots}): " + ", ".join(told))
    for row in ROWS:
        means = {
            who: float(np.mean([one[row] for one in rows]))
            for who, rows in told.items()
            if row in rows[0]
        }
        if means:
            show(f"  {row}", row, means)


def show(title: str, row: str, means: Told) -> None:
    """Print one line; beside each node how much better it is than the better MediaPipe."""
    times, bar = ROWS[row]
    peers = [means[model] for model in mediapipe_peer.MODELS]
    line = f"{title:48}"
    for who, value in means.items():
        line += f"{value * times:10.3f}"
        if who in mediapipe_peer.MODELS or row == "ms a picture":
            continue
        if bar == 0:
            line += f" ({value - max(peers):+.3f}{'' if value > max(peers) else ' BELOW'})"
        else:
            share = value / max(min(peers), 1e-9)
            line += f" ({(share - 1) * 100:+.0f} %{'' if share <= bar else ' ABOVE'})"
    print(line, flush=True)


def main() -> None:
    """Measure the kinds that were asked for."""
    known = kinds()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(known)}; none: all")
    parser.add_argument("--node", action="append", help=f"id of a matting node (default {NODE})")
    parser.add_argument("--peer-only", action="store_true", help="measure MediaPipe alone")
    parser.add_argument("--frames", type=int, default=30, help="of each keyed clip (default 30)")
    parser.add_argument("--each", action="store_true", help="print every shot, too")
    given = parser.parse_args()
    unknown = set(given.kinds) - set(known)
    if unknown:
        sys.exit(f"no kind {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if not people.FOOTAGE.is_dir():
        sys.exit(f"this benchmark needs the footage in {people.FOOTAGE}")
    nodes = [] if given.peer_only else given.node or [NODE]
    for name in given.kinds or known:
        measure(known[name], nodes, given.frames, given.each)


if __name__ == "__main__":
    main()
