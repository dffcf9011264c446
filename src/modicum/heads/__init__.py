"""Estimators on fixed vectors: which class, labels or number has each row? Scikit-learn API, no encoder moves."""

from modicum.core.equiangular import equiangular_vectors
from modicum.heads.basis_vectors import EquiangularBasisVectors, angular_loss
from modicum.heads.class_mean import ClassMean
from modicum.heads.fusion import NamesAndShots
from modicum.heads.gaussian import GaussianDiscriminant
from modicum.heads.knn_regression import KNNRegression, neighbour_mean
from modicum.heads.knn_vote import KNNVote, nearest_rows, vote
from modicum.heads.knn_vote_multilabel import KNNVoteMultilabel
from modicum.heads.linear import Linear
from modicum.heads.names import NameSimilarity, telling_names
from modicum.heads.one_vs_rest import OneVsRest, one_vs_rest
from modicum.heads.ridge import Ridge, RidgeFit, fit_ridge

__all__ = [
    "ClassMean",
    "EquiangularBasisVectors",
    "GaussianDiscriminant",
    "KNNRegression",
    "KNNVote",
    "KNNVoteMultilabel",
    "Linear",
    "NameSimilarity",
    "NamesAndShots",
    "OneVsRest",
    "Ridge",
    "RidgeFit",
    "angular_loss",
    "equiangular_vectors",
    "fit_ridge",
    "nearest_rows",
    "neighbour_mean",
    "one_vs_rest",
    "telling_names",
    "vote",
]
