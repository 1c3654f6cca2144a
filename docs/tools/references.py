#!/usr/bin/env python3
"""Writes docs/reference/: what the program `weft` and the headers say of themselves, as pages.

    docs/tools/references.py [--weft PROGRAM] [--check]

PROGRAM is build/weft unless named. --check writes nothing, but says which pages are not what the code says now, and ends with 1."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/house'))
from suite import FLOORS, publicHeaders  # noqa: E402

FOLDER = TOP / 'docs/reference'
MADE = '<!-- Made by docs/tools/references.py out of the code: change that, and run it again. -->\n'
UNITS = ('seconds', 'days', 'megabytes', 'bytes', 'blanks', 'threads', 'requests', 'pages', 'items', 'attempts', 'links', 'redirects')
FLOOR_PURPOSES = {'core': 'the ground: reactor, clocks, threads, failures, the log',
                  'defer': 'results that are not there yet, and what is made of them',
                  'net': 'connections, names, TLS, processes',
                  'http': 'messages, URLs, client and server',
                  'crawler': 'spiders, and what runs them'}


def weft(program, *words):
    """What the program prints where there is no project and no setting."""
    environment = {'PATH': os.environ.get('PATH', ''), 'LC_ALL': 'C.UTF-8', 'HOME': '/nonexistent'}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([program, *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode:
        sys.exit(f'{program} {" ".join(words)} ended with {done.returncode}: {done.stderr}')
    return done.stdout


def cell(text):
    """Text within a table."""
    return re.sub(r'([<*])', r'\\\1', text).replace('|', '\\|')


def paragraph(text):
    return textwrap.fill(text, 160, break_long_words=False, break_on_hyphens=False) + '\n'


def table(head, rows):
    lines = [head, ['---'] * len(head), *rows]
    return ''.join('| ' + ' | '.join(line) + ' |\n' for line in lines)


def strings(text):
    """What a C++ expression of adjacent string literals says."""
    return ''.join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)).replace('\\"', '"').replace('\\\\', '\\')


def settings(program):
    """Name, default and purpose are what the program says; its type is that of the field, as settings.cpp binds it."""
    header, source = (TOP / 'crawler/settings.hpp').read_text(), (TOP / 'crawler/settings.cpp').read_text()
    types = {field: type_name for type_name, field in re.findall(r'^  ([\w:]+) (\w+)(?: = [^;]+)?;.*///<', header, re.MULTILINE)}
    bound = {name: (types[field], kind) for name, field, kind in
             re.findall(r'^    \{"(\w+)", &Settings::(\w+), .*?"(?:, SettingKind::(\w+))?\},$', source, re.MULTILINE)}
    words = {'bool': 'true or false', 'int': 'whole number', 'std::int64_t': 'whole number', 'double': 'number',
             'std::string': 'text', 'Order': 'text', 'List': 'list', 'Slots': 'JSON, by host', 'Orders': 'JSON, by name'}
    rows = []
    for line in weft(program, 'settings').splitlines():
        found = re.fullmatch(r'(\w+)=(.*?) +default +(.*)', line)
        if not found:
            continue
        name, value, purpose = found.groups()
        field, kind = bound.pop(name)
        numeric = field in ('int', 'std::int64_t', 'double')
        unit = next((word for word in re.findall(r'\w+', purpose) if word in UNITS), '') if numeric else ''
        if unit == 'bytes' and int(value) % (1 << 20) == 0:
            value += f' ({int(value) >> 20} MiB)'
        rows.append([f'`{name}`', words[kind or field], f'`{value}`' if value and not numeric and field != 'bool' else value, unit, cell(purpose.removeprefix(unit + '; ') if unit else purpose)])
    if bound or not rows:
        sys.exit(f'weft settings does not list {", ".join(bound)}')
    return '# Settings\n\n' + MADE + '\n' + paragraph(
        f"The {len(rows)} settings, under Scrapy's names where Scrapy has them. [The command line](../command_line.md#settings-and-wefttoml) says where they are set, and which of "
        'several wins; `weft settings` shows the values that hold. A list has commas between its parts. What is not set has the default of this table; where none stands, it is empty.'
    ) + '\n' + table(['setting', 'type', 'default', 'unit', 'what for'], rows)


def stats():
    """The table of crawler/stats.cpp, and a look at what the code counts."""
    source = (TOP / 'crawler/stats.cpp').read_text()
    known = dict(re.findall(r'^    \{"([^"]+)", "([^"]+)"\},$', source, re.MULTILINE))
    counted = set()
    for path in sorted((TOP / 'crawler').rglob('*.cpp')):
        for call in re.findall(r'\b(?:incValue|setValue|maxValue|counter|count)\(([^;]*?)[,)]', path.read_text()):
            literals = re.findall(r'"([a-z_]+(?:/[a-z_]*)*)"( \+)?', call)
            counted |= {key if not family else next((one for one in known if re.fullmatch(re.escape(key) + '[A-Z]+', one)), key + '…') for key, family in literals}
    if counted != set(known):
        sys.exit(f'crawler/stats.cpp and what the code counts differ: {", ".join(sorted(counted ^ set(known)))}')
    return '# Stats\n\n' + MADE + '\n' + paragraph(
        "What a crawl counts, under Scrapy's keys. The summary at the end of a run shows the chief ones, a [report](../command_line.md#the-report) all of them. TYPE, STATUS and REASON stand "
        "for an error's type, a status and the cause of a retry: there is a counter for each that was met. A spider or an extension may count more, by `crawl.stats.incValue()`."
    ) + '\n' + table(['key', 'what it counts'], [[f'`{key}`', cell(meaning)] for key, meaning in sorted(known.items())])


def signals():
    """The members of Signals, each with its comment."""
    header = (TOP / 'crawler/signals.hpp').read_text()
    body = header[header.index('struct Signals {'):]
    found = re.findall(r'((?:^  ///.*\n)+)  Signal<(.*)> (\w+)\{"(\w+)"\};', body, re.MULTILINE)
    if len(found) != body.count('{"'):
        sys.exit('crawler/signals.hpp: a signal has no comment')
    rows = []
    for comment, arguments, member, name in found:
        text = ' '.join(line.strip().removeprefix('///').strip() for line in comment.splitlines())
        rows.append([f'`{member}`', f'`{name}`', f'`{arguments}`' if arguments else '', cell(text)])
    return '# Signals\n\n' + MADE + '\n' + paragraph(
        f'The {len(rows)} signals of a crawl, in about the order in which they come. [Middlewares](../middlewares.md#signals-and-extensions) shows how to connect a handler: by the member, '
        "`crawl.signals.requestDropped.connect(...)`; the name is Scrapy's. Handlers run on the engine's thread, and what they are given is valid only while they run."
    ) + '\n' + table(['member', 'name', 'given', 'when'], rows)


def commands(program):
    """Every subcommand, with its help as it is printed."""
    help_text = weft(program, '--help')
    names = re.findall(r'^  (\w+) +\S', help_text.split('Subcommands:')[1].split('Examples:')[0], re.MULTILINE)
    text = ('# Commands\n\n' + MADE + '\nWhat `weft --help` and `weft COMMAND --help` print. [The command line](../command_line.md) says more of each, '
            'and [exit codes](exit_codes.md) what they end with.\n')
    for name in [None, *names]:
        said = help_text if name is None else weft(program, name, '--help')
        text += f'\n## `weft{" " + name if name else ""}`\n\n```text\n' + re.sub(r'\n{3,}', '\n\n', said).strip() + '\n```\n'
    return text


def exitCodes():
    """The enumeration, with its comments, and what single commands say of theirs."""
    header = (TOP / 'crawler/internal/crawl_program.hpp').read_text()
    rows = [[number, name[:1].lower() + name[1:], cell(comment)] for name, number, comment in re.findall(r'^  k(\w+) = (\d+), +// (.*)', header, re.MULTILINE)]
    rows = [[number, re.sub(r'(?<=[a-z])(?=[A-Z])', ' ', name).lower(), comment] for number, name, comment in rows]
    if len(rows) != len(re.findall(r'^  k\w+ = \d+', header, re.MULTILINE)):
        sys.exit('crawler/internal/crawl_program.hpp: an exit code has no comment')
    return ('# Exit codes\n\n' + MADE + '\nWhat `weft` ends with, and so does every program that ends in `runSpider()` or `runSpiders()`.\n\n' + table(['code', 'name', 'meaning'], rows)
            + '\n[The command line](../command_line.md#exit-codes) says how `check` and `fetch` use them.\n')


def purpose(header):
    """The first paragraph of a header's first comment; of a long one its first sentence."""
    lines = []
    for line in (TOP / header).read_text().splitlines():
        if not line.startswith('//') or not line.strip('/ '):
            break
        lines.append(line.lstrip('/').strip())
    text = ' '.join(lines)
    if not text.endswith(('.', '?')):
        sys.exit(f'{header} does not begin with a comment that says what it is for')
    return text if len(text) <= 240 else re.match(r'.*?[.](?= [A-Z])|.*', text)[0]


