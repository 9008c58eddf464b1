"""Deployment: from the trained network to a package, and from a package to predictions.

`packing.write_package` writes a package, `predictor.load` opens one and
`records.write_predictions` stores what it predicts. Only `export` needs torch.
"""
