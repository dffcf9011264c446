"""Makes the worlds importable for the tests of this folder, as `from target_worlds import ...`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("target_worlds", Path(__file__).with_name("worlds.py"))
module = importlib.util.module_from_spec(spec)
sys.modules["target_worlds"] = module
spec.loader.exec_module(module)
