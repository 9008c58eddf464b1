import time

import numpy as np

from bedside.audit.checks.copies import (
    copies_across_parts,
    copies_with_other_labels,
    copies_within_parts,
)
from bedside.audit.evidence import Evidence
from bedside.schema import Geometry, Sample

from .cohorts import binary, evidence, given_parts, pictures, readings


def with_copies(*pairs):
    """Sixty different images, but the second row of each pair repeats the first."""
    samples = pictures()
    for first, second in pairs:
        samples[second] = Sample(samples[first].values.copy(), samples[first].geometry)
    return samples


def test_copies_within_a_part_are_counted_as_surplus():
    own = evidence(with_copies((0, 1), (0, 2), (46, 47), (3, 35)), parts=given_parts())
    train, test = copies_within_parts(own)
    assert (train.severity, train.count, train.rows) == ("warn", 2, (2, 3, 4))
    assert train.message.startswith("2 surplus exact copies in part train")
    assert (test.count, test.rows) == (1, (48, 49))
    assert train.pairs == ((2, 3), (2, 4))


def test_before_a_split_all_copies_are_within_the_data():
    own = evidence(with_copies((3, 55)))
    (finding,) = copies_within_parts(own)
    assert finding.message.startswith("1 surplus exact copy in the data")
    assert finding.rows == (5, 57)
    assert copies_across_parts(own) == []


def test_a_test_case_in_training_or_validation_blocks():
    own = evidence(with_copies((0, 50), (0, 51), (32, 59)), parts=given_parts())
    (finding,) = copies_across_parts(own)
    assert (finding.severity, finding.count) == ("block", 3)
    assert finding.rows == (2, 52, 53, 34, 61)
    assert finding.message == "3 test cases have an exact copy in training or validation."
    assert finding.pairs == ((2, 52), (2, 53), (34, 61))
    assert finding.details == ("train", "test", "test", "validation", "test")


def test_a_validation_case_in_training_warns():
    own = evidence(with_copies((0, 35), (1, 36)), parts=given_parts())
    (finding,) = copies_across_parts(own)
    assert (finding.severity, finding.count, finding.rows) == ("warn", 2, (2, 37, 3, 38))


def test_a_copy_in_all_three_parts_blocks_and_warns():
    own = evidence(with_copies((0, 35), (0, 50)), parts=given_parts())
    severities = [(f.severity, f.rows) for f in copies_across_parts(own)]
    assert severities == [("block", (2, 37, 52)), ("warn", (2, 37))]


def test_every_copy_across_parts_stands_beside_one_of_another_part():
    own = evidence(with_copies((0, 1), (0, 50), (0, 51)), parts=given_parts())
    (finding,) = copies_across_parts(own)
    parts = dict(zip(finding.rows, finding.details, strict=True))
    assert finding.pairs == ((3, 52), (2, 52), (2, 53))
    assert all(parts[a] != parts[b] for a, b in finding.pairs)


def test_copies_with_another_label():
    truth = np.zeros(60)
    truth[[1, 20]] = 1
    samples = with_copies((0, 1), (5, 6), (10, 20))
    (finding,) = copies_with_other_labels(evidence(samples, targets=binary(truth)))
    assert (finding.severity, finding.count, finding.rows) == ("warn", 4, (2, 3, 12, 22))
    assert finding.where() == ["rows 2 (normal) and 3 (pneumonia), 12 (normal) and 22 (pneumonia)"]
    known = np.arange(60) != 20
    (finding,) = copies_with_other_labels(evidence(samples, targets=binary(truth, known)))
    assert finding.rows == (2, 3)  # an unknown label contradicts nothing


def test_nearly_equal_is_no_copy():
    samples = with_copies((0, 1), (2, 3), (4, 5))
    samples[1].values[0, 0] ^= 1
    samples[3] = Sample(samples[2].values.astype(np.int16), samples[2].geometry)
    samples[5] = Sample(samples[4].values.reshape(12, 48), samples[4].geometry)
    assert evidence(samples).copies == {"xray": []}


def test_short_texts_and_numbers_may_be_equal_by_chance():
    short = [Sample(np.array([70.0, 1.0]), Geometry()), Sample("no complaints", Geometry())] * 5
    assert evidence(short).copies == {"xray": []}
    long = [Sample("word " * 20, Geometry()), Sample(np.arange(80.0), Geometry()), None] * 2
    assert [group.tolist() for group in evidence(long).copies["xray"]] == [[0, 3], [1, 4]]


def test_one_input_that_is_copied_is_enough():
    own = evidence(parts=given_parts())
    inputs = {"front": own.inputs["xray"], "side": readings(with_copies((0, 59)))}
    both = Evidence(own.cohort, inputs, own.targets, "binary", own.parts, "patient")
    (finding,) = copies_across_parts(both)
    assert finding.message.startswith("Input 'side': 1 test case has")


def test_cost_grows_linearly():
    """All pairs of 40 000 cases would take minutes; so would a scan of the cohort per group."""
    samples = [
        Sample(np.full((8, 8), row // 2, np.int32), Geometry(shape=(8, 8))) for row in range(40_000)
    ]
    own = evidence(samples, parts=np.resize(["train", "test"], 40_000))
    start = time.process_time()
    assert copies_across_parts(own)[0].count == 20_000
    assert copies_within_parts(own) == []
    assert time.process_time() - start < 10
