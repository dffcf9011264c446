"""torchvision made importable, before anything imports it."""

from tests.cpu_torch import held  # noqa: F401  # importing it is what counts
