"""torchvision made importable, before PEFT imports it."""

from tests.cpu_torch import held  # noqa: F401  # importing it is what counts
