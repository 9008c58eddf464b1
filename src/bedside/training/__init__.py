"""Training: recipe, loader, precision, loop, checkpoints."""