def headers():
    """Every public header, by floor and room."""
    text = '# Headers\n\n' + MADE + '\n' + paragraph(
        f'All {len(publicHeaders())} public headers, each with what it is for. They are included as `<weft/core/clock.hpp>`; `<weft/core.hpp>` brings what most programs want of a floor. '
        'Headers in `detail/` are what templates need: do not include them by themselves.')
    for floor in FLOORS:
        text += f'\n## {floor}\n\nFloor {floor}: {FLOOR_PURPOSES[floor]}.\n'
        rooms = {}
        for header in publicHeaders():
            if header.parts[0] == floor:
                rooms.setdefault(header.parent, []).append(header)
        for room in sorted(rooms):
            if room.parts[1:]:
                text += f'\n### {room}\n'
            text += '\n' + ''.join(f'- [`{header.name}`](../../{header}): {re.sub(r"([<*_])", chr(92) + r"1", purpose(header))}\n' for header in rooms[room])
    return text


def pages(program):
    """Every page by its name."""
    program = str(Path(program).resolve())
    return {'settings.md': settings(program), 'stats.md': stats(), 'signals.md': signals(), 'commands.md': commands(program), 'exit_codes.md': exitCodes(), 'headers.md': headers()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--weft', default=TOP / 'build/weft', metavar='PROGRAM')
    parser.add_argument('--check', action='store_true')
    options = parser.parse_args()
    stale = []
    for name, text in pages(options.weft).items():
        path = FOLDER / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if not options.check:
            path.write_text(text)
    if options.check and stale:
        sys.exit(f'not up to date: {", ".join(stale)}; run docs/tools/references.py')


if __name__ == '__main__':
    main()
