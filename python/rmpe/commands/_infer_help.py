"""What `rmpe infer --help` says above and below the options."""

from __future__ import annotations

import textwrap

__all__ = ["DESCRIPTION", "describe_results"]

DESCRIPTION = """\
Find the people in photographs, videos, cameras and streams, and their keypoints; write result
files and drawings.

examples:
  rmpe infer photos/ --recursive
  rmpe infer 'photos/**/*.jpg' --out poses --formats coco --no-draw
  rmpe infer photos/ --nms rmpe --flip --device cuda:0
  rmpe infer photos/ --resume                 go on after an interruption
  find . -name '*.jpg' | rmpe infer @-         names from standard input; @FILE: from a file
  rmpe infer frames/ --track                  number people from frame to frame
  rmpe infer walk.mp4 --track --stride 2      every second frame of a video
  rmpe infer walk.mp4 --detect-every 5        the detector in every fifth, poses in all
  rmpe infer 0 --track                        the first camera, until Ctrl-C
  rmpe infer rtsp://10.0.0.7/door --end 1:00  a minute of a stream
  cat photo.jpg | rmpe infer -                an image, or many, on standard input
  ffmpeg -i walk.mp4 -f rawvideo -pix_fmt rgb24 - | rmpe infer - --raw 640x480@25
"""

_RESULTS = """\
what is written into the output folder:
{files}
Each image has a number: the one at the end of its file's name (000000493652.jpg is
493652), else the lowest free one.
A run adds to results.jsonl.partial as it goes, and makes all other files from it when it
ends. They get their names when complete, so a run that is killed, or whose disk is full,
loses nothing, and --resume ends with the same files as if nothing had happened.
Pictures in the folders of drawings and crops are never taken as input. Drawings of images that JPEG
cannot hold, beyond 65,500 pixels a side, are PNG.

The summary's seconds are those that the run worked on a stage, or waited for it: files are
read, drawings made and results written while the networks run.

An input that is missing, or that holds no image, is skipped. Of a folder, or by a pattern,
photographs are taken; by a pattern that ends as videos do, such as '*.mp4', videos. A file is a
video by the end of its name:
{videos}
A video's frames are images of their own: frame 12 of walk.mp4 is walk_000012.jpg, with the
number 12, and its time in JSON Lines and tables. A frame that cannot be decoded is skipped, and
keeps its number.

A camera, a stream or standard input must be the only input. It is done when it ends, at --end
or at Ctrl-C; all result files are then made, and the exit status is 0. Its frames are called as
those of a video: camera0_000012.jpg, stream_000012.jpg for an address that ends in /stream,
stdin_000012.jpg. What a camera, or a stream that does not wait (rtsp, rtmp, srt, udp), sends while
the networks are busy is dropped, counted, and leaves a gap in the numbers; a server of http and a
pipe wait. These runs cannot be resumed: their frames are gone.

With --track, people are tracked when all images are done, and drawn after that. Whenever a
run ends, identities are given anew, so --resume ends with those of an unbroken run. Of cameras,
streams and standard input, people are tracked as they come.

With --detect-every N, the detector looks at every N-th frame of a video, camera, stream or pipe.
In those between, each person is looked for around the joints that were sure in the frame before;
who is not seen there any more is dropped until the detector looks again, and who comes is not found
before. Frames then go through the networks one by one. Photographs are all looked at.

exit status: 0 all well; 1 something was skipped or failed, all else is done, or the output
folder could not be written to any more; 2 wrong usage, nothing was done; 129 hung up
(SIGHUP), 130 interrupted (SIGINT), 143 terminated (SIGTERM), results so far are written.
"""


def describe_results() -> str:
    """Say what is written, and how runs of each kind go and end."""
    from ..inputs.suffixes import VIDEO_SUFFIXES
    from ..outputs import RESULT_FORMATS
    from ..outputs.earlier_results import CROPS, DRAWINGS
    from ..outputs.image_list import IMAGE_LIST
    from ..outputs.run_file import RUN_FILE

    rows = [(known.file_name, known.summary) for known in (*RESULT_FORMATS.values(), IMAGE_LIST)]
    rows.append((RUN_FILE, "the settings of the run"))
    rows.append((f"{DRAWINGS}/", "the images with their people drawn in"))
    rows.append((f"{CROPS}/", "each person as NAME_p03.jpg, by the index in the other files, or "
                 "NAME_p03_t7.jpg with the identity (--save-crops)"))  # fmt: skip
    files = "\n".join(
        textwrap.fill(summary, 79, initial_indent=f"  {name:<24}", subsequent_indent=" " * 26)
        for name, summary in rows
    )
    videos = textwrap.fill(" ".join(sorted(VIDEO_SUFFIXES)), 79, break_on_hyphens=False)
    return _RESULTS.format(files=files, videos=videos)
