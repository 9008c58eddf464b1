import numpy as np
import pytest

from bedside.audit.checks.labels import class_balance, file_facts_and_labels, unknown_labels
from bedside.schema import Targets

from .cohorts import binary, evidence, given_parts, picture, pictures


def labels(truth, known):
    return Targets(
        {"truth": np.asarray(truth, np.float32), "known": np.asarray(known, bool)},
        ("mass", "fluid"),
    )


def test_unknown_labels_are_counted_per_label():
    known = np.ones((60, 2), bool)
    known[[1, 4], 1] = False
    own = evidence(targets=labels(np.zeros((60, 2)), known), kind="labels")
    (finding,) = unknown_labels(own)
    assert (finding.severity, finding.count, finding.rows) == ("note", 2, (3, 6))
    assert finding.message.startswith("'fluid' unknown in 2 of 60 cases")


def test_no_known_label_blocks():
    own = evidence(targets=binary(np.zeros(60), np.zeros(60)))
    (finding,) = unknown_labels(own)
    assert (finding.severity, finding.count) == ("block", 60)
    assert unknown_labels(evidence()) == []


def test_balance_is_noted_per_part():
    parts = np.repeat(["train", "validation", "test"], 20)
    (note,) = class_balance(evidence(parts=parts))
    assert note.message == (
        "Cases of each class; train: 10 normal, 10 pneumonia; validation: 10 normal, "
        "10 pneumonia; test: 10 normal, 10 pneumonia."
    )
    (note,) = class_balance(evidence())
    assert note.message == "Cases of each class; all cases: 30 normal, 30 pneumonia."


def test_few_cases_warn_and_none_blocks():
    truth = np.arange(60) % 2
    truth[-15:] = 0
    truth[30:45] = np.arange(15) < 10
    none, few, _ = class_balance(evidence(targets=binary(truth), parts=given_parts()))
    assert few.severity == "warn"
    assert few.message == "Fewer than 10 cases of a class: 5 normal in validation."
    assert few.count == 5
    assert none.severity == "block"
    assert none.message == "Part test has no case of 'pneumonia'."


def test_few_cases_of_several_parts_are_one_finding_and_numbers_are_quoted():
    truth = np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2, 0, 1, 2], [20, 20, 5, 4, 6, 5])]
    targets = Targets({"truth": truth, "known": truth >= 0}, ("0", "1", "2a"))
    parts = np.repeat(["train", "test"], [45, 15])
    _, few, _ = class_balance(evidence(targets=targets, kind="classes", parts=parts))
    assert few.message == (
        "Fewer than 10 cases of a class: 5 '2a' in train; 4 '0', 6 '1', 5 '2a' in test."
    )
    assert few.count == 20


def test_unknown_cases_are_no_cases_of_any_class():
    known = np.arange(60) % 2 == 0
    (none, _) = class_balance(evidence(targets=binary(np.arange(60) % 2, known)))
    assert (none.severity, none.message) == ("block", "The data has no case of 'pneumonia'.")


def test_an_empty_part_blocks_once():
    parts = np.repeat(["train", "validation"], 30)
    empty = [f for f in class_balance(evidence(parts=parts)) if f.severity == "block"]
    assert [f.message for f in empty] == ["Part test has no case."]


@pytest.mark.parametrize("always", [0, 1])
def test_a_label_needs_both_answers(always):
    truth = np.stack([np.arange(60) % 2, np.full(60, always)], axis=1)
    none, _ = class_balance(evidence(targets=labels(truth, truth >= 0), kind="labels"))
    missing = "absent" if always else "present"
    assert none.message == f"The data has no case of 'fluid {missing}'."


def test_classes_are_counted_one_by_one():
    truth = np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2], [40, 15, 5])]
    targets = Targets({"truth": truth, "known": truth >= 0}, ("a", "b", "c"))
    few, note = class_balance(evidence(targets=targets, kind="classes"))
    assert few.message == "Fewer than 10 cases of a class: 5 c."
    assert note.message == "Cases of each class; all cases: 40 a, 15 b, 5 c."


def test_many_classes_are_listed_by_the_rarest():
    truth = np.eye(15, dtype=np.float32)[np.r_[np.arange(15), np.repeat([3, 7, 9], 15)]]
    targets = Targets({"truth": truth, "known": truth >= 0}, tuple("abcdefghijklmno"))
    *_, note = class_balance(evidence(targets=targets, kind="classes"))
    assert note.message.endswith("and 3 more with more cases.")
    assert "d 16" not in note.message


def test_a_file_kind_that_gives_the_label_away_is_warned_of():
    jpeg = {"format": "JPEG", "mode": "L", "bits": 8}
    ill = np.arange(60) % 2
    samples = [picture(i, source=jpeg if ill[i] else None) for i in range(60)]
    (finding,) = file_facts_and_labels(evidence(samples, targets=binary(ill)))
    assert finding.severity == "warn"
    assert finding.message.startswith("The kind of the files goes along with 'pneumonia';")
    mixed = [picture(i, source=jpeg if i % 3 else None) for i in range(60)]
    assert file_facts_and_labels(evidence(mixed, targets=binary(ill))) == []


def test_a_size_that_gives_one_of_several_labels_away_is_warned_of():
    truth = np.stack([np.arange(60) % 2, np.arange(60) < 30], axis=1)
    samples = [picture(i, size=(100 + 100 * (i < 30), 100 + i % 7)) for i in range(60)]
    own = evidence(samples, targets=labels(truth, truth >= 0), kind="labels")
    (finding,) = file_facts_and_labels(own)
    assert finding.message.startswith("The size of the files goes along with 'fluid present';")


def test_few_cases_give_nothing_away():
    ill = np.arange(30) % 2
    samples = [picture(i, size=(24 + 50 * ill[i], 24)) for i in range(30)]
    assert file_facts_and_labels(evidence(samples, targets=binary(ill))) == []
    assert file_facts_and_labels(evidence(pictures())) == []
