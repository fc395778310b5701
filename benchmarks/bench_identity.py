"""Identity preset, 1080p H.264 to H.264, against the ffmpeg command with the same settings."""

from peer import clip, compare, run_ffmpeg, run_streamfx

if __name__ == "__main__":
    source = clip()
    compare(
        "identity 1080p H.264 to H.264",
        lambda: run_streamfx("identity", source),
        lambda: run_ffmpeg(source),
        bar=0.9,
    )
