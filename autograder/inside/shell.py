"""Run notebook cells in an IPython shell in this process and capture what they show, within size and time limits."""

from __future__ import annotations

import codeop
import contextlib
import importlib
import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from . import errors, figures, screen
from .reports import ALT

STREAM_CHARACTERS = 50_000  # kept of each of stdout and stderr of one cell
OUTPUT_BYTES = 4_000_000  # kept of one rich output
OUTPUTS_PER_CELL = 120


class CellTimeout(KeyboardInterrupt):
    """The cell used up its time. Not an ``Exception``, so that ``except Exception`` does not swallow it."""


@dataclass
class CellRun:
    """What one cell did: nbformat outputs, the error if it stopped with one, and the figures that it showed."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    seconds: float = 0.0
    figures: list[Any] = field(default_factory=list)


class _CappedStream(io.TextIOBase):
    """A stdout or stderr that keeps the first characters of a cell."""

    encoding = "utf-8"

    def __init__(self, name: str, sink: _Sink) -> None:
        self._name = name
        self._sink = sink

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        self._sink.stream(self._name, text)
        return len(text)


class _Sink:
    """Collects the outputs of the cell that is running."""

    def __init__(self) -> None:
        self.run = CellRun()
        self._kept: dict[str, int] = {}
        self._dense: set[str] = set()
        self._cut: set[str] = set()

    def begin(self) -> CellRun:
        self.run = CellRun()
        self._kept, self._dense, self._cut = {"stdout": 0, "stderr": 0}, set(), set()
        return self.run

    def stream(self, name: str, text: str) -> None:
        if name in self._cut:
            return
        outputs = self.run.outputs
        if len(text) > STREAM_CHARACTERS - self._kept[name] and name not in self._dense:
            self._pack(name)
        room = STREAM_CHARACTERS - self._kept[name]
        if len(text) > room:
            text = f"{text[:room]}\n[output cut after {STREAM_CHARACTERS:,} characters]\n"
            self._cut.add(name)
        self._kept[name] += len(text)
        if outputs and outputs[-1].get("output_type") == "stream" and outputs[-1]["name"] == name:
            outputs[-1]["text"] += text
        elif len(outputs) < OUTPUTS_PER_CELL:
            outputs.append({"output_type": "stream", "name": name, "text": text})

    def _pack(self, name: str) -> None:
        """Drop what progress bars have overwritten; where little is gained, no further time is spent on it."""
        own = [output for output in self.run.outputs if output["output_type"] == "stream" and output["name"] == name]
        for output in own:
            output["text"] = screen.compact(output["text"])
        self._kept[name] = sum(len(output["text"]) for output in own)
        if self._kept[name] > STREAM_CHARACTERS * 3 // 4:
            self._dense.add(name)

    def rich(self, kind: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        kept = {mime: content for mime, content in data.items() if isinstance(content, str) and len(content) <= OUTPUT_BYTES}
        if not kept or len(self.run.outputs) >= OUTPUTS_PER_CELL:
            return
        output: dict[str, Any] = {"output_type": kind, "data": kept, "metadata": {}}
        if kind == "execute_result":
            output["execution_count"] = None
        self.run.outputs.append(output)


_sink = _Sink()


class _Publisher(DisplayPublisher):
    def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        _sink.rich("display_data", dict(data), dict(metadata or {}))

    def clear_output(self, wait: bool = False) -> None:
        _sink.run.outputs.clear()


class _ResultHook(DisplayHook):
    def write_output_prompt(self) -> None:
        """No prompt: the result is captured, not printed."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        _sink.rich("execute_result", dict(format_dict), dict(md_dict or {}))

    def finish_displayhook(self) -> None:
        """Nothing was written to a terminal."""


