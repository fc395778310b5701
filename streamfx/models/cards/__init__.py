"""Cards: one TOML file a model; see :mod:`streamfx.models.card` for the keys."""
