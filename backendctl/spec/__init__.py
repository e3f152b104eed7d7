"""The spec: YAML in, `Spec` out, every fault at its file:line:column and all of them at once.

`parse(path)` asks nobody; `Draft.expand(lookups)` asks AWS what the expressions need. `loader` remembers places,
`schema` judges the shape, `values` knows the expressions, `view` applies them and the overrides of the regions,
`check…` judges the meaning, `build` makes the model.
"""

from __future__ import annotations

from backendctl.spec.config import Config, Environment, load_config
from backendctl.spec.draft import Draft, load, parse
from backendctl.spec.effective import effective
from backendctl.spec.model import Spec
from backendctl.spec.values import Lookups, Offline

__all__ = [
    "Config",
    "Draft",
    "Environment",
    "Lookups",
    "Offline",
    "Spec",
    "effective",
    "load",
    "load_config",
    "parse",
]
