"""Clean English news and prose from freely available corpora, as article-sized documents.

None of the corpora is part of this repository. Where they come from (all are measured on, none is redistributed):

- `abc`: Australian Broadcasting Commission 2006, `rural.txt` of NLTK's `abc` corpus. Measuring only.
- `masc`: Manually Annotated Sub-Corpus of the American National Corpus, NLTK's `masc_tagged.zip`. Open licence.
- `sotu`: State of the Union addresses, NLTK's `state_union.zip`. Public domain.
- `gum`: the WikiNews documents (`GUM_news_*.conllu`) of UniversalDependencies/UD_English-GUM. CC BY.
- `pud`: UniversalDependencies/UD_English-PUD, the news half (`# newdoc id = n…`). CC BY-SA 3.0.
"""

from __future__ import annotations

import argparse
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# MASC's kinds that are edited prose; spam, e-mail, chat, scripts and transcripts of speech are not clean text.
MASC_PROSE = frozenset({"newspaper", "essays", "journal", "non-fiction", "travel-guides", "govt-docs", "technical"})
CHUNK_WORDS = 800  # about the length of a long news article

_NO_SPACE_BEFORE = frozenset(".,;:?!)]}%")
_NO_SPACE_AFTER = frozenset("([{$£€")
_CLITIC = re.compile(r"(?:['’](?:s|S|re|ve|ll|d|m|t)?|n['’]t|N'T)$")
_CURLY = re.compile(r"(?<=\w) ’ (?=(?:s|t|re|ve|ll|d|m)\b)|(?<=s) ’(?= [a-z])|(?<=[“‘]) | (?=[”])")


@dataclass(frozen=True)
class Document:
    """One clean article: `name` is `corpus:part`, paragraphs of `text` are separated by one blank line."""

    name: str
    text: str

    @property
    def corpus(self) -> str:
        return self.name.partition(":")[0]

    @property
    def words(self) -> int:
        return len(self.text.split())


def chunked(name: str, paragraphs: list[str], words: int = CHUNK_WORDS) -> Iterator[Document]:
    """Cut a long text between paragraphs into documents of at least `words` words (the last may be shorter)."""
    part: list[str] = []
    count = number = 0
    for paragraph in paragraphs:
        part.append(paragraph)
        count += len(paragraph.split())
        if count >= words:
            yield Document(f"{name}#{number}", "\n\n".join(part))
            part, count, number = [], 0, number + 1
    if part:
        yield Document(f"{name}#{number}", "\n\n".join(part))


def read_abc(path: Path) -> list[Document]:
    """ABC rural news: articles are separated by a blank line, paragraphs by a line break."""
    blocks = re.split(r"\n\s*\n", path.read_text(encoding="utf-8", errors="replace"))
    paragraphs = ([line.strip() for line in block.splitlines() if line.strip()] for block in blocks)
    return [Document(f"abc:{i}", "\n\n".join(lines)) for i, lines in enumerate(paragraphs) if lines]


def detokenize(tokens: list[str]) -> str:
    """Join Penn-Treebank tokens the way they were printed (straight quotation marks are told apart by alternation)."""
    out: list[str] = []
    open_quote = False
    glue = True
    for i, token in enumerate(tokens):
        following = tokens[i + 1] if i + 1 < len(tokens) else ""
        if token in {'"', "``", "''"}:
            open_quote = not open_quote
            out.append('"' if not open_quote or glue else ' "')
            glue = open_quote
        elif token == "-":
            # `duty - free` was `duty-free`, `- -` was a dash
            dash = following == "-" or (i > 0 and tokens[i - 1] == "-")
            out.append(" -" if dash and following == "-" and not glue else "-")
            glue = not (dash and following != "-")
        elif token[0] in _NO_SPACE_BEFORE or (_CLITIC.match(token) and len(token) > 1 and i > 0) or token == "'":
            out.append(token)
            glue = False
        else:
            out.append(token if glue else f" {token}")
            glue = token[-1] in _NO_SPACE_AFTER
    return _CURLY.sub(lambda match: match[0].strip(), "".join(out).strip())


