"""One file a library, and the only files that import torch; each is imported when a model of its library is loaded."""
