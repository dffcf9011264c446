"""What a table is about: topics found or kept, named, edited, judged, and written with a page and a class file."""

from modicum.workspace.topics.facts import topic_facts
from modicum.workspace.topics.finding import FoundTopics, TopicSettings, topics_of
from modicum.workspace.topics.folder import check_topics_place, save_topics
from modicum.workspace.topics.state import Topic, TopicState, load_topics

__all__ = [
    "FoundTopics",
    "Topic",
    "TopicSettings",
    "TopicState",
    "check_topics_place",
    "load_topics",
    "save_topics",
    "topic_facts",
    "topics_of",
]
