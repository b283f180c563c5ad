"""What Chromium makes of a page: how wide it is in a window, and on how many sheets it is printed."""

import re
import subprocess
from pathlib import Path

from conftest import browser

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


def needed_width(page: Path, width: int, scratch: Path) -> int:
    """The pixels that a page takes in a window of ``width`` pixels: more than that means scrolling to the side."""
    frame = page.with_name(f"{page.stem}_in_{width}.html")
    frame.write_text(FRAME.format(name=page.name, width=width), encoding="utf-8")
    command = [browser(), *FLAGS, f"--user-data-dir={scratch / 'profile'}", "--dump-dom", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search(r"<title>(\d+) of (\d+)</title>", done.stdout)
    assert found, done.stdout[:500]
    assert int(found[2]) == width
    return int(found[1])


def printed_pages(page: Path, scratch: Path) -> int:
    """How many sheets of paper a page takes."""
    made = scratch / f"{page.stem}.pdf"
    command = [browser(), *FLAGS, f"--user-data-dir={scratch / 'profile'}", f"--print-to-pdf={made}", page.as_uri()]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    return len(re.findall(rb"/Type\s*/Page\b", made.read_bytes()))
