"""What are the rows about? Groups of similar vectors: found, named by counts and phrases, judged, kept and followed."""

from modicum.vectors.topics.class_tfidf import class_tfidf
from modicum.vectors.topics.kept_topics import Belonging, KeptTopics, keep_topics
from modicum.vectors.topics.label_phrases import label_phrases
from modicum.vectors.topics.over_time import OverTime, topics_over_time
from modicum.vectors.topics.stability import Stability, topic_stability
from modicum.vectors.topics.term_graph import TermGraph, term_graph
from modicum.vectors.topics.topic_count import CountFound, topic_count
from modicum.vectors.topics.topics import Topics, find_topics
from modicum.vectors.topics.ward import cut_tree, ward_tree
from modicum.vectors.topics.word_senses import WordSenses, word_senses

__all__ = [
    "Belonging",
    "CountFound",
    "KeptTopics",
    "OverTime",
    "Stability",
    "TermGraph",
    "Topics",
    "WordSenses",
    "class_tfidf",
    "cut_tree",
    "find_topics",
    "keep_topics",
    "label_phrases",
    "term_graph",
    "topic_count",
    "topic_stability",
    "topics_over_time",
    "ward_tree",
    "word_senses",
]
