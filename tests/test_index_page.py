"""Streamlit's page with our lines in it: the browser asks for nothing that is not there."""

from __future__ import annotations

import base64
import hashlib
import re

from lib.web import headers, index_page


def test_the_page_has_our_title_and_our_script_before_streamlits() -> None:
    page = index_page.page()

    assert page.count("<title>") == 1
    assert "<title>Billing Tasks</title>" in page
    assert page.index("window.__streamlit") < page.index('type="module"')


def test_the_policy_allows_every_inline_script_of_the_page_and_no_other() -> None:
    inline = re.findall(r"<script>(.*?)</script>", index_page.page(), re.DOTALL)
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in inline
    }

    assert len(inline) == 2
    assert hashes == set(re.findall(r"'sha256-[^']*'", headers.CONTENT_POLICY))
