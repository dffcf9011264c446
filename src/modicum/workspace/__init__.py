"""The only room that composes: registry, recipes, ladder, bundle, report, executors, benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace import feed, loop, search, store, weights
    from modicum.workspace.bench import BENCHES, run_bench
    from modicum.workspace.bundle import Bundle, check_bundle_place
    from modicum.workspace.classes import add_class, remove_classes, rename_classes
    from modicum.workspace.cleaning import Cleaning, clean
    from modicum.workspace.doctor import Examination, examine
    from modicum.workspace.encoders import Candidate, ScoredEncoders, score_encoders
    from modicum.workspace.executors import Where
    from modicum.workspace.fitting import Result, fit
    from modicum.workspace.partitioned.choosing import select_file
    from modicum.workspace.partitioned.encoding import Encoded, encode_file, encodes_apart
    from modicum.workspace.partitioned.placing import place_file
    from modicum.workspace.predicting import predict_file, predict_stream, prediction_columns
    from modicum.workspace.receiving.files import read_report
    from modicum.workspace.receiving.loading import load
    from modicum.workspace.registry import methods
    from modicum.workspace.rows import Deduplicated, Pool, Selected, dedup, select
    from modicum.workspace.search.carried import carried_answers, carried_search, carries_index, check_texts
    from modicum.workspace.settings import Settings
    from modicum.workspace.topics import TopicSettings, check_topics_place, load_topics, save_topics, topics_of

_NAMES = {
    "BENCHES": "modicum.workspace.bench",
    "Bundle": "modicum.workspace.bundle",
    "Candidate": "modicum.workspace.encoders",
    "Cleaning": "modicum.workspace.cleaning",
    "Deduplicated": "modicum.workspace.rows",
    "Examination": "modicum.workspace.doctor",
    "Pool": "modicum.workspace.rows",
    "Result": "modicum.workspace.fitting",
    "Encoded": "modicum.workspace.partitioned.encoding",
    "ScoredEncoders": "modicum.workspace.encoders",
    "Selected": "modicum.workspace.rows",
    "Settings": "modicum.workspace.settings",
    "Where": "modicum.workspace.executors",
    "TopicSettings": "modicum.workspace.topics",
    "add_class": "modicum.workspace.classes",
    "carried_answers": "modicum.workspace.search.carried",
    "carried_search": "modicum.workspace.search.carried",
    "carries_index": "modicum.workspace.search.carried",
    "check_bundle_place": "modicum.workspace.bundle",
    "check_topics_place": "modicum.workspace.topics",
    "check_texts": "modicum.workspace.search.carried",
    "clean": "modicum.workspace.cleaning",
    "dedup": "modicum.workspace.rows",
    "encode_file": "modicum.workspace.partitioned.encoding",
    "encodes_apart": "modicum.workspace.partitioned.encoding",
    "examine": "modicum.workspace.doctor",
    "fit": "modicum.workspace.fitting",
    "load": "modicum.workspace.receiving.loading",
    "load_topics": "modicum.workspace.topics",
    "methods": "modicum.workspace.registry",
    "place_file": "modicum.workspace.partitioned.placing",
    "predict_file": "modicum.workspace.predicting",
    "predict_stream": "modicum.workspace.predicting",
    "prediction_columns": "modicum.workspace.predicting",
    "read_report": "modicum.workspace.receiving.files",
    "remove_classes": "modicum.workspace.classes",
    "rename_classes": "modicum.workspace.classes",
    "run_bench": "modicum.workspace.bench",
    "save_topics": "modicum.workspace.topics",
    "score_encoders": "modicum.workspace.encoders",
    "topics_of": "modicum.workspace.topics",
    "select": "modicum.workspace.rows",
    "select_file": "modicum.workspace.partitioned.choosing",
}

__all__ = [
    "BENCHES",
    "Bundle",
    "Candidate",
    "Cleaning",
    "Deduplicated",
    "Encoded",
    "Examination",
    "Pool",
    "Result",
    "ScoredEncoders",
    "Selected",
    "Settings",
    "TopicSettings",
    "Where",
    "add_class",
    "carried_answers",
    "carried_search",
    "carries_index",
    "check_bundle_place",
    "check_texts",
    "check_topics_place",
    "clean",
    "dedup",
    "encode_file",
    "encodes_apart",
    "examine",
    "feed",
    "fit",
    "load",
    "load_topics",
    "loop",
    "methods",
    "place_file",
    "predict_file",
    "predict_stream",
    "prediction_columns",
    "read_report",
    "remove_classes",
    "rename_classes",
    "run_bench",
    "save_topics",
    "score_encoders",
    "search",
    "select",
    "select_file",
    "store",
    "topics_of",
    "weights",
]

__getattr__ = lazy_names(__name__, _NAMES, ("feed", "loop", "search", "store", "weights"))
