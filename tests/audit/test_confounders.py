"""Confounders: what the input tells and the label follows; both together warn, one is a note."""

import numpy as np
import pytest

from bedside.audit.attributes import is_role
from bedside.audit.checks.confounders import columns_and_labels, confounded_attributes
from bedside.audit.evidence import Means
from bedside.modalities.image import Image

from .cohorts import as_samples, binary, cohort, evidence

N = 240
MEANS = Means({"xray": Image(modality="image", column="file", size=(24, 24))}, threads=2)


def films(bright, seed=0):
    """Noise; brighter where asked."""
    pictures = np.random.default_rng(seed).integers(0, 120, (N, 24, 24), dtype=np.uint8)
    pictures[bright] += 60
    return as_samples(pictures)


def found(labels, bright, *, means=MEANS, **columns):
    table = cohort(N, **columns)
    own = evidence(films(bright), table=table, targets=binary(labels), means=means)
    return confounded_attributes(own)


def lots(seed, share=0.5):
    return np.random.default_rng(seed).random(N) < share


def test_a_site_that_the_picture_tells_and_the_label_follows_is_a_confounder():
    site, chance = lots(1), lots(2)
    labels = np.where(lots(3, 0.8), site, chance)
    (finding,) = found(labels, site, site=np.where(site, "SECRET-A", "SECRET-B"))
    assert finding.severity == "warn"
    assert finding.message.startswith(
        "Confounders, which the input tells and the label goes along with"
    )
    assert "'site' told 1.00" in finding.message
    assert "SECRET" not in finding.message


def test_what_only_the_picture_tells_is_a_note():
    site = lots(1)
    (finding,) = found(lots(5), site, site=np.where(site, "A", "B"))
    assert finding.severity == "note"
    assert "'site' told 1.00 (1.00 to 1.00), label not" in finding.message


def test_what_only_the_label_follows_is_none():
    """The picture shows the disease; age goes along with it, but the picture does not tell it."""
    labels = lots(1)
    ages = np.where(labels, 65, 50) + np.random.default_rng(2).normal(0, 10, N)
    (finding,) = found(labels, labels, age=ages.round(1))
    assert finding.severity == "note"
    assert "'age' told 0.5" in finding.message or "'age' told 0.4" in finding.message


def test_a_device_that_is_the_label_is_flagged_and_told_apart_from_a_column_of_the_label():
    labels = lots(1)
    words = np.where(labels, "x", "y")
    (finding,) = found(labels, labels, device=words, diagnosis=words)
    assert finding.severity == "warn"
    assert "'device' told 1.00" in finding.message
    assert "too wholly to tell the two apart" in finding.message
    assert "diagnosis" not in finding.message


def test_columns_that_say_the_label_are_noted_and_the_targets_own_are_not():
    labels = lots(1)
    table = cohort(N, label=labels.astype(str), code=np.where(labels, "J18", "Z00"), sex=["F"] * N)
    means = Means(target_columns=frozenset({"label"}))
    own = evidence(films(labels), table=table, targets=binary(labels), means=means)
    (finding,) = columns_and_labels(own)
    assert finding.severity == "note"
    assert finding.message == "Columns that alone say the label nearly always (AUROC): 'code' 1.00."


def test_nothing_is_said_where_nothing_is_described():
    site = lots(1)
    assert found(site, site, means=Means(), site=np.where(site, "A", "B")) == []


@pytest.mark.parametrize("name", ["site", "PatientAge", "Patient Gender", "scanner_model", "View"])
def test_roles_are_told_by_words_of_the_name(name):
    assert is_role(name)
    assert not is_role(f"x{name}x".lower().replace(" ", "").replace("_", ""))
