"""Figures of the service as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from modicum.serve.predict.served import Served

SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """What is counted."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        of = self.registry
        self.requests = Counter("modicum_requests", "Requests answered.", ("path", "status"), registry=of)
        self.seconds = Histogram(
            "modicum_request_seconds", "Time to the last byte.", ("path",), buckets=SECONDS, registry=of
        )
        self.items = Counter("modicum_items", "Items answered.", ("kind",), registry=of)
        self.batch = Histogram("modicum_batch_items", "Items answered together.", buckets=SIZES, registry=of)
        self.waiting = Gauge("modicum_queue_items", "Items that wait.", registry=of)
        self.swaps = Counter(
            "modicum_bundle_swaps", "Changed bundles, by what became of them.", ("result",), registry=of
        )
        self.feedback = Counter("modicum_feedback", "Corrections that were written.", registry=of)

    def watch(self, current: Callable[[], Served]) -> None:
        """Tell of the bundle that is served, and of its drift, from now on."""
        self.registry.register(_Current(current))

    def text(self) -> bytes:
        """All figures in Prometheus's text format."""
        return generate_latest(self.registry)


class _Current(Collector):
    """Reads off the bundle when figures are asked for."""

    def __init__(self, current: Callable[[], Served]) -> None:
        self._current = current

    def describe(self) -> list[Metric]:
        """Name nothing beforehand."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The bundle and how recent traffic compares with its table."""
        served = self._current()
        found = served.drift.figures()
        yield InfoMetricFamily("modicum_bundle", "What is served.", {"bundle": served.name, "recipe": served.recipe})
        shares = GaugeMetricFamily(
            "modicum_class_share", "Share of each class among answers.", labels=("class", "among")
        )
        for name, (recent, trained) in found.shares.items():
            shares.add_metric((name, "recent"), recent)
            if trained is not None:
                shares.add_metric((name, "training"), trained)
        yield shares
        for name, told, value in (
            ("items", "Recent items that are compared.", float(found.items)),
            ("distance", "Total variation distance of recent class shares from the table's.", found.distance),
            ("distance_limit", "What the distance stays under 99 times of 100 without a change.", found.distance_limit),
            ("unknown", "Share of recent items of none of the classes.", found.unknown),
            ("unknown_training", "The same share in the table.", found.unknown_trained),
            ("unknown_limit", "What the share stays under 99 times of 100 without a change.", found.unknown_limit),
            ("alarm", "1 where one of the two is over its limit.", float(found.alarm)),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"modicum_drift_{name}", told, value)
