"""Alpha from photographs and trimaps, against PyMatting, which is given the same."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping

import numpy as np
import pymatting_peer
import stills
import torch
from pymatting_peer import METHODS, Array

from streamfx.nodes.matting._trimap import alpha_from_trimap
from streamfx.train.scores import scores

MEASURES = {"SAD": (1.0, 2), "MSE": (1000.0, 2), "Grad": (1.0, 2), "Conn": (1.0, 2)}
"""What each measure is multiplied by, and its decimals; of the whole picture."""
SORTS = ("trimap1", "trimap2")
"""A narrow unknown band, and a wide one."""


def told(
    name: str, made: Mapping[str, Array], truths: Mapping[str, Array], ms: float
) -> list[float]:
    """Print one row, the mean of each measure over the pictures; return every MSE."""
    rows = [scores(made[key].astype(np.float32), truth) for key, truth in truths.items()]
    cells = []
    for measure, (times, digits) in MEASURES.items():
        mean = times * statistics.mean(row[measure] for row in rows)
        cells.append(f"{measure} {mean:6.{digits}f}")
    print(f"  {name:28} {'  '.join(cells)}  {ms / 1000:5.2f} s of CPU a picture")
    return [row["MSE"] for row in rows]


def ours(given: Mapping[str, tuple[Array, Array]]) -> tuple[dict[str, Array], float]:
    """Return the alphas that streamfx makes, and the median of the processor's milliseconds."""
    made, ms = {}, []
    for name, (image, trimap) in given.items():
        picture, known = stills.tensor(image), stills.tensor(trimap)
        began = time.process_time()
        with torch.inference_mode():
            made[name] = alpha_from_trimap(picture, known).numpy()
        ms.append(1000 * (time.process_time() - began))
    return made, statistics.median(ms)


def main() -> None:
    """Print the tables."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--peers", nargs="*", default=["cf"], choices=["cf", "knn", "lbdm"])
    peers = ask.parse_args().peers
    names = stills.names()
    held = {name: stills.grey(stills.STILLS / "alpha" / f"{name}.png") for name in names}
    truths = {name: (alpha / np.float32(255)) for name, alpha in held.items()}
    for sort in SORTS:
        given = {
            name: (
                stills.colour(stills.STILLS / "image" / f"{name}.png"),
                stills.grey(stills.STILLS / sort / f"{name}.png"),
            )
            for name in names
        }
        print(f"{sort}, {len(names)} photographs; MSE in thousandths, the others in thousands")
        made, ms = ours(given)
        own = told("matting.trimap", made, truths, ms)
        for peer in peers:
            found = pymatting_peer.made_by(peer, given)
            if found is not None:
                title = f"PyMatting, {METHODS[peer][1]}"
                theirs = told(title, found.arrays, truths, statistics.median(found.ms))
                wins = sum(a < b for a, b in zip(own, theirs, strict=True))
                print(f"    ours has the smaller MSE on {wins} of {len(own)}")


if __name__ == "__main__":
    main()
