"""What masks say in millimetres and millilitres: sizes, distances, and how far two masks agree.

Enters: masks of labels with their geometry. Leaves: numbers in the units of their names. numpy and
scipy alone: the evaluation, the package and the command measure with the same functions.
"""
