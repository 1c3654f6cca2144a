#!/usr/bin/env python3
"""docs/tutorial.md, followed word for word in a terminal (tmux). tutorial_test.py BUILD_FOLDER

A C++ block under "<!-- file NAME -->" is saved as that file. The lines of a ```console block that begin with "$ " are typed, one
after the other; what then appears must be the lines below, in which "..." stands for anything, and alone for any lines."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from suite import TOP, Suite  # noqa: E402

STEP = re.compile(r'<!-- file (\S+) -->\n```cpp\n(.*?)```|```console\n(.*?)```', re.DOTALL)
PATIENCE = 120 * float(os.environ.get('WEFT_TEST_PATIENCE', '1'))


class Terminal:
    """A shell in tmux, with a prompt that nothing else prints."""

    PROMPT = '~weft~'

    def __init__(self, folder, path):
        self.socket = str(folder.parent / 'tmux')
        environment = ['env', '-i', f'HOME={folder}', f'PATH={path}', 'LANG=C.UTF-8', f'PS1={self.PROMPT}', 'TERM=xterm', 'CCACHE_DISABLE=1']
        self.tmux('-u', '-f', '/dev/null', 'new-session', '-d', '-x', '230', '-y', '50', '-c', str(folder), *environment, 'bash', '--norc', '--noprofile', '-i')
        self.tmux('set-option', '-g', 'history-limit', '20000')
        self.waitForPrompt(1)
        self.prompts = 1

    def tmux(self, *words):
        return subprocess.run(['tmux', '-S', self.socket, *words], check=True, text=True, stdout=subprocess.PIPE, env={**os.environ, 'LANG': 'C.UTF-8'}).stdout

    def lines(self):
        return [line.rstrip() for line in self.tmux('capture-pane', '-p', '-J', '-S', '-').rstrip('\n').split('\n')]

    def waitForPrompt(self, count):
        deadline = time.monotonic() + PATIENCE
        while True:
            lines = self.lines()
            if sum(line.startswith(self.PROMPT) for line in lines) >= count and lines[-1] == self.PROMPT:
                return lines
            if time.monotonic() > deadline:
                raise TimeoutError('the prompt does not come back; the terminal shows\n' + '\n'.join(lines[-30:]))
            time.sleep(0.05)

    def type(self, command):
        """Types it, and gives what appeared."""
        self.tmux('send-keys', '-l', command)
        self.tmux('send-keys', 'Enter')
        self.prompts += 1
        lines = self.waitForPrompt(self.prompts)
        begin = [number for number, line in enumerate(lines) if line.startswith(self.PROMPT)][-2]
        return lines[begin + 1:-1]

    def close(self):
        subprocess.run(['tmux', '-S', self.socket, 'kill-server'], check=False, stderr=subprocess.DEVNULL)


def matches(wanted, seen):
    pattern = ''
    for line in wanted:
        pattern += r'(?:.*\n)*?' if line == '...' else re.escape(line).replace(re.escape('...'), '.*') + r'\n'
    return re.fullmatch(pattern, ''.join(line + '\n' for line in seen)) is not None


def commandsOf(block):
    """Pairs of a command and the lines that it must print."""
    commands = []
    for line in block.rstrip('\n').split('\n'):
        if line.startswith('$ '):
            commands.append((line[2:], []))
        else:
            commands[-1][1].append(line)
    return commands


def main():
    suite = Suite()
    built = Path(sys.argv[1]).resolve()
    work = Path(tempfile.mkdtemp())
    folder = work / 'quotes'
    folder.mkdir()
    terminal = Terminal(folder, f'{built}:{built / "samples"}:{os.environ["PATH"]}')
    try:
        for file, text, block in STEP.findall((TOP / 'docs' / 'tutorial.md').read_text()):
            if file:
                (folder / file).write_text(text)
                continue
            for command, wanted in commandsOf(block):
                try:
                    seen = terminal.type(command)
                except TimeoutError as problem:
                    suite.check(command, str(problem))
                    raise SystemExit(suite.end())
                suite.check(command, '' if matches(wanted, seen) else 'the tutorial says\n' + '\n'.join(wanted) + '\nthe terminal shows\n' + '\n'.join(seen))
    finally:
        terminal.close()
        shutil.rmtree(work, ignore_errors=True)
    suite.end()


if __name__ == '__main__':
    main()
