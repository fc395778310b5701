"""Two nodes in a row, tried on a clip of three grey frames: no file, no codec, no waiting."""

from streamfx.nodes.adjust import Exposure
from streamfx.nodes.interpolate import Blend
from streamfx.testing import clip, run

frames = clip(0.1, 0.3, 0.5, fps=10)
brighter = run(Exposure(stops=1), frame=frames)
smooth = run(Blend(factor=2), frame=brighter)

for frame in smooth:
    print(f"{float(frame.pts):.2f} s  grey {frame.image.mean():.3f}")
assert [frame.pts for frame in smooth[::2]] == [frame.pts for frame in frames]
