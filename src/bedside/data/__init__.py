"""From a source to a cohort, and from a cohort to its parts.

Enters: the study's `data` and `split` sections. Leaves: a `Cohort` of cases and a
`Split`. Nothing is imported here, so that a modality can use `Cohort` without pandas.
"""
