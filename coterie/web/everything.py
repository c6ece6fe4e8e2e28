"""Everything about one person as a file, for whoever asks what is stored about them."""

from tempfile import SpooledTemporaryFile

from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coterie.accounts.audit import record
from coterie.accounts.permissions import Verb
from coterie.core.clock import now
from coterie.people.models import Person
from coterie.privacy.everything import write
from coterie.web.members import MemberRequest, member
from coterie.web.person import basics
from coterie.web.spot import nobody, page_of

# Bytes that are kept in memory before a file without a name is made of them.
_IN_MEMORY = 8_000_000


@require_http_methods(["GET", "HEAD", "POST"])
@member(Verb.EXPORT)
def everything(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Says what is in the file; as a post, the file."""
    page = page_of(request, public_id, "user-everything")
    if isinstance(page, HttpResponse):
        return page
    if request.method != "POST":
        return render(request, "web/user_everything.html", basics(page))
    person = Person.objects.filter(workspace=request.workspace, id=page.row.id).first()
    if person is None:
        return nobody(request)
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
    write(request.workspace, person, file)
    record(request.workspace, request.actor, "person.everything", {"person": person.public_id})
    file.seek(0)
    name = f"person-{person.public_id}-{timezone.localtime(now()):%Y-%m-%d}.zip"
    # Closed with the response.
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
