"""The checks of an audit: each a pure function ``Evidence -> list of Finding``."""
