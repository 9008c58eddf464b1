"""Language models on Open-i, and how surely the audit names planted foreign notes.

    python benchmarks/language_models.py "$BEDSIDE_DATA" --train --seeds 7 8 9 --runs /tmp/runs
    python benchmarks/language_models.py "$BEDSIDE_DATA" --plant

With ``--train``: the study ``examples/openi_language.yaml`` by the published parts, a run a seed
(seeds change the network and the resamples; n-grams draw nothing); runs are kept in the folder,
and one that is there is read. With ``--plant``: notes of other fields, languages and letters are
planted into a cohort of real notes, a twentieth or a hundredth of it, and `find_unlike`, which is
what the audit's check `unlike-texts` asks, names notes. Two sensitivities are told: at the
audit's own line, with the false alarms it costs, and at the line where exactly 1 % of the
cohort's own notes would be named. Intervals are Clopper and Pearson's over the planted notes
of all draws.

Foreign notes: sentences of abstracts (NCBI disease corpus), sections and dialogues of visits
(MTS-Dialog), reports of ECGs in German (PTB-XL), reports of chest X-rays in Spanish, French and
German put together from the sentences below, which are alike on purpose, and the cohort's own
notes with every letter moved on by thirteen.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

import bedside
from bedside.audit.unlikeness import find_unlike

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "openi_language.yaml"
SHARES = (0.01, 0.05)
DRAWS = 5
FALSE_ALARMS = 0.01
METRICS = ("perplexity", "bits_per_token", "perplexity_known")
SENTENCES = {
    "Spanish": (
        *("El corazón es de tamaño normal", "Los pulmones están claros", "No hay derrame pleural"),
        *("La silueta cardíaca está dentro de límites normales", "No se aprecia neumotórax"),
        *("No se observa consolidación focal", "Existe una opacidad en la base izquierda"),
        *("Cambios degenerativos en la columna torácica", "Aumento de la trama broncovascular"),
        *("El mediastino no presenta alteraciones", "Granuloma calcificado en el vértice derecho"),
        "Las estructuras óseas no muestran lesiones agudas",
    ),
    "French": (
        *("Le cœur est de taille normale", "Les poumons sont clairs", "Absence de pneumothorax"),
        *("Pas d'épanchement pleural", "On note une opacité de la base gauche"),
        *("Le médiastin est sans particularité", "Pas de foyer de condensation"),
        *("Remaniements dégénératifs du rachis dorsal", "Discrète surcharge vasculaire"),
        *("Les structures osseuses sont sans lésion récente", "Granulome calcifié du sommet droit"),
        "Atélectasie en bande du lobe inférieur droit",
    ),
    "German": (
        *("Das Herz ist normal groß", "Kein Pleuraerguss", "Die Lungen sind frei belüftet"),
        *("Keine umschriebenen Infiltrate", "Kein Nachweis eines Pneumothorax"),
        *("Degenerative Veränderungen der Brustwirbelsäule", "Geringe Stauungszeichen"),
        *("Verdichtung im linken Unterlappen", "Keine frische knöcherne Verletzung"),
        *("Verkalktes Granulom im rechten Oberlappen", "Zustand nach Bypassoperation"),
        "Zwerchfelle beidseits glatt begrenzt",
    ),
}


def pools_of(data: Path) -> dict[str, list[str]]:
    """Name -> notes of one kind."""
    openi = pd.read_csv(data / "text" / "openi" / "summaries.csv")
    visits = pd.concat(map(pd.read_csv, sorted((data / "text" / "mts_dialog").glob("*.csv"))))
    ecgs = next(
        table["report"].dropna().astype(str)
        for path in sorted((data / "ecg" / "ptbxl_500").rglob("*.csv"))
        if "report" in (table := pd.read_csv(path))
    )
    lines = (data / "text" / "ncbi_disease" / "train.tsv").read_text(encoding="utf-8").split("\n\n")
    return {
        "Open-i findings": openi["findings"].astype(str).tolist(),
        "Open-i impressions": openi["impression"].astype(str).tolist(),
        "MTS dialogues": visits["dialogue"].astype(str).tolist(),
        "MTS sections": visits["section_text"].astype(str).tolist(),
        "NCBI sentences": [
            " ".join(line.split("\t")[0] for line in own.splitlines()) for own in lines if own
        ][:3000],
        "German ECG reports": [text for text in ecgs if text.strip()],
    }


def made(language: str, count: int, rng: np.random.Generator) -> list[str]:
    """Reports of three to seven sentences of a language."""
    pool = SENTENCES[language]
    return [
        ". ".join(rng.permutation(pool)[: rng.integers(3, 8)].tolist()) + "." for _ in range(count)
    ]


def planted(
    kind: str, pools: Mapping[str, Sequence[str]], base: str, *, count: int, seed: int
) -> list[str]:
    """Foreign notes of one kind."""
    rng = np.random.default_rng(seed)
    if kind in SENTENCES:
        return made(kind, count, rng)
    own = list(pools[base if kind == "moved letters" else kind])
    drawn = [own[place] for place in rng.permutation(len(own))[:count]]
    if kind != "moved letters":
        return drawn
    return ["".join(chr(ord(c) + 13) if c.isalpha() else c for c in text) for text in drawn]


def share_of(found: int, of: int) -> str:
    """A share with its interval."""
    ends = binomtest(found, of).proportion_ci(0.95, method="exact")
    return f"{found / of:.3f} ({ends.low:.3f} to {ends.high:.3f})"


def plant(data: Path, bases: Sequence[str]) -> None:
    """Print a table of each base: kinds of foreign notes, planted at two shares."""
    pools = pools_of(data)
    foreign = {
        "Open-i findings": ("NCBI sentences", "MTS dialogues", "MTS sections"),
        "Open-i impressions": ("NCBI sentences", "MTS dialogues", "MTS sections"),
        "MTS dialogues": ("NCBI sentences", "Open-i findings"),
        "MTS sections": ("NCBI sentences", "Open-i findings"),
        "NCBI sentences": ("MTS dialogues", "MTS sections", "Open-i findings"),
    }
    for base in bases:
        own = list(pools[base])
        start = time.perf_counter()
        alone = find_unlike(own)
        seconds = time.perf_counter() - start
        print(f"\n### {base} ({len(own)} notes)\n")
        print(f"Nothing planted: {len(alone.rows) / len(own):.4f} named, in {seconds:.1f} s.\n")
        print("| planted | share | notes | sensitivity, own line | false alarms | ", end="")
        print("sensitivity at 1 % false alarms |\n|---|---:|---:|---:|---:|---:|")
        for kind in (*foreign[base], "German ECG reports", *SENTENCES, "moved letters"):
            for share in SHARES:
                print(_row(kind, share, own, pools, base=base), flush=True)


def _row(
    kind: str, share: float, own: list[str], pools: Mapping[str, Sequence[str]], *, base: str
) -> str:
    asked = max(1, round(share * len(own)))
    named = at_one = count = 0
    alarms = []
    for seed in range(DRAWS):
        bad = planted(kind, pools, base, count=asked, seed=seed)
        found = find_unlike([*own, *bad])
        over = found.score > found.line
        at = np.quantile(found.score[: len(own)], 1 - FALSE_ALARMS)
        named += int(over[len(own) :].sum())
        at_one += int((found.score[len(own) :] > at).sum())
        count += len(bad)
        alarms.append(float(over[: len(own)].mean()))
    return (
        f"| {kind} | {share:.0%} | {count // DRAWS} | {share_of(named, count)} "
        f"| {statistics.mean(alarms):.4f} | {share_of(at_one, count)} |"
    )


def train(data: Path, seeds: Sequence[int], runs: Path) -> None:
    """Print a table of the models, a line a seed."""
    for place, seed in enumerate(seeds):
        folder = runs / f"openi-language-{seed}"
        metrics = _metrics(data, seed, folder)
        if not place:
            tokens, size = metrics["tokens"], metrics["vocabulary"]
            unknown = metrics["models"]["unigram"]["unknown_tokens"]["value"]
            print(
                f"{metrics['cases']} test reports, {tokens} tokens with their ends, of which ",
                end="",
            )
            print(f"{unknown:.2%} are unknown; a vocabulary of {size}.\n")
            print(f"| model | seed | {' | '.join(METRICS)} | seconds |")
            print(f"|---|---:|{'---:|' * (len(METRICS) + 1)}")
            for name in ("unigram", "kneser-ney"):
                print(f"| {name} | | {_cells(metrics, name)} | |")
        seconds = metrics["timing"]["train_seconds"]
        print(
            f"| {metrics['deep']} | {seed} | {_cells(metrics, metrics['deep'])} | {seconds:.0f} |"
        )
        difference = metrics["difference"]
        ends = f"{difference['low']:.3f} to {difference['high']:.3f}"
        print(f"| {metrics['best_baseline']} minus {metrics['deep']} | {seed} | ", end="")
        print(f"{difference['value']:.3f} ({ends}): {metrics['verdict']} | | | |", flush=True)


def _cells(metrics: Mapping[str, Any], model: str) -> str:
    own = metrics["models"][model]
    return " | ".join(
        f"{own[name]['value']:.3f} ({own[name]['low']:.3f} to {own[name]['high']:.3f})"
        for name in METRICS
    )


def _metrics(data: Path, seed: int, folder: Path) -> dict[str, Any]:
    if (folder / "metrics.json").exists():
        return bedside.open_run(folder).metrics
    table = data / "text" / "openi" / "summaries.csv"
    words = [f"data.table={table}", f"training.seed={seed}"]
    study = bedside.Study.load(EXAMPLE, overrides=words)
    return bedside.run(study, folder, resume=folder.exists()).metrics


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--plant", action="store_true")
    parser.add_argument("--bases", nargs="+", default=["Open-i findings", "MTS dialogues"])
    asked = parser.parse_args()
    if asked.train:
        train(asked.data, asked.seeds, asked.runs)
    if asked.plant:
        plant(asked.data, asked.bases)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