def read_masc(path: Path) -> list[Document]:
    """MASC's edited prose, put together again from its tagged tokens."""
    documents: list[Document] = []
    with zipfile.ZipFile(path) as archive:
        kinds = dict(line.split() for line in archive.read("masc_tagged/categories.txt").decode().splitlines())
        for part, kind in sorted(kinds.items()):
            if kind not in MASC_PROSE:
                continue
            tagged = archive.read(f"masc_tagged/{part}").decode("utf-8", "replace").replace("\u00ad", "")
            paragraphs = []
            for block in re.split(r"\n\s*\n", tagged):
                tokens = [word.rpartition("_")[0] for word in block.split()]
                text = detokenize([token for token in tokens if token])
                if text:
                    paragraphs.append(text)
            documents += chunked(f"masc:{Path(part).stem}", paragraphs)
    return documents


def read_sotu(path: Path) -> list[Document]:
    """State of the Union addresses, in parts of article length."""
    documents: list[Document] = []
    with zipfile.ZipFile(path) as archive:
        for member in sorted(name for name in archive.namelist() if name.endswith(".txt")):
            lines = archive.read(member).decode("latin-1").splitlines()
            paragraphs = [" ".join(line.split()) for line in lines if line.strip()]
            documents += chunked(f"sotu:{Path(member).stem}", paragraphs)
    return documents


def read_conllu(path: Path, corpus: str, keep: Callable[[str], bool]) -> list[Document]:
    """The documents of CoNLL-U files whose `newdoc id` passes `keep`, from the `# text` lines, without captions."""
    files = sorted(path.glob("*.conllu")) if path.is_dir() else [path]
    documents: list[Document] = []
    for file in files:
        name, paragraphs, fresh, caption = "", [""], True, False

        def close() -> None:
            text = "\n\n".join(p for p in paragraphs if p)  # noqa: B023 (called before the next file)
            if name and text and keep(name):  # noqa: B023
                documents.append(Document(f"{corpus}:{name}", text))  # noqa: B023

        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("# newdoc id"):
                close()
                name, paragraphs, fresh, caption = line.partition("=")[2].strip(), [""], True, False
            elif line.startswith("# newpar_block"):
                caption = "figure" in line
            elif line.startswith("# newpar"):
                paragraphs.append("")
                fresh, caption = True, False
            elif line.startswith("# text =") and not caption:
                sentence = line.partition("=")[2].strip()
                paragraphs[-1] += sentence if fresh else f" {sentence}"
                fresh = False
        close()
    return documents


def read_gum(path: Path) -> list[Document]:
    """WikiNews articles of GUM (a folder of `GUM_news_*.conllu`, or the released `*.conllu`)."""
    return read_conllu(path, "gum", lambda name: name.startswith("GUM_news"))


def read_pud(path: Path) -> list[Document]:
    """News passages of PUD, four to eight documents put together to one of article length.

    PUD's documents are one to five sentences each, too short for anything that looks at a page as a whole.
    """
    passages = [document.text for document in read_conllu(path, "pud", lambda name: name.startswith("n"))]
    return list(chunked("pud:news", passages, words=250))


READERS: dict[str, Callable[[Path], list[Document]]] = {
    "abc": read_abc,
    "masc": read_masc,
    "sotu": read_sotu,
    "gum": read_gum,
    "pud": read_pud,
}


def load(paths: dict[str, Path]) -> list[Document]:
    """All documents of the corpora named in `paths`, in the order of `READERS`.

    Raises:
      OSError: a path does not exist.
    """
    return [document for name, read in READERS.items() if name in paths for document in read(paths[name])]


def add_corpus_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--abc`, `--masc` … to a command; NEWSBEAM_ABC, NEWSBEAM_MASC … in the environment do the same."""
    for name in READERS:
        variable = f"NEWSBEAM_{name.upper()}"
        value = os.environ.get(variable)
        parser.add_argument(
            f"--{name}", type=Path, metavar="PATH", default=Path(value) if value else None, help=f"or set {variable}"
        )


def corpus_paths(args: argparse.Namespace) -> dict[str, Path]:
    """The corpora given by the arguments of `add_corpus_arguments`."""
    return {name: getattr(args, name) for name in READERS if getattr(args, name) is not None}
