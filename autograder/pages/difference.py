"""Mark the words in which two short texts differ."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

Part = tuple[str, bool]
"""A piece of a text, and whether the other text lacks it."""

WORDS = 400  # of a text in which differences are looked for, which takes quadratic time
ALIKE = 0.3  # the share of common words below which two texts are different sentences, and marks would mark everything

_WORD = re.compile(r"\s+|\w+(?:[.,]\w+)*|.", re.DOTALL)


def marked(observed: str, expected: str) -> tuple[list[Part], list[Part]]:
    """Both texts in pieces; together the pieces are the text. Nothing is marked where the texts have little in common."""
    seen, asked = _WORD.findall(observed), _WORD.findall(expected)
    if max(len(seen), len(asked)) > WORDS:
        return [(observed, False)], [(expected, False)]
    matcher = SequenceMatcher(None, seen, asked, autojunk=False)
    common = [word for block in matcher.get_matching_blocks() for word in seen[block.a : block.a + block.size]]
    said = [word for word in (*seen, *asked) if word.strip()]
    if not said or 2 * sum(bool(word.strip()) for word in common) < ALIKE * len(said):
        return [(observed, False)], [(expected, False)]
    blocks = matcher.get_opcodes()
    return (
        _parts((seen[a:b], kind != "equal") for kind, a, b, _, _ in blocks),
        _parts((asked[a:b], kind != "equal") for kind, _, _, a, b in blocks),
    )


def _parts(blocks: Iterable[tuple[list[str], bool]]) -> list[Part]:
    texts = [("".join(words), differs) for words, differs in blocks]
    return [(text, differs and bool(text.strip())) for text, differs in texts if text]
