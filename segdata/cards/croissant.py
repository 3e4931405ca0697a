"""The card as Croissant: JSON-LD that says which files there are and how they make records.

Source: MLCommons, Croissant Format Specification 1.0.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from segdata.dataset import DESCRIPTOR_FILE, Dataset
from segdata.statistics import Statistics

CROISSANT_FILE = "croissant.json"

# Croissant 1.0, appendix 1: the JSON-LD context.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_FORMATS = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".bmp": "image/bmp",
    ".tif": "image/tiff", ".tiff": "image/tiff", ".webp": "image/webp",
    ".txt": "text/plain", ".csv": "text/csv", ".toml": "application/toml",
}  # fmt: skip


def croissant(dataset: Dataset, statistics: Statistics) -> str:
    """The whole text. Files are named below the data set's folder, where it is meant to lie."""
    whole = statistics.whole
    described = (
        f"{whole.photos} photos and {whole.labels} label images for semantic segmentation, "
        f"{len(whole.classes)} classes. License and origin are not stated."
    )
    data = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": statistics.name,
        "description": described,
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "distribution": [*_files(dataset), *_file_sets(dataset)],
        "recordSet": [_classes(statistics), *_pictures(dataset), *_splits(dataset)],
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _files(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """The descriptor, the lists and the table of pairs, with their digests."""
    for path in dict.fromkeys([dataset.root / DESCRIPTOR_FILE, *_listed(dataset)]):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield {
            "@type": "cr:FileObject",
            "@id": _place(path, dataset),
            "name": _place(path, dataset),
            "contentUrl": _place(path, dataset),
            "contentSize": f"{len(content)} B",
            "encodingFormat": _FORMATS.get(path.suffix.lower(), "text/plain"),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


def _listed(dataset: Dataset) -> Iterator[Path]:
    paths = (split.path for split in dataset.splits.values())
    return (path for path in paths if path is not None and path.is_relative_to(dataset.root))


def _file_sets(dataset: Dataset) -> Iterator[dict[str, Any]]:
    for name, files, folder in (
        ("images", dataset.image_files, dataset.descriptor.images),
        ("labels", dataset.label_files, dataset.descriptor.labels),
    ):
        suffixes = sorted({path.suffix for path in files.values()})
        yield {
            "@type": "cr:FileSet",
            "@id": name,
            "name": name,
            "encodingFormat": sorted({_FORMATS.get(s.lower(), "image/png") for s in suffixes}),
            "includes": [f"{folder}/{depth}*{s}" for s in suffixes for depth in _depths(files)],
        }


def _depths(keys: Iterable[str]) -> list[str]:
    """What stands between the folder and the names: nothing, and any folders."""
    nested = {"/" in key for key in keys}
    return ["**/" if deep else "" for deep in sorted(nested)]


def _classes(statistics: Statistics) -> dict[str, Any]:
    """The classes themselves, written into the file."""
    class_map = statistics.class_map
    rows = [
        {"classes/id": c.id, "classes/name": c.name,
         "classes/color": "#{:02x}{:02x}{:02x}".format(*class_map.color(c.id))}
        for c in class_map.classes
    ]  # fmt: skip
    return {
        "@type": "cr:RecordSet",
        "@id": "classes",
        "name": "classes",
        "description": f"The classes; {_ignored(class_map.ignore)} is ignored.",
        "key": {"@id": "classes/id"},
        "field": [
            _field("classes/id", "sc:Integer"),
            _field("classes/name", "sc:Text"),
            _field("classes/color", "sc:Text"),
        ],
        "data": rows,
    }


def _ignored(ignore: int | None) -> str:
    return "nothing" if ignore is None else f"id {ignore}"


def _pictures(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """The photos, and the labels: a pair has the same key.

    They are two sets of records, because the format's own reader (mlcroissant 1.1) confuses the
    contents of two files that it joins into one record.
    """
    descriptor = dataset.descriptor
    photo_key = _key_of(descriptor.images, descriptor.image_suffix)
    label_key = _key_of(descriptor.labels, descriptor.label_suffix)
    for plural, name, key, meaning in (
        ("images", "image", photo_key, "The photos."),
        ("labels", "label", label_key, "The labels; the number of a pixel is its class."),
    ):
        yield {
            "@type": "cr:RecordSet",
            "@id": f"{name}_records",
            "name": f"{name}_records",
            "description": f"{meaning} A photo and its label have the same key.",
            "key": {"@id": f"{name}_records/key"},
            "field": [
                _field(f"{name}_records/key", "sc:Text", _source(plural, "fullpath", key)),
                _field(f"{name}_records/{name}", "sc:ImageObject", _source(plural, "content")),
            ],
        }


def _splits(dataset: Dataset) -> Iterator[dict[str, Any]]:
    """The names in each list; a list of names is one record per line."""
    listed = set(_listed(dataset))
    for split in dataset.splits.values():
        if split.path not in listed or split.path.suffix != ".txt":
            continue
        record_set = f"split_{split.name}"
        source = {
            "fileObject": {"@id": _place(split.path, dataset)},
            "extract": {"fileProperty": "lines"},
        }
        yield {
            "@type": "cr:RecordSet",
            "@id": record_set,
            "name": record_set,
            "description": f"The keys of the photos and labels of {split.name}.",
            "field": [_field(f"{record_set}/key", "sc:Text", source)],
        }


def _field(name: str, kind: str, source: Any = None) -> dict[str, Any]:
    field = {"@type": "cr:Field", "@id": name, "name": name.rpartition("/")[2], "dataType": kind}
    return field if source is None else {**field, "source": source}


def _source(file_set: str, what: str, regex: str | None = None) -> dict[str, Any]:
    source: dict[str, Any] = {"fileSet": {"@id": file_set}, "extract": {"fileProperty": what}}
    if regex is not None:
        source["transform"] = {"regex": regex}
    return source


def _key_of(folder: str, suffix: str | None) -> str:
    """A regular expression: a name below a folder without its suffix, as list files spell it."""
    ending = r"\.[^./]+" if suffix is None else re.escape(suffix)
    return rf"^(?:.*/)?{re.escape(folder)}/(.+){ending}$"


def _place(path: Path, dataset: Dataset) -> str:
    return path.relative_to(dataset.root).as_posix()
