"""Small pages that are asked for in a view which is not understood any more, such as after an attribute was hidden."""

from urllib.parse import quote

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from coterie.audience.audience import Audience
from coterie.web.chips import HARMLESS
from coterie.web.links import with_query
from coterie.web.members import MemberRequest

# What may stand in a query string as it is; a line break, for one, may not.
_PLAIN = "!$%&'()*+,/:;=?@~|"


def explained(request: MemberRequest, audience: Audience, query: str) -> HttpResponse | None:
    """Leads to the list, which says what is wrong with the view and how to go on; None when nothing is.

    The view without its broken part would be a wider one, at worst everybody.
    """
    if all(problem.where in HARMLESS for problem in audience.parse(query).problems):
        return None
    url = with_query(reverse("users"), quote(query, safe=_PLAIN))
    return HttpResponseClientRedirect(url) if request.htmx else HttpResponseRedirect(url)
