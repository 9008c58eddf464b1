"""The metrics of forecasts, in plain words.

Enters: nothing. Leaves: a `Term` for each metric, and words that are no metrics.
"""

from __future__ import annotations

from bedside.reporting.terms import Term

ZONES = (
    "A: the treatment that follows would be right. B: it would be other, but do no harm. C: it "
    "would overcorrect. D: a value that needs treatment is missed. E: the opposite treatment."
)

FORECAST_TERMS: dict[str, Term] = {
    "rmse_pooled": Term(
        "RMSE",
        "Root mean squared error, pooled: the root of the mean over all forecasts of their mean "
        "squared error ('mean window'). A few large misses weigh much.",
        higher_is_better=False,
        form="value",
        hint="size of an error; large misses weigh more",
    ),
    "mae_pooled": Term(
        "Mean absolute error",
        "How far forecasts were off on average, whichever way, pooled over all forecasts.",
        higher_is_better=False,
        form="value",
        hint="how far off on average",
    ),
    "rmse_median_window": Term(
        "RMSE, median window",
        "The root of the median over forecasts of their mean squared error: the error of the "
        "middle forecast. Large misses do not show in it, so it is much smaller than the pooled "
        "RMSE and never comparable with it. GlucoBench prints this one.",
        higher_is_better=False,
        form="value",
    ),
    "mae_median_window": Term(
        "Mean absolute error, median window",
        "The median over forecasts of their mean absolute error, as GlucoBench prints it.",
        higher_is_better=False,
        form="value",
    ),
    "mard": Term(
        "MARD",
        "Mean absolute relative difference: the error as a share of the true value.",
        higher_is_better=False,
        form="percent",
    ),
    "coverage_80": Term(
        "Inside the 80\N{NO-BREAK SPACE}% range",
        "How often the value that came lay within the range given for it. 80 % is right: less "
        "means ranges that are too narrow, more means too wide.",
        form="percent",
        hint="80 % is right",
    ),
    "coverage_95": Term(
        "Inside the 95\N{NO-BREAK SPACE}% range",
        "The same for the range that is to hold 95 %.",
        form="percent",
    ),
    "width_80": Term(
        "Width of the 80 % range",
        "How wide that range is on average; of two that hold equally often the narrower tells "
        "more.",
        higher_is_better=False,
        form="value",
    ),
    "width_95": Term(
        "Width of the 95 % range", "The same for the wider range.", higher_is_better=False,
        form="value",
    ),
    "clarke_a": Term("Clarke zone A", f"Clarke's error grid (1987). {ZONES}", form="percent"),
    "clarke_ab": Term(
        "Clarke zones A and B",
        "The share of forecasts that would do no harm.",
        form="percent",
        hint="would do no harm",
    ),
    "clarke_b": Term("Clarke zone B", "See zone A.", form="percent"),
    "clarke_c": Term("Clarke zone C", "See zone A.", higher_is_better=False, form="percent"),
    "clarke_d": Term("Clarke zone D", "See zone A.", higher_is_better=False, form="percent"),
    "clarke_e": Term("Clarke zone E", "See zone A.", higher_is_better=False, form="percent"),
    "parkes_a": Term(
        "Parkes zone A",
        "The consensus error grid (Parkes 2000) for type 1 diabetes, which ISO 15197 uses: zones "
        "like Clarke's, drawn by 100 physicians.",
        form="percent",
    ),
    "parkes_ab": Term(
        "Parkes zones A and B", "The share of forecasts that would do no harm.", form="percent"
    ),
    "parkes_b": Term("Parkes zone B", "See zone A.", form="percent"),
    "parkes_c": Term("Parkes zone C", "See zone A.", higher_is_better=False, form="percent"),
    "parkes_d": Term("Parkes zone D", "See zone A.", higher_is_better=False, form="percent"),
    "parkes_e": Term("Parkes zone E", "See zone A.", higher_is_better=False, form="percent"),
    "parkes_type2_a": Term(
        "Parkes zone A, type 2", "The consensus grid for type 2 diabetes.", form="percent"
    ),
    "parkes_type2_b": Term("Parkes zone B, type 2", "See zone A.", form="percent"),
    "parkes_type2_c": Term("Parkes zone C, type 2", "See zone A.", False, "percent"),
    "parkes_type2_d": Term("Parkes zone D, type 2", "See zone A.", False, "percent"),
    "parkes_type2_e": Term("Parkes zone E, type 2", "See zone A.", False, "percent"),
    "parkes_type2_ab": Term(
        "Parkes zones A and B, type 2", "The same for zones A and B.", form="percent"
    ),
    "hypo_sensitivity": Term(
        "Low glucose announced",
        "Of the episodes of low glucose (below 70 mg/dL or 3.9 mmol/L for at least 15 minutes), "
        "the share before whose beginning the forecast went below that line.",
        form="percent",
        hint="of the episodes below the line",
    ),
    "hypo_ppv": Term(
        "Warnings of low glucose that came true",
        "Of the warnings, the share that an episode followed within the horizon. Warnings while "
        "an earlier one still stands count once.",
        form="percent",
    ),
    "hypo_lead_minutes": Term(
        "Lead time, low glucose",
        "From the first warning to the beginning of the episode, on average over those announced.",
        form="minutes",
    ),
    "hypo_false_alarms_per_day": Term(
        "False alarms of low glucose",
        "Warnings that no episode followed, for each day that was forecast.",
        higher_is_better=False,
        form="a day",
    ),
    "hyper_sensitivity": Term(
        "High glucose announced",
        "The same for episodes above 180 mg/dL or 10 mmol/L.",
        form="percent",
    ),
    "hyper_ppv": Term(
        "Warnings of high glucose that came true", "The same for high glucose.", form="percent"
    ),
    "hyper_lead_minutes": Term(
        "Lead time, high glucose", "The same for high glucose.", form="minutes"
    ),
    "hyper_false_alarms_per_day": Term(
        "False alarms of high glucose", "The same for high glucose.", higher_is_better=False,
        form="a day",
    ),
}  # fmt: skip

FORECAST_WORDS: tuple[tuple[str, str], ...] = (
    (
        "Forecast, horizon, minutes ahead",
        "At each moment that is scored the model says what the next values will be, up to the "
        "horizon. A number '30 min ahead' is of the value half an hour after that moment.",
    ),
    (
        "80 % and 95 % range",
        "The model's own statement of how sure it is: the value is to lie within the range that "
        "often. Ranges were corrected on the validation part so that they hold there.",
    ),
    (
        "Later days, held-out patients",
        "Tested twice: on later days of the patients that the model learnt from, and on patients "
        "of whom it saw nothing. The second is what a new patient can expect at first.",
    ),
    (
        "Persistence",
        "The simplest forecast: the last value stays as it is. Whatever is not better than that "
        "is of no use.",
    ),
)