class BoxShell(InteractiveShell):
    """IPython without terminal, history, sockets or package installation."""

    displayhook_class = _ResultHook
    display_pub_class = _Publisher

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        text = "\n".join(stb) if isinstance(stb, list) else str(stb)
        _sink.run.outputs.append(
            {
                "output_type": "error",
                "ename": getattr(etype, "__name__", "Error")[:200],
                "evalue": errors.text_of(evalue),
                "traceback": text[-8000:].splitlines(),
            }
        )

    def enable_matplotlib(self, gui: str | None = None) -> Any:
        """``%matplotlib`` of any kind: figures are shown inline, where they are seen."""
        return super().enable_matplotlib("inline")  # type: ignore[no-untyped-call]

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no screen in the box; figures are always shown inline."""

    def system_piped(self, cmd: str) -> None:
        """Run ``!command``; installing packages is skipped with a note, since the box has no network."""
        words = cmd.split()
        if any(word in ("pip", "pip3", "conda", "mamba", "apt", "apt-get") for word in words[:4]):
            print(f"[skipped when grading: {' '.join(words[:4])} ...]")
            return
        done = subprocess.run(["/bin/sh", "-c", cmd], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        sys.stdout.write(done.stdout[:STREAM_CHARACTERS].decode(errors="replace"))
        sys.stderr.write(done.stderr[:STREAM_CHARACTERS].decode(errors="replace"))
        self.user_ns["_exit_code"] = done.returncode

    system = system_piped
    system_raw = system_piped


def _skip_install(line: str) -> None:
    print(f"[skipped when grading: %pip {line}]")


class CellRunner:
    """Runs cells one after another in one namespace.

    Without ``pictures`` figures are described and not drawn, which takes longer than many a training.
    """

    pictures = True

    def __init__(self, describe_figure: Callable[[Any], Any]) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.enable_tip = False
        self.shell = BoxShell.instance(config=config)
        # A cell that ends too early is never gone on with: say what is open in which line, not "incomplete input".
        self.shell.compile.flags &= ~codeop.PyCF_ALLOW_INCOMPLETE_INPUT  # type: ignore[attr-defined]
        for name in ("pip", "conda", "mamba"):
            self.shell.register_magic_function(_skip_install, "line", name)  # type: ignore[arg-type]
        self._describe_figure = describe_figure
        self._use_inline_figures()
        # Kept from before any student code ran, so that a cell that replaces them does not hide its own time.
        self._clock, self._timer = time.monotonic, signal.setitimer

    @property
    def namespace(self) -> dict[str, Any]:
        """The global variables of the notebook."""
        variables: dict[str, Any] = self.shell.user_ns
        return variables

    def _use_inline_figures(self) -> None:
        from matplotlib.figure import Figure

        with contextlib.redirect_stdout(io.StringIO()):
            self.shell.enable_matplotlib("inline")
        formatter: Any = self.shell.display_formatter
        show, describe = formatter.format, self._describe_figure

        def format_and_describe(shown: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(shown, Figure):
                described = describe(shown)
                _sink.run.figures.append(described)
                if not self.pictures:
                    return {"text/plain": repr(shown)}, {}
                data, metadata = show(shown, *args, **kwargs)
                return data | {ALT: figures.words(described)}, metadata
            return show(shown, *args, **kwargs)

        object.__setattr__(formatter, "format", format_and_describe)

    @contextlib.contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Interrupt what runs here after ``seconds``, and each second after that in case it was caught."""

        def interrupt(*_: Any) -> None:
            raise CellTimeout(f"stopped after {seconds:.0f} seconds")

        signal.signal(signal.SIGALRM, interrupt)
        self._timer(signal.ITIMER_REAL, seconds, 1.0)
        try:
            yield
        finally:
            self._timer(signal.ITIMER_REAL, 0)

    def run(self, sources: list[str], seconds: float) -> CellRun:
        """Run one cell and what belongs to it, one after another; an error is captured, never raised.

        The error of the first is that of the run; of the others, which may also hold what a student tried, only that they
        took too long.
        """
        importlib.invalidate_caches()  # files may be newer than the clock of the file system can tell
        run = _sink.begin()
        real = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _CappedStream("stdout", _sink), _CappedStream("stderr", _sink)
        begun = self._clock()
        error: BaseException | None = None
        try:
            with self.time_limit(seconds):
                for number, source in enumerate(sources):
                    result = self.shell.run_cell(source, store_history=False)  # type: ignore[no-untyped-call]
                    raised = result.error_before_exec or result.error_in_exec
                    if number == 0 or isinstance(raised, CellTimeout):
                        error = error or raised
        except BaseException as stray:  # an interrupt that arrived between cells, SystemExit from a hook
            error = stray
        finally:
            sys.stdout, sys.stderr = real
        run.seconds = self._clock() - begun
        if error is not None:
            run.error = errors.describe(error, sources[0])
        return run
