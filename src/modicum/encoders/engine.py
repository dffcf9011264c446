"""onnxruntime, kept from reporting its use.

From 1.29 on it writes a device id and a queue of events into the home folder when it is imported, unless this variable
is set before. Whoever wants that may set it to 0.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime as ort  # the variable is read at import

__all__ = ["ort"]
