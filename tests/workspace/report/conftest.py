"""Makes the sample reports importable for the tests of this folder: `from report_samples import sample`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

spec = importlib.util.spec_from_file_location("report_samples", Path(__file__).with_name("samples.py"))
module = importlib.util.module_from_spec(spec)
sys.modules["report_samples"] = module
spec.loader.exec_module(module)
