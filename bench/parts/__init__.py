"""The parts, one module each, in the order of the page. They use Coterie, so Django is set up before they load."""

import django

django.setup()
