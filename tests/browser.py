"""What a browser makes of a page: Chromium without a screen, for several test files."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
    "--allow-file-access-from-files", "--virtual-time-budget=3000",
)  # fmt: skip
FRAME = """<body style="margin:0"><iframe src="{name}" style="border:0;width:{width}px;height:2000px"></iframe><script>
setTimeout(() => {{
  const page = document.querySelector("iframe");
  document.title = page.contentDocument.documentElement.scrollWidth + " of " + page.contentWindow.innerWidth;
}}, 1000);
</script>"""


def chromium() -> str:
    """The program; without it a test is skipped, or fails where ``BROWSER_REQUIRED`` is set."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("BROWSER_REQUIRED"):
            pytest.fail("BROWSER_REQUIRED is set, and there is no Chromium")
        pytest.skip("no Chromium to read pages with")
    return found


def needed_width(page: Path, width: int, scratch: Path) -> int:
    """The pixels that a page takes in a window of ``width`` pixels: more than that means scrolling to the side."""
    frame = page.with_name(f"{page.stem}_in_{width}.html")
    frame.write_text(FRAME.format(name=page.name, width=width), encoding="utf-8")
    command = [chromium(), *FLAGS, f"--user-data-dir={scratch / 'profile'}", "--dump-dom", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r"<title>(\d+) of (\d+)</title>", done.stdout)
    assert found, done.stdout[:500]
    assert int(found[2]) == width
    return int(found[1])


def printed_pages(page: Path, scratch: Path) -> int:
    """How many sheets of paper a page takes."""
    made = scratch / f"{page.stem}.pdf"
    command = [chromium(), *FLAGS, f"--user-data-dir={scratch / 'profile'}", f"--print-to-pdf={made}", page.as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    return len(re.findall(rb"/Type\s*/Page\b", made.read_bytes()))
