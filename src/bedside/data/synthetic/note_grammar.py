"""The words of made-up clinical notes: people, places, conditions, drugs, sentences.

Enters: nothing. Leaves: lists to draw from. ``{...}`` in a sentence stands for an identifier or
an entity; none of the people, hospitals, streets or numbers is real.
"""

from __future__ import annotations

GIVEN = {
    "F": ("Alice", "Brigitte", "Carmen", "Deborah", "Elena", "Fatima", "Greta", "Helen", "Ingrid",
          "Jasmin", "Katherine", "Laura", "Miriam", "Nadia", "Olga", "Patricia", "Rosa", "Susan"),
    "M": ("Andrew", "Brian", "Carlos", "David", "Erik", "Frank", "Gregory", "Hassan", "Ivan",
          "James", "Kevin", "Luis", "Martin", "Nicholas", "Oliver", "Pedro", "Robert", "Stefan"),
}  # fmt: skip
FAMILY = (
    "Abernathy", "Bergmann", "Castillo", "Donnelly", "Eriksen", "Foley", "Gallagher", "Haddad",
    "Iverson", "Johansson", "Kowalski", "Lindqvist", "Murphy", "Novak", "Okafor", "Parkinson",
    "Quigley", "Romano", "Schneider", "Tanaka", "Underhill", "Vasquez", "Whitaker", "Yilmaz",
)  # fmt: skip
"""Two of them are eponyms, too."""
HOSPITALS = ("Northfield General Hospital", "Harbour Medical Center", "Hillside Clinic")
STREETS = ("Oak Street", "Mill Road", "Station Avenue", "Cedar Lane", "Harbour Drive")
TOWNS = ("Northfield", "Eastbourne", "Lakewood", "Ashford", "Riverton")
CONDITIONS = (
    "hypertension", "atrial fibrillation", "type 2 diabetes", "Parkinson's disease", "pneumonia",
    "Crohn's disease", "heart failure", "asthma", "chronic kidney disease", "osteoarthritis",
)  # fmt: skip
SYMPTOMS = (
    "chest pain",
    "fever",
    "cough",
    "dizziness",
    "nausea",
    "shortness of breath",
    "headache",
)
DRUGS = (
    ("Lasix", "40 mg"), ("metoprolol", "25 mg"), ("Coumadin", "5 mg"), ("lisinopril", "10 mg"),
    ("Lipitor", "20 mg"), ("metformin", "500 mg"),
)  # fmt: skip
DEVICES = ("Foley catheter", "Hickman line", "Holter monitor")
SECTIONS = (
    ("HISTORY OF PRESENT ILLNESS", (
        "{title} {family} is a {age}-year-old {sex} with {condition} who was admitted on {date}.",
        "The patient reports {symptom} since {day}, and denies {denied}.",
        "{pronoun} came with {possessive} {kin}, {relative}, who can be reached at {phone}.",
    )),
    ("PAST MEDICAL HISTORY", (
        "{condition} since {year}. No history of {denied_condition}.",
        "Seen by Dr. {doctor} at {hospital} on {date} for {condition}.",
    )),
    ("MEDICATIONS", ("{drug} {dose} daily. {drug} {dose} twice daily.",)),
    ("PHYSICAL EXAM", (
        "Blood pressure 142/86, pulse 78, oxygen saturation 97 %. {device} in place.",
        "Afebrile. Lungs clear. Pain 3/10. Weight 81.4 kg.",
    )),
    ("SOCIAL HISTORY", (
        "Lives at {address}. Works at {employer}.",
        "Lives alone in {town}, smokes 10 cigarettes a day.",
    )),
    ("PLAN", (
        "Follow up with Dr. {doctor} on {date}. Continue {drug} {dose}.",
        "Results to {email}. The {kin} agrees.",
    )),
)  # fmt: skip
"""Heading -> sentences, of which one to all are written."""
EMPLOYERS = ("Calderfield Foods Inc", "Ashford School", "Lakewood Bank")
KIN = {"daughter": "F", "son": "M", "sister": "F", "brother": "M"}
DATES = ("{m:02d}/{d:02d}/{y}", "{m}/{d}/{yy:02d}", "{d} {month} {y}", "{month} {d}, {y}",
         "{y}-{m:02d}-{d:02d}")  # fmt: skip
