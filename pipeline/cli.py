"""The `newsbeam` command."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from pipeline import __version__
from pipeline.logs import FORMATS, LEVELS, set_up_logging

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.stages import Run

DONE, FAILED, BAD_USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code: 0 done, 1 the run failed, 2 bad usage or configuration."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    beam_arguments: list[str] = []
    if "--" in arguments:
        split = arguments.index("--")
        arguments, beam_arguments = arguments[:split], arguments[split + 1 :]
    parser = _parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        for_beam = "; options for Beam go behind --, as in `newsbeam run CONFIG -- --runner=PrismRunner`"
        parser.error(f"unknown: {' '.join(unknown)}{for_beam if unknown[0].startswith('--') else ''}")
    set_up_logging(_log_level(options), options.log_format)
    try:
        return int(options.command(options, beam_arguments))
    except KeyboardInterrupt:
        _say("interrupted")
        return FAILED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader of our output has left
        return DONE


def _say(message: str) -> None:
    for line in message.splitlines():
        print(f"newsbeam: {line}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="newsbeam",
        description="News articles in, repaired and enriched records out.",
        epilog="Everything after -- goes to Beam, such as --runner or --direct_num_workers.",
    )
    parser.add_argument("--version", action="version", version=f"newsbeam {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what happens, with tracebacks")
    parser.add_argument("--log-level", choices=LEVELS, help="log from this level on; -v is info, without it error")
    parser.add_argument("--log-format", choices=FORMATS, default="text", help="json: one object a line (and info)")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser("run", help="run a configuration")
    _add_config(run)
    run.set_defaults(command=_run)

    check = commands.add_parser("check", help="show a configuration with all its defaults")
    _add_config(check)
    check.add_argument("--probe", action="store_true", help="also try each feed")
    check.set_defaults(command=_check)

    normalize = commands.add_parser("normalize", help="repair one text")
    normalize.add_argument("file", nargs="?", default="-", metavar="FILE", help="a text file, or - for standard input")
    normalize.add_argument("--json", action="store_true", help="print text, edits, score and language as JSON")
    normalize.add_argument("--rules", action="store_true", help="name the rule of each edit on a terminal")
    normalize.add_argument("--language", help="the text's language, where you know it")
    normalize.set_defaults(command=_normalize)

    replay = commands.add_parser("replay", help="run dead letters again")
    replay.add_argument("dead_letters", metavar="DEAD_LETTERS", help="a dead-letter file, a glob, or their folder")
    _add_config(replay)
    replay.set_defaults(command=_replay)

    report = commands.add_parser("report", help="show what a run read, repaired and failed on")
    report.add_argument("folder", metavar="RUN_DIR", help="the folder with the run's summary.json, such as out/demo")
    report.add_argument("-o", "--output", metavar="FILE", help="write a page of HTML instead of showing it here")
    report.set_defaults(command=_report)

    schema = commands.add_parser("schema", help="print the record's schema")
    schema.add_argument("--format", choices=("json", "avro", "bigquery", "postgres"), default="json")
    schema.set_defaults(command=_schema)
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", metavar="CONFIG", help="a YAML file, such as configs/demo.yaml")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a setting (a.b=value)"
    )


def _log_level(options: argparse.Namespace) -> str:
    """Return the level asked for; who asks for JSON, for machines, or to be told more, gets INFO."""
    return str(options.log_level or ("info" if options.verbose or options.log_format == "json" else "error"))


def _run(options: argparse.Namespace, beam_arguments: list[str], replay: str | None = None) -> int:
    from pipeline.config import ConfigError, load_config
    from pipeline.errors import BeamOptionsError, RunError
    from pipeline.run import report, run_batch
    from pipeline.stages import new_run

    try:
        config = load_config(options.config, options.set)
    except ConfigError as error:
        _say(str(error))
        return BAD_USAGE
    _say_missing_models(config)
    run = new_run(config, replay)
    try:
        if run.streaming:
            _stream(config, run, beam_arguments)
        else:
            with _interruptible():
                summary = run_batch(config, run, beam_arguments)
            report(summary, config)
            if replay is None and summary.nothing_read:
                _say("nothing of what came in could be read")
                return FAILED
    except BeamOptionsError as error:
        _say(str(error))
        return BAD_USAGE
    except RunError as error:
        _say(str(error))
        return FAILED
    return DONE


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """End the process at once at Ctrl-C: a run that is cut short anywhere is simply run again.

    An exception would not do. Raised in the main thread wherever that is, it may end up in code that catches
    everything, or in a destructor, which ignores it, and the run would go on; the runner's threads hold the process.
    """

    def end(number: int, frame: FrameType | None) -> None:
        _show_cursor()
        _say("interrupted, nothing was written; run it again to start over")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(FAILED)

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _show_cursor() -> None:
    """Show the cursor again, which the progress line hides on a terminal."""
    from rich.console import Console

    Console(stderr=True).show_cursor()


def _say_missing_models(config: Config) -> None:
    from transforms.entities import missing_models

    for problem in missing_models(config.entities):
        _say(problem)


def _stream(config: Config, run: Run, beam_arguments: list[str]) -> None:
    from pipeline.errors import RunError

    try:
        from pipeline.stream import run_stream
    except ImportError as error:
        raise RunError(f"streaming needs {error.name}; pip install 'newsbeam[gcp]'") from None
    run_stream(config, run, beam_arguments)


def _replay(options: argparse.Namespace, beam_arguments: list[str]) -> int:
    from apache_beam.io.filesystem import BeamIOError
    from apache_beam.io.filesystems import FileSystems

    letters = options.dead_letters
    folder = os.path.isdir(letters)
    pattern = os.path.join(letters, "*.jsonl") if folder else letters
    try:
        found = FileSystems.match([pattern])[0].metadata_list
    except (BeamIOError, ValueError, OSError) as error:
        _say(f"{letters}: can't be looked up: {' '.join(str(error).split())}")
        return BAD_USAGE
    if not found and folder:
        _say(f"{letters}: holds no dead letters, nothing to replay")
        return DONE
    if not found:
        _say(f"{letters}: no such file; name a dead-letter file, a glob, or their folder")
        return BAD_USAGE
    return _run(options, beam_arguments, replay=pattern)


def _report(options: argparse.Namespace, beam_arguments: list[str]) -> int:
    from rich.console import Console

    from pipeline.report import ReportError, print_report, read_report, to_html

    try:
        report = read_report(options.folder)
    except ReportError as error:
        _say(str(error))
        return BAD_USAGE
    if options.output is None:
        print_report(report, Console(markup=False, emoji=False, highlight=False))
        return DONE
    try:
        with open(options.output, "w", encoding="utf-8", errors="replace") as file:
            file.write(to_html(report))
    except OSError as error:
        _say(f"{options.output}: can't be written: {error.strerror}; name another file")
        return FAILED
    return DONE


def _check(options: argparse.Namespace, beam_arguments: list[str]) -> int:
    from pipeline.config import ConfigError, load_config, resolved

    try:
        config = load_config(options.config, options.set)
    except ConfigError as error:
        _say(str(error))
        return BAD_USAGE
    print(resolved(config), end="")
    _say_missing_models(config)
    if not options.probe:
        return DONE
    from pipeline.probe import probe

    return DONE if probe(config) else FAILED


def _normalize(options: argparse.Namespace, beam_arguments: list[str]) -> int:
    from rich.console import Console

    from pipeline.show_repair import render_diff, to_json
    from transforms.language import detect
    from transforms.normalize import normalize

    try:
        if options.file == "-":
            content = sys.stdin.buffer.read()
        else:
            with open(options.file, "rb") as file:
                content = file.read()
        text = _text_of(content)
    except OSError as error:
        _say(f"{options.file}: {error.strerror}; name a text file, or - for standard input")
        return BAD_USAGE
    except ValueError as error:
        _say(f"{options.file}: {error}; name a text file, or - for standard input")
        return BAD_USAGE
    language = options.language or detect(text).code
    normalized = normalize(text, language)
    console = Console()
    if options.json:
        print(json.dumps(to_json(normalized, language), ensure_ascii=False, indent=2))
    elif console.is_terminal:
        console.print(render_diff(normalized, text, rules=options.rules), soft_wrap=True)
    else:
        print(normalized.text)
    return DONE


def _text_of(content: bytes) -> str:
    """Return the text of a file: UTF-8 as it is, else what its bytes show it to be in.

    Raises:
      ValueError: it is no text.
    """
    from transforms.feeds.encoding import decode_document

    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
    if b"\0" in content and not marked:
        raise ValueError("holds NUL bytes, so it is no text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return decode_document(content)


def _schema(options: argparse.Namespace, beam_arguments: list[str]) -> int:
    from transforms import schema

    if options.format == "postgres":
        columns = ",\n".join(f"  {name} {type_}" for name, type_ in schema.postgres_columns())
        print(f"CREATE TABLE IF NOT EXISTS articles (\n{columns}\n);")
        return DONE
    schemas = {"json": schema.json_schema, "avro": schema.avro_schema, "bigquery": schema.bigquery_schema}
    print(json.dumps(schemas[options.format](), indent=2))
    return DONE
