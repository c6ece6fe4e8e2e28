"""The widget's script as browsers get it."""

import gzip
import re

from coterie.channels.widget.script import shortened
from coterie.channels.widget.views import _SCRIPT

MOST = 15 * 1024


def test_it_is_small(client):
    answer = client.get("/widget.js", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) <= MOST
    assert len(gzip.decompress(answer.content)) < 45 * 1024


def test_it_needs_nothing_that_a_strict_policy_forbids():
    source = _SCRIPT.read_text(encoding="utf-8")
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "cookie =",
    ):
        assert forbidden not in source
    assert not re.search(r"setAttribute\('style'|import\s|require\(", source)


def test_it_is_served_without_what_only_its_readers_need():
    source = "/* about\n   it */\nconst a = 1;  // stays\n\n  // goes\n  const url = 'https://x';\n"
    assert shortened(source) == "const a = 1;  // stays\nconst url = 'https://x';\n"


def test_every_language_has_every_text():
    source = _SCRIPT.read_text(encoding="utf-8")
    names = re.search(r"const NAMES = \[(.*?)\]", source, re.DOTALL)[1].count("'") // 2
    texts = re.findall(r"^    (en|de|es|fr|pl): '(.*)',$", source, re.MULTILINE)
    assert [language for language, _ in texts] == ["en", "de", "es", "fr", "pl"]
    assert {text.count("|") + 1 for _, text in texts} == {names}
