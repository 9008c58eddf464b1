"""Reporting: a run folder in, words and pictures for people out.

`report.write_report` makes the one-file HTML report, `model_card.write_model_card`
the model card, `figures.write_figures` the figures, and `examples.write_examples`
the example cases. All but the last read the run folder alone, so they can be
repeated later where the raw data is out of reach.
"""
