"""Publish a test picture and silence by FFmpeg's WHIP muxer, in a process of its own.

Arguments: the URL, seconds, then options of the muxer as name=value.
"""

import sys
import time
from fractions import Fraction

import av
import numpy as np

URL, SECONDS = sys.argv[1], float(sys.argv[2])
OPTIONS = dict(one.split("=", 1) for one in sys.argv[3:])

with av.open(URL, "w", format="whip", options=OPTIONS) as whip:
    video = whip.add_stream("libx264", rate=30)
    video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
    video.gop_size = 30
    video.codec_context.options = {"preset": "ultrafast", "tune": "zerolatency"}
    video.codec_context.profile = "Baseline"
    audio = whip.add_stream("libopus", rate=48000)
    audio.layout = "stereo"
    began = time.monotonic()
    for i in range(int(30 * SECONDS)):
        frame = av.VideoFrame.from_ndarray(np.full((360, 640, 3), 4 * i % 256, np.uint8), "rgb24")
        frame.pts = i
        whip.mux(video.encode(frame))
        for k in range(i * 5 // 3, (i + 1) * 5 // 3):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 1920), np.int16), "s16", "stereo")
            sound.sample_rate = 48000
            sound.pts, sound.time_base = 960 * k, Fraction(1, 48000)
            whip.mux(audio.encode(sound))
        time.sleep(max(0.0, began + i / 30 - time.monotonic()))
