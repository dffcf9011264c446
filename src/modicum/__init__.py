"""modicum: move the least that works.

Turns a table of mostly unlabelled items, a pretrained encoder and a few labels into a calibrated task model.
The front door is `read`, `fit`, `load` and `encode`; every method stands alone in its room, for instance
`modicum.heads.GaussianDiscriminant`.
"""
