import json
from itertools import pairwise


def test_progress_grows_to_the_end_and_the_report_adds_up(example, pictures, tmp_path):
    lines = example("progress.py").splitlines()
    shares = [int(line.split("%")[0]) for line in lines if "frames written" in line]
    assert shares[-1] == 100
    assert all(one <= other for one, other in pairwise(shares))
    assert any(line.startswith("smooth: ") for line in lines)

    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["frames_out"] == len(pictures(tmp_path / "smooth.mkv"))
    assert (report["frames_in"], report["frames_out"]) == (38, 75)
    assert f"38 frames in, 75 out, in {report['elapsed']:.1f} s" in lines
