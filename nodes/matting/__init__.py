"""A subject cut out of its picture."""

from streamfx.nodes.matting.chroma import Chroma
from streamfx.nodes.matting.clean_plate import CleanPlate
from streamfx.nodes.matting.difference import Difference
from streamfx.nodes.matting.matte import Matte
from streamfx.nodes.matting.onnx import Onnx
from streamfx.nodes.matting.plate import Plate
from streamfx.nodes.matting.portrait import Portrait
from streamfx.nodes.matting.refine import Refine
from streamfx.nodes.matting.trimap import Trimap

__all__ = [
    "Chroma",
    "CleanPlate",
    "Difference",
    "Matte",
    "Onnx",
    "Plate",
    "Portrait",
    "Refine",
    "Trimap",
]
