"""Reporting checklists, filled from a run: what it can prove, with where the proof lies.

Enters: a run folder and the name of a form. Leaves: every item of the form with the run's answer
and pointers to the evidence, or with what only the authors can say; Markdown or HTML.
"""

from __future__ import annotations
