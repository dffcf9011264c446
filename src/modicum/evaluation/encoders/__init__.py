"""Which encoder suits a table, or which few together, before anything is tuned?"""

from modicum.evaluation.encoders.choice import EncoderChoice, choose_encoders, served

__all__ = ["EncoderChoice", "choose_encoders", "served"]
