"""Measurements: each module measures one thing; ratios are against a limit measured in the same run."""
