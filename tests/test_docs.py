"""The documentation that can be checked is checked."""

from tests.conftest import ROOT
from tools.filters_doc import PAGE, page


def test_the_page_about_filters_is_the_rules_table():
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_link_of_the_documentation_leads_somewhere():
    import re

    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    for file in pages:
        for target in re.findall(r"\]\(([^)#:]+)\)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), f"{file.name}: {target}"
