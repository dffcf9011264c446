"""What can names do, and which names do classes deserve?"""

from modicum.labels.names.enrich_names import enrich_names
from modicum.labels.names.labelling_instruction import Instruction, labelling_instruction
from modicum.labels.names.s3a import Named, s3a
from modicum.labels.names.vocabulary_free import candidate_words, vocabulary_free

__all__ = [
    "Instruction",
    "Named",
    "candidate_words",
    "enrich_names",
    "labelling_instruction",
    "s3a",
    "vocabulary_free",
]
