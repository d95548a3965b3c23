"""Models that are trained: they put layers together."""
