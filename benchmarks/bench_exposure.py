"""adjust.exposure at 1080p, against ``ffmpeg -vf exposure`` with the same encoder settings."""

from peer import clip, compare, run_ffmpeg, run_streamfx

if __name__ == "__main__":
    source = clip()
    compare(
        "adjust.exposure 1080p",
        lambda: run_streamfx("brighten", source, "-p", "lift.stops=0.5"),
        lambda: run_ffmpeg(source, "-vf", "exposure=exposure=0.5,format=yuv420p"),
        bar=0.6,
    )
