"""People and labels that the tests of output files share."""

import io

import torch

from rmpe.outputs.files import Directory
from rmpe.outputs.labels import ImageLabel
from rmpe.outputs.records import record
from rmpe.outputs.text_format import TextWriter
from rmpe.people import People
from rmpe.skeletons import COCO_17

LABEL = ImageLabel("photos/b/x.jpg", "b_x.jpg", 42)


def make_people(count, size=(40, 60), skeleton=COCO_17):
    generator = torch.Generator().manual_seed(count)
    return People(
        keypoints=torch.rand(count, len(skeleton), 2, generator=generator) * 40,
        keypoint_scores=torch.rand(count, len(skeleton), generator=generator),
        boxes=torch.tensor([[1.0, 2.0, 31.5, 22.25]]).repeat(count, 1),
        box_scores=torch.full((count,), 0.75),
        scores=torch.full((count,), 0.5),
        image_index=torch.zeros(count, dtype=torch.int64),
        image_sizes=(size,),
        skeleton=skeleton,
    )


def text_of(text_format, *entries):
    """Give the file of a format with these records."""
    file = io.BytesIO()
    writer = TextWriter(text_format, file)
    for entry in entries:
        writer.append(entry)
    writer.finish()
    return file.getvalue().decode()


def written(result_format, path, *entries):
    """Write a format's file or folder with these records into a folder; gives its path."""
    with Directory(path) as directory, result_format.writing(directory) as writer:
        for entry in entries:
            writer.append(entry)
    return path / result_format.file_name


def make_records(count, folder="photos"):
    """Make a record for each of that many images, with one person more in each than before."""
    return [
        record(ImageLabel(f"{folder}/{n}.jpg", f"{n}.jpg", n), make_people(n)) for n in range(count)
    ]
