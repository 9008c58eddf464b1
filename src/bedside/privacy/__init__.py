"""What protects the patients behind the data: de-identification of notes, tables and DICOM.

Enters: files that name people. Leaves: files that do so less, and a report of what a human
should still look at.
"""
