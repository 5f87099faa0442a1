import json
import re

import pytest

from patchwidgets.reports.html import fragment, page
from patchwidgets.views._static import static_text
from tests import make_view_fixtures as fixtures

SCRIPTS = re.compile(r"<script([^>]*)>(.*?)</script>", re.DOTALL)


@pytest.fixture
def explorer():
    return fixtures.read("synthetic_explorer")


def test_fragment_carries_code_data_and_a_picture(explorer):
    """Every page carries the code: 114 kB minified, of which styles are 16, the schema that data
    are checked by 8, and the rest the explorer, the comparison and the map, each once.
    """
    html = fragment(*explorer)
    (kind, data), (plain, code) = SCRIPTS.findall(html)
    assert "application/json" in kind
    assert plain == ""
    assert len(code) < 125_000
    assert json.loads(data)["header"] == explorer[0].model_dump(mode="json")
    assert 'src="data:image/png;base64,' in html


def test_nothing_in_the_data_can_end_its_script(explorer):
    header, block = explorer
    hostile = '</script><script>alert(1)</script><!-- <img src=x onerror="alert(1)">'
    header = header.model_copy(update={"title": hostile, "advice": [hostile]})
    html = page(header, block, hostile)
    assert len(SCRIPTS.findall(html)) == 2
    assert "<!--" not in html
    assert "alert(1)</script>" not in html
    assert "<img src=x" not in html
    assert json.loads(SCRIPTS.findall(html)[0][1])["header"]["title"] == hostile


def test_page_lets_only_its_own_script_run_and_nothing_load(explorer):
    header, block = explorer
    html = page(header, block, "Heads & <paths>")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "<title>Heads &amp; &lt;paths&gt;</title>" in html
    assert not re.findall(r'(?:src|href)="(?!data:)', html)


def test_an_unbuilt_front_end_says_what_to_run():
    with pytest.raises(FileNotFoundError, match=r"Run `npm ci && npm run build`"):
        static_text("no-such-file.js")
