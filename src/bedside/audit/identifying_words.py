"""Words by which names of files and columns are judged.

Enters: nothing. Leaves: sets of words in lower case.
"""

from __future__ import annotations

USUAL_WORDS = frozenset({
    "abdomen", "abnormal", "anonymous", "anterior", "axial", "baseline", "brain", "brest",
    "bone", "breast", "cardiac", "case", "chest", "class", "coronal", "ct", "day", "diagnosis",
    "effusion", "exam", "external", "female", "file", "film", "finding", "follow", "frontal",
    "healthy", "hospital", "image", "img", "internal", "knee", "label", "lateral", "left",
    "lung", "male", "mask", "mr", "mri", "negative", "no", "normal", "original", "patient",
    "pneumonia", "portable", "positive", "posterior", "pre", "post", "public", "radiograph",
    "rest", "right", "sagittal", "sample", "scan", "series", "side", "site", "slice", "spine",
    "study", "subject", "synthetic", "test", "train", "training", "unknown", "up", "valid",
    "validation", "view", "virus", "bacteria", "visit", "volume", "with", "without", "xray",
    "x", "ray",
})  # fmt: skip
"""Of schemes of file names; none of them is a person."""
NAMED = frozenset({
    "name", "surname", "firstname", "lastname", "forename", "givenname", "familyname",
    "fullname", "patientname", "personname", "mrn", "ssn", "nhsnumber", "medicalrecordnumber",
    "socialsecuritynumber", "insurancenumber", "birth", "dob", "birthday", "birthdate",
    "dateofbirth", "patientbirthdate", "address", "street", "streetaddress", "homeaddress",
    "phone", "phonenumber", "telephone", "telephonenumber", "mobile", "fax", "faxnumber",
    "email", "emailaddress", "mail", "zip", "zipcode", "postcode", "postalcode", "passport",
    "passportnumber", "accession", "accessionnumber", "nextofkin", "employer",
})  # fmt: skip
"""A column named so, spaces and signs aside, identifies."""
NAMED_PARTS = frozenset({
    "surname", "firstname", "lastname", "forename", "mrn", "ssn", "dob", "birthdate",
    "birthday", "birth", "address", "phone", "telephone", "mobile", "email", "passport",
    "postcode", "zipcode", "accession",
})  # fmt: skip
"""A column with such a word in its name identifies."""
OF_PEOPLE = frozenset({
    "patient", "person", "subject", "first", "last", "given", "family", "full", "middle",
    "maiden",
})  # fmt: skip
"""Beside the word name, these make it a person's."""
