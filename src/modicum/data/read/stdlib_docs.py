"""The built-in table `stdlib-docs`: which chapter of the library reference does a function or class belong to?

Everything is read live from the running Python: name without its module, signature and docstring are the text, the
chapter of the library reference its module stands in is the label. Only the grouping of modules is kept here.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import re
import warnings
from collections.abc import Iterator
from types import MappingProxyType, ModuleType

import numpy as np

from modicum.core.records import LabelSpace, Table

CHAPTERS = MappingProxyType(
    {
        "text processing": "string re difflib textwrap unicodedata stringprep rlcompleter",
        "data types": (
            "datetime _pydatetime zoneinfo calendar collections heapq bisect array weakref types copy pprint "
            "reprlib enum graphlib _weakrefset _collections_abc"
        ),
        "numbers and mathematics": "numbers math cmath decimal _pydecimal fractions random statistics",
        "functional programming": "itertools functools operator",
        "files and directories": (
            "pathlib fileinput stat filecmp tempfile glob fnmatch linecache shutil posixpath ntpath genericpath"
        ),
        "data persistence": "pickle copyreg shelve marshal dbm sqlite3 pickletools",
        "compression and archiving": "zlib gzip bz2 lzma zipfile tarfile _compression",
        "file formats": "csv configparser tomllib netrc plistlib",
        "cryptography": "hashlib hmac secrets",
        "operating system": (
            "os io time argparse optparse getopt logging getpass curses platform errno ctypes _pyio pwd grp "
            "crypt spwd termios tty pty fcntl resource syslog pipes posix"
        ),
        "concurrent execution": (
            "threading multiprocessing concurrent subprocess sched queue contextvars _threading_local"
        ),
        "networking": "asyncio socket ssl select selectors signal mmap asyncore asynchat smtpd",
        "internet data": "email json mailbox mimetypes base64 binascii quopri uu",
        "markup processing": "html xml",
        "internet protocols": (
            "webbrowser wsgiref urllib http ftplib poplib imaplib smtplib uuid socketserver xmlrpc ipaddress "
            "cgi cgitb nntplib telnetlib"
        ),
        "multimedia and interface": "wave colorsys turtle cmd shlex tkinter aifc audioop chunk imghdr sndhdr sunau",
        "internationalization": "gettext locale codecs encodings",
        "development tools": "typing pydoc doctest unittest ensurepip venv zipapp",
        "debugging and profiling": "bdb faulthandler pdb timeit trace tracemalloc cProfile profile pstats",
        "runtime services": (
            "sys sysconfig builtins warnings dataclasses contextlib abc atexit traceback gc inspect site "
            "code codeop zipimport pkgutil modulefinder runpy importlib imp"
        ),
        "language services": "ast symtable token keyword tokenize tabnanny pyclbr py_compile compileall dis opcode",
    }
)
"""Modules of each chapter."""

GROUPS = MappingProxyType(
    {
        "values": ("text processing", "data types", "numbers and mathematics", "functional programming"),
        "storage": (
            "files and directories",
            "data persistence",
            "compression and archiving",
            "file formats",
            "cryptography",
        ),
        "system": ("operating system", "concurrent execution"),
        "internet": ("networking", "internet data", "markup processing", "internet protocols"),
        "applications": ("multimedia and interface", "internationalization"),
        "python itself": ("development tools", "debugging and profiling", "runtime services", "language services"),
    }
)
"""Chapters of each group."""

SIDE_EFFECTS = re.compile(
    r"(^|\.)(__main__|test|tests|idlelib|turtledemo|dylib|_aix|antigravity|this)(\.|$)|windows|_win|msvc"
)
"""Modules that do something when imported, or belong to another system."""
PLAIN = (type(None), bool, int, float, str, bytes, type)
"""Types of default values that look the same on every machine; `type` covers parameters without a default."""
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def load_stdlib_docs(per_class: int = 8, seed: int = 0) -> tuple[Table, LabelSpace]:
    """Read the table and its classes.

    Args:
        per_class: Labels kept per class; the others are hidden (`Table.hidden`).
        seed: Seed of the choice.

    Returns:
        About 3,500 rows with dotted paths as ids, and 21 very unequal classes in six groups.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # modules on their way out say so when imported or looked at
        found = sorted(_items())
    chapters = [chapter for _, _, chapter in found]
    keep = _kept(chapters, per_class, seed)
    parents = {chapter: group for group, members in GROUPS.items() for chapter in members}
    space = LabelSpace(tuple(CHAPTERS), parents=tuple(parents[chapter] for chapter in CHAPTERS))
    table = Table(
        tuple(path for path, _, _ in found),
        tuple(text for _, text, _ in found),
        tuple(chapter if row in keep else None for row, chapter in enumerate(chapters)),
        source="stdlib-docs",
        label_column="chapter",
        hidden=tuple(None if row in keep else chapter for row, chapter in enumerate(chapters)),
        columns={"text": [text for _, text, _ in found]},
    )
    return table, space


