"""What a run knows of a study's design: question, data, target, inputs, parts, model, training.

Enters: a `Record`. Leaves: an `Answer` with pointers, or None where the run does not know. Nothing
is said here that does not stand in the run's own files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bedside.reporting.checklist.evidence import Answer, at
from bedside.reporting.formatting import count, counted, listed, number
from bedside.reporting.glossary import label
from bedside.reporting.wording import scored_words

if TYPE_CHECKING:
    from bedside.reporting.record import Record

PARTS = {"train": "training", "validation": "validation", "test": "test"}


def question(record: Record) -> Answer | None:
    """The question, as the study states it."""
    said = record.study.about.question
    return Answer(f"Question: {said}", (at("study.yaml", "about", "question"),)) if said else None


def intended_use(record: Record) -> Answer | None:
    """The intended use, as the study states it."""
    said = record.study.about.intended_use
    if not said:
        return None
    return Answer(f"Intended use: {said}", (at("study.yaml", "about", "intended_use"),))


def goal(record: Record) -> Answer:
    """Development and evaluation, of which models, for which task."""
    compared = len([name for name in record.models if name not in record.candidates])
    text = (
        f"Development and evaluation of a model (task {record.study.target.task}): "
        f"{counted(len(record.candidates), 'deep network')} compared with "
        f"{counted(compared, 'simple model')} on a test part that was kept apart."
    )
    return Answer(text, (at("metrics.json", "models"), at("study.yaml", "target", "task")))


def technology(record: Record) -> Answer:
    """The kind of model."""
    text = f"Deep learning: the network {record.deep}, beside classical models."
    return Answer(text, (at("metrics.json", "deep"), at("environment.json", "training")))


def sources(record: Record) -> Answer:
    """Where cases came from, as far as the study file says."""
    data = record.study.data
    if data.synthetic is not None:
        text = f"Made-up patients, drawn by bedside ({data.synthetic}); no real data."
    else:
        text = f"Cases were read from one source, data.{data.source} of the study file."
    facts = record.audit.get("facts") or {}
    if facts.get("cases"):
        text += f" {scored_words(facts)}."
    return Answer(text, (at("study.yaml", "data", data.source), at("audit.json", "facts", "cases")))


def sites(record: Record) -> Answer | None:
    """Hospitals, where the study names their column."""
    column = record.study.data.site
    if column is None:
        return None
    found = (record.metrics.get("subgroups") or {}).get(column) or {}
    told = f"; {len(found)} of them are scored in the test part" if found else ""
    text = f"Hospitals are told apart by the column '{column}'{told}."
    return Answer(text, (at("study.yaml", "data", "site"), at("metrics.json", "subgroups", column)))


def quality(record: Record) -> Answer | None:
    """Preparation of the inputs, and what the audit found."""
    findings = record.audit.get("findings")
    if findings is None:
        return None
    shares = {
        name: sum(one.get("severity") == name for one in findings) for name in ("warn", "note")
    }
    checks = dict.fromkeys(str(one.get("check")) for one in findings)
    inputs = "; ".join(f"{name}: {part.modality}" for name, part in record.study.inputs.items())
    waived = record.metrics.get("waived") or []
    text = (
        f"Each input was brought to one form by its modality, fitted on training cases alone and "
        f"the same for all cases ({inputs}). An audit before training left "
        f"{counted(shares['warn'], 'warning')} and {counted(shares['note'], 'note')} "
        f"({listed(checks)})"
        f"{f', and {len(waived)} findings waived' if waived else ''}."
    )
    return Answer(
        text,
        (
            at("audit.json", "findings"),
            at("study.yaml", "inputs"),
            at("package/package.json", "inputs"),
            at("report.html", "data"),
        ),
    )


def outcome(record: Record) -> Answer:
    """What is predicted, in the words of the study file."""
    target: Mapping[str, Any] = record.study.target.model_dump(mode="json", exclude_none=True)
    said = [f"{key}: {_plain(value)}" for key, value in target.items() if key != "task"]
    text = f"Task {target['task']}" + (f" ({'; '.join(said)})" if said else "") + "."
    if record.classes:
        text += f" Answers: {listed(record.classes, shown=20)}."
    return Answer(text, (at("study.yaml", "target"), at("metrics.json", "classes")))


def predictors(record: Record) -> Answer:
    """The inputs, each with its modality and its words."""
    said = []
    for name, part in record.study.inputs.items():
        words = part.model_dump(mode="json", exclude_none=True)
        own = [f"{k} {_plain(v)}" for k, v in words.items() if k != "modality"]
        said.append(f"{name} ({', '.join([part.modality, *own])})")
    return Answer(f"Inputs: {'; '.join(said)}.", (at("study.yaml", "inputs"),))


def unselected(record: Record) -> Answer:
    """Nothing was selected by the data."""
    text = (
        f"Every input that the study names was used ({listed(record.study.inputs)}); none was "
        "chosen or left out by looking at the data."
    )
    return Answer(text, (at("study.yaml", "inputs"),))


def missing(record: Record) -> Answer | None:
    """How much was missing, and what became of it."""
    facts = record.audit.get("facts") or {}
    if "unknown" not in facts:
        return None
    unknown = sum(int(n) for n in facts["unknown"].values())
    unreadable = sum(int(one.get("unreadable", 0)) for one in (facts.get("inputs") or {}).values())
    gaps = {
        name: int(one["missing"])
        for name, one in (facts.get("attributes") or {}).items()
        if one.get("missing")
    }
    text = (
        f"Unknown targets: {count(unknown)}; they are left out of training and scoring, never "
        f"counted as negative. Unreadable inputs: {count(unreadable)}."
    )
    if gaps:
        text += f" Blank cells: {listed(f'{name} {n}' for name, n in gaps.items())}."
    keys = ("unknown", "inputs", "attributes")
    return Answer(text, tuple(at("audit.json", "facts", key) for key in keys))


def partition(record: Record) -> Answer:
    """How cases came into parts."""
    by = record.metrics.get("split_by") or record.study.split.by
    column = record.study.split.column
    rule = f"the column '{column}' of the data" if column else f"a draw by {by}, with a fixed seed"
    sizes = listed(
        f"{PARTS.get(part, part)} {scored_words(found)}" for part, found in record.parts.items()
    )
    notes = " ".join(str(note) for note in record.metrics.get("split_notes") or [])
    text = f"Parts were made by {rule}{f': {sizes}' if sizes else ''}. {notes}".strip()
    return Answer(
        text,
        (
            at("metrics.json", "split_by"),
            at("study.yaml", "split"),
            at("splits.csv", "part"),
            at("report.html", "data"),
        ),
    )


def disjoint(record: Record) -> Answer:
    """At which level parts share nothing."""
    by = str(record.metrics.get("split_by") or record.study.split.by)
    words = {
        "patient": "No patient is in two parts; an overlap would have stopped the run.",
        "site": "No hospital of the test part is in training or validation.",
        "case": "Parts are disjoint by case only: the same patient may be in several.",
        "time_within_patient": "Patients are in several parts, at different times: no target of "
        "training reaches into validation or test time.",
    }
    text = words.get(by, f"Parts are disjoint by {by}.")
    return Answer(text, (at("metrics.json", "split_by"), at("splits.csv", "part")))


def handling(record: Record) -> Answer:
    """How inputs were transformed."""
    names = listed(record.study.inputs)
    text = (
        f"Transformations and standardisation of {names} were fitted on training cases and are "
        "kept as numbers; no functional form was chosen by hand."
    )
    states = (at(f"package/state/{name}.json") for name in record.study.inputs)
    return Answer(text, (*states, at("package/package.json", "inputs")))


def training(record: Record) -> Answer | None:
    """The recipe, as it was used."""
    recipe = (record.environment.get("training") or {}).get(record.deep)
    if not recipe:
        return None
    keys = ("epochs", "batch_size", "learning_rate", "weight_decay", "precision", "device")
    said = listed((f"{key} {_plain(recipe[key])}" for key in keys if key in recipe), shown=9)
    study = record.study.training
    text = (
        f"{record.deep}: {said}; augmentation {'on' if study.augment else 'off'}, "
        f"seed {study.seed}. {counted(len(record.candidates), 'network')} and "
        f"{counted(len(record.models) - len(record.candidates), 'simple model')} were fitted."
    )
    return Answer(
        text,
        (
            at("environment.json", "training", record.deep),
            at("study.yaml", "training"),
            at("report.html", "training"),
        ),
    )


def model_type(record: Record) -> Answer:
    """The network, in short, and where it stands in full."""
    recipe = (record.environment.get("training") or {}).get(record.deep) or {}
    size = recipe.get("parameters")
    encoders = record.study.model.encoders or "the default of each input"
    text = (
        f"Network {record.deep} (encoders: {_plain(encoders)}; fusion: "
        f"{record.study.model.fusion}){f', {count(size)} parameters' if size else ''}; all layers "
        "stand in the exported network."
    )
    return Answer(
        text,
        (
            at(f"checkpoint/{record.deep}/network.json"),
            at("package/package.json", "networks"),
            at("study.yaml", "model"),
        ),
    )


def initialisation(record: Record) -> Answer:
    """Where weights began."""
    model = record.study.model
    if model.pretrained is not None:
        text = "The network began as a pretrained model, which the study names."
        return Answer(text, (at("study.yaml", "model", "pretrained"),))
    if model.start_from is not None:
        text = "The network began with the weights of another run, which the study names."
        return Answer(text, (at("study.yaml", "model", "start_from"),))
    text = f"Weights were drawn at random, with the seed {record.study.training.seed}."
    own = at(f"checkpoint/{record.deep}/network.json")
    return Answer(text, (at("study.yaml", "training", "seed"), own))


def selection(record: Record) -> Answer | None:
    """How the final model was chosen."""
    found = record.metrics.get("validation") or {}
    if record.deep not in found:
        return None
    epoch = record.chosen_epoch()
    text = (
        f"On the validation part alone: the weights of the best epoch"
        f"{f' ({epoch})' if epoch else ''}, and the network with the best {label(record.primary)} "
        f"({number(found[record.deep])} of {record.deep})."
    )
    return Answer(
        text,
        (
            at("metrics.json", "validation"),
            at("environment.json", "training", record.deep, "best_epoch"),
        ),
    )


def single(record: Record) -> Answer:
    """Whether several models answer together."""
    passes = (record.study.target.model_extra or {}).get("passes")
    looks = f" It looks at each place {passes} times." if passes and passes != 1 else ""
    text = (
        "No ensemble: one network answers, with the moving average of its own weights where its "
        f"recipe names one.{looks}"
    )
    return Answer(
        text, (at("metrics.json", "deep"), at("environment.json", "training", record.deep))
    )


def software(record: Record) -> Answer | None:
    """Versions of what computed."""
    libraries = record.environment.get("libraries") or {}
    if not libraries:
        return None
    said = listed((f"{name} {version}" for name, version in libraries.items()), shown=20)
    text = f"bedside {record.environment.get('bedside')}; {said}."
    return Answer(text, (at("environment.json", "libraries"), at("environment.json", "bedside")))


def imbalance(record: Record) -> Answer | None:
    """Weights against imbalance, of classification."""
    if record.kind not in ("binary", "classes", "labels"):
        return None
    if record.study.training.imbalance == "none":
        text = "None was used."
        return Answer(text, (at("study.yaml", "training", "imbalance"),))
    text = (
        "The loss weighs rare classes more, half way to balance in log-odds; what that adds to the "
        "logits is taken off again, and a temperature is fitted on the validation part, so that "
        "probabilities keep the prevalence of training."
    )
    return Answer(
        text,
        (
            at("study.yaml", "training", "imbalance"),
            at("metrics.json", "calibration"),
            at("report.html", "calibration"),
        ),
    )


def image_forms(record: Record) -> Answer | None:
    """Shapes and formats of the files, as far as they tell."""
    inputs = (record.audit.get("facts") or {}).get("inputs") or {}
    said, pointers = [], []
    for name, facts in inputs.items():
        for mode in (facts.get("modes") or [])[:3]:
            form = f"{mode.get('format') or 'array'} {mode.get('mode') or ''}".strip()
            bits = f", {mode['bits']} bits" if mode.get("bits") else ""
            said.append(f"{name}: {form}{bits} ({counted(int(mode['cases']), 'case')})")
            pointers.append(at("audit.json", "facts", "inputs", name, "modes"))
    if not said:
        return None
    return Answer(f"Files as they were read: {'; '.join(said)}.", tuple(dict.fromkeys(pointers)))


def _plain(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " x ".join(map(str, value)) if _numbers(value) else ", ".join(map(_plain, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(own)}" for key, own in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)


def _numbers(values: Any) -> bool:
    return all(isinstance(value, int | float) for value in values)
