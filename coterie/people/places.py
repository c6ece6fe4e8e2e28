"""Languages and countries by one name each, as they are stored; see `core.cldr`."""

from coterie.core.cldr import country_name, language_name

__all__ = ["country_name", "language_name"]