def _kept(chapters: list[str], per_class: int, seed: int) -> set[int]:
    rng = np.random.default_rng(seed)
    codes = np.array([list(CHAPTERS).index(chapter) for chapter in chapters])
    return {int(row) for k in range(len(CHAPTERS)) for row in rng.permutation(np.flatnonzero(codes == k))[:per_class]}


def _items() -> Iterator[tuple[str, str, str]]:
    """Path, text and chapter of every public function and class that has a docstring of its own, once each."""
    seen: set[int | str] = set()
    for chapter, names in CHAPTERS.items():
        for name in names.split():
            for module in _with_submodules(name):
                for path, item in _members(module, name):
                    doc = _doc(item)
                    if doc and seen.isdisjoint((id(item), path)):
                        seen |= {id(item), path}
                        yield path, _text(path.rsplit(".", 1)[-1], item, doc), chapter


def _with_submodules(name: str) -> Iterator[ModuleType]:
    module = _import(name)
    if module is None:
        return
    yield module
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"{name}.", onerror=lambda _: None):
        inner = None if SIDE_EFFECTS.search(found.name) else _import(found.name)
        if inner is not None:
            yield inner


def _import(name: str) -> ModuleType | None:
    """Import a module; None where this system lacks it."""
    try:
        return importlib.import_module(name)
    except (ImportError, OSError, AttributeError):
        return None


def _members(module: ModuleType, top: str) -> Iterator[tuple[str, object]]:
    """Public functions and classes that the module itself defines, with their dotted paths."""
    for attribute, item in sorted(vars(module).items()):
        if attribute.startswith("_") or not (inspect.isclass(item) or inspect.isroutine(item)):
            continue
        home = str(getattr(item, "__module__", "") or module.__name__)
        accelerated = home.lstrip("_").split(".")[0] == top.lstrip("_") and "." not in module.__name__
        if home == module.__name__ or accelerated:
            yield f"{module.__name__}.{attribute}", item


def _doc(item: object) -> str:
    doc = getattr(item, "__doc__", None)
    return inspect.cleandoc(doc) if isinstance(doc, str) else ""


def _text(name: str, item: object, doc: str) -> str:
    return ADDRESS.sub("", f"{name}{_signature(item)}\n{doc}")


def _signature(item: object) -> str:
    """Signature with plain defaults only: others would show the machine they were read on, its environment included."""
    try:
        found = inspect.signature(item)  # type: ignore[arg-type]  # routines and classes only
    except (TypeError, ValueError):
        return "()"
    plain = [p if _same_everywhere(p.default) else p.replace(default=...) for p in found.parameters.values()]
    return str(found.replace(parameters=[p.replace(annotation=p.empty) for p in plain], return_annotation=found.empty))


def _same_everywhere(default: object) -> bool:
    """Whether a default is plain and names no place: strings with a separator may be paths of this machine."""
    return isinstance(default, PLAIN) and not (isinstance(default, str) and len(default) > 1 and os.sep in default)
