"""Which encoder suits a table: candidates found, encoded and scored before anything is tuned."""

from modicum.workspace.encoders.scoring import Candidate, ScoredEncoders, score_encoders

__all__ = ["Candidate", "ScoredEncoders", "score_encoders"]
