"""The bundle: a folder that answers. JSON, safetensors, Parquet and one HTML file; no pickle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from modicum.core.errors import InputError
from modicum.core.files import atomic_folder, check_folder_place, file_digest, manifest_digest
from modicum.core.progress import Progress, silent
from modicum.core.protocols import Encoder
from modicum.encoders import FolderEncoder, FusedEncoder, HashedEncoder, encode, in_mode, load_encoder, load_folder
from modicum.workspace import report as pages
from modicum.workspace.cascade import Cascade
from modicum.workspace.exemplars import Exemplars
from modicum.workspace.ladder.recipes import pack
from modicum.workspace.model import Model, Predictions
from modicum.workspace.receiving.files import ARRAYS, ENCODER, MANIFEST, REPORT, SCHEMA
from modicum.workspace.targets.models import LabelsModel, LabelsPredictions, NumberModel, NumberPredictions
from modicum.workspace.tuning.own import OwnWeights

Answers = Predictions | LabelsPredictions | NumberPredictions
PAGE, TABLE, INDEX = "report.html", "predictions.parquet", "vectors.npy"
TOLD = ("threshold", "share", "expected_loss")
"""Figures that the manifest has of a cascade."""
LIBRARIES = ("numpy", "scipy", "scikit-learn", "onnxruntime", "tokenizers")


@dataclass(frozen=True)
class EncoderReference:
    """Which encoder made the vectors: enough to find it again and to refuse another."""

    name: str
    fingerprint: str
    dimension: int
    mode: str = "exact"
    """`exact`, `fast` or `static`, as in `modicum.encoders.in_mode`; or `fused`: exact, with words beside it."""
    own: bool = False
    """Whether its weights were tuned for this bundle and lie in it."""


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model with all it needs to answer for texts, and the report of how it came about."""

    model: Model | LabelsModel | NumberModel
    encoder: EncoderReference
    report: Mapping[str, Any]
    encoder_arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Fitted arrays of what knows the table's words: the hashed encoder, or that part of a fused one."""
    cascade: Cascade | None = None
    exemplars: Exemplars | None = None
    """Labelled rows from which an added class is told apart; None where there was none to keep."""
    weights: OwnWeights | None = None
    """The encoder's own weights, where they were tuned for this bundle."""
    digest: str = ""
    """Digest of the manifest that it was read from; empty where it was not read."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of all columns."""
        return self.model.space.names

    @property
    def text_column(self) -> str | None:
        """Column of texts, or of image files, in the table it was fitted on."""
        column: str | None = self.report.get("data", {}).get("text_column")
        return column

    @property
    def kind(self) -> str:
        """What it answers for: `texts` or `images`."""
        return str(self.report.get("data", {}).get("kind", "texts"))

    def find_encoder(self, threads: int | None = None) -> Encoder:
        """Find the encoder that made the bundle's vectors.

        Raises:
            InputError: It is not here, or the one of that name has other weights.
        """
        if self.encoder.name == "precomputed":
            raise InputError("this bundle was made from precomputed vectors; give vectors, not texts (--vectors FILE)")
        found: Encoder
        own = self._own_encoder(threads)
        if self.encoder.mode == FusedEncoder.mode:
            meaning = own or load_encoder(self.encoder.name, threads=threads)
            if not isinstance(meaning, FolderEncoder):
                raise InputError(f"encoder {meaning.name!r} has no words beside it; fit again")
            found = FusedEncoder.from_arrays(meaning, dict(self.encoder_arrays))
        elif self.encoder_arrays:
            found = HashedEncoder.from_arrays(dict(self.encoder_arrays))
        elif own is not None:
            found = in_mode(own, self.encoder.mode)
        else:
            found = load_encoder(self.encoder.name, threads=threads, mode=self.encoder.mode)
        if found.fingerprint != self.encoder.fingerprint:
            raise InputError(
                f"the bundle was made with encoder {self.encoder.name} {self.encoder.fingerprint[:12]}, but the one "
                f"found here is {found.fingerprint[:12]}; install the same weights, or fit again"
            )
        return found

    def _own_encoder(self, threads: int | None) -> FolderEncoder | None:
        """The encoder whose weights lie in the bundle, in exact mode; None where there is none."""
        if self.weights is None:
            return None
        return load_folder(self.weights.folder, threads=threads, name=self.encoder.name)

    def find_static(self, encoder: Encoder) -> Encoder | None:
        """The static stage of a cascade on `encoder`, which reads its table once; None where there is no cascade."""
        if self.cascade is None or not isinstance(encoder, FolderEncoder):
            return None
        return in_mode(encoder, "static")

    def predict(
        self,
        texts: Sequence[str] | None = None,
        *,
        vectors: NDArray[np.floating] | None = None,
        threads: int | None = None,
        encoder: Encoder | None = None,
        static: Encoder | None = None,
        cache: bool = True,
        progress: Progress = silent,
    ) -> Answers:
        """Answer for texts (or names of image files), or for vectors (N, D) of the bundle's own encoder.

        `encoder` and `static` are what `find_encoder` and `find_static` found, for those who ask more than once. A
        cascade answers for texts alone. Without `cache` no vector is read from disk or kept there.

        Raises:
            InputError: Neither or both are given, `texts` is one text and no list, the vectors do not fit, or the
                encoder is not the bundle's.
        """
        if (texts is None) == (vectors is None):
            raise InputError("give either texts or vectors to predict")
        if vectors is not None:
            return self.model.predict(vectors)
        encoder = encoder or self.find_encoder(threads)
        # One text alone is left whole, for `encode` to refuse: as a list it would be one of its letters.
        asked = texts if isinstance(texts, str) else list(() if texts is None else texts)
        static = static or self.find_static(encoder)
        if self.cascade is None or static is None or not isinstance(self.model, Model):
            return self.model.predict(encode(asked, encoder, cache=cache, progress=progress))
        proba = self.cascade.proba(encode(asked, static))
        unsure = np.flatnonzero(~self.cascade.sure(proba))
        left = encode([asked[row] for row in unsure], encoder, cache=cache, progress=progress)
        proba[unsure] = self.model.proba(left)
        return replace(self.model, conformal=self.cascade.conformal or self.model.conformal).answer(proba)

    def save(
        self, path: str | Path, predictions: bytes | None = None, vectors: NDArray[np.floating] | None = None
    ) -> Path:
        """Write the bundle as a folder, whole or not at all; an older bundle there is replaced.

        Args:
            path: The folder.
            predictions: Answers for the rows of the table, as the bytes of a Parquet file.
            vectors: Vectors (N, D) of these rows, by which they can be searched.

        Raises:
            InputError: The folder cannot be written, or is one that holds something else than a bundle.
        """
        folder = Path(path)
        check_bundle_place(folder)
        with atomic_folder(folder) as work:
            (work / ARRAYS).write_bytes(save(self._arrays()))
            (work / REPORT).write_text(json.dumps(self.report, indent=1, ensure_ascii=False), encoding="utf-8")
            (work / PAGE).write_text(pages.render(self.report), encoding="utf-8")
            if predictions is not None:
                (work / TABLE).write_bytes(predictions)
            if self.weights is not None:
                shutil.copytree(self.weights.folder, work / ENCODER)
            if vectors is not None:
                np.save(work / INDEX, vectors.astype(np.float32, copy=False))
            files = sorted(file for file in work.rglob("*") if file.is_file())
            hashes = {file.relative_to(work).as_posix(): file_digest(file) for file in files}
            manifest = self._manifest(hashes)
            manifest["digest"] = manifest_digest(manifest)
            (work / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
        return folder

    def _arrays(self) -> dict[str, NDArray[Any]]:
        found = {f"encoder.{name}": array for name, array in self.encoder_arrays.items()}
        written: set[int] = set()
        for i, member in enumerate(self.model.members):
            for j, estimator in enumerate((*member.transformers, member.classifier)):
                if id(estimator) not in written:
                    found |= {f"members.{i}.{j}.{name}": array for name, array in pack(estimator).items()}
                written.add(id(estimator))
        if self.cascade is not None:
            found |= {"cascade.coef": self.cascade.coef, "cascade.intercept": self.cascade.intercept}
        if self.exemplars is not None:
            found |= {"exemplars.vectors": self.exemplars.vectors, "exemplars.codes": self.exemplars.codes}
        if isinstance(self.model, Model) and self.model.unknown is not None:
            found |= self.model.unknown.arrays()
        return {name: np.asarray(array, order="C") for name, array in found.items()}

    def _manifest(self, hashes: Mapping[str, str]) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "modicum": version("modicum"),
            "libraries": {name: version(name) for name in LIBRARIES},
            "encoder": asdict(self.encoder),
            **self.model.to_dict(),
            "cascade": self.cascade and _told(self.cascade),
            "data": self.report.get("data"),
            "files": dict(hashes),
        }


def _told(cascade: Cascade) -> dict[str, Any]:
    """What the manifest says of a cascade; the rest are arrays."""
    rule = cascade.conformal
    return {name: getattr(cascade, name) for name in TOLD} | {"conformal": rule and rule.to_dict()}


def check_bundle_place(path: str | Path) -> None:
    """Let a place pass to which a bundle may be written.

    Raises:
        InputError: There is something else, or it may not be written to.
    """
    check_folder_place(Path(path), "a bundle", [MANIFEST])
