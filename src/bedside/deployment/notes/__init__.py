"""Notes by the archive: one structured record a note, over as many packages as wanted.

Enters: a folder or a table of notes, packages, a dictionary of codes. Leaves: JSON lines.
"""
