"""What staff see of the appointments: every module here registers itself on the staff site."""

import pkgutil
from importlib import import_module

from appointments.staff import pages  # noqa: F401  (the pages that belong to no model register themselves too)

for _module in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
