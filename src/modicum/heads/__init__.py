"""Estimators on fixed vectors: which class is each row? Scikit-learn API, nothing of the encoder moves."""

from modicum.heads.basis_vectors import EquiangularBasisVectors, angular_loss, equiangular_vectors
from modicum.heads.class_mean import ClassMean
from modicum.heads.fusion import NamesAndShots
from modicum.heads.gaussian import GaussianDiscriminant
from modicum.heads.knn_vote import KNNVote, KNNVoteMultilabel, nearest_rows, vote
from modicum.heads.linear import Linear
from modicum.heads.names import NameSimilarity, telling_names

__all__ = [
    "ClassMean",
    "EquiangularBasisVectors",
    "GaussianDiscriminant",
    "KNNVote",
    "KNNVoteMultilabel",
    "Linear",
    "NameSimilarity",
    "NamesAndShots",
    "angular_loss",
    "equiangular_vectors",
    "nearest_rows",
    "telling_names",
    "vote",
]
