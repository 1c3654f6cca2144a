#!/usr/bin/env python3
"""The installed weft serves a stranger's build. package_test.py BUILD_FOLDER

Installs BUILD_FOLDER (a static library) into a folder of its own and builds tests/package against it with Meson (through
pkg-config) and with CMake. Then takes weft as a Meson subproject, as a shared library, installs that, and builds the two
again. Each of them must build without a warning and print the same line."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from suite import TOP, Suite

EXPECTED = 'weft serves a stranger'


class Failed(Exception):
    pass


def run(*words, **environment):
    done = subprocess.run([str(word) for word in words], env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise Failed(f'{" ".join(map(str, words))}\nexit status {done.returncode}\n{done.stdout[-6000:]}')
    return done.stdout


def project(folder):
    """A copy of the stranger's project."""
    shutil.copytree(TOP / 'tests' / 'package', folder)
    return folder


def expectLine(program, **environment):
    said = run(program, **environment)
    if said.strip() != EXPECTED:
        raise Failed(f'{program} printed {said!r}')


def expectQuiet(log):
    lines = log.split('\n')
    warnings = [number for number, line in enumerate(lines) if 'warning:' in line.lower()]
    if warnings:
        raise Failed('there are warnings:\n' + '\n'.join(lines[max(warnings[0] - 8, 0):warnings[0] + 8]))


def main():
    suite = Suite()
    built = Path(sys.argv[1]).resolve()
    work = built / 'package-test'
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    libdir = None

    def attempt(name, action):
        start = time.monotonic()
        try:
            action()
            suite.check(name, '')
            print(f'ok: {name} ({time.monotonic() - start:.1f} s)', flush=True)
        except (Failed, OSError) as problem:
            suite.check(name, str(problem))

    def install(folder, root):
        run('meson', 'install', '-C', folder, '--no-rebuild', '--quiet', '--destdir', root)

    def found(root):
        """The library folder of an installation, by where weft.pc is; and the prefix."""
        file = next(root.rglob('weft.pc'))
        return file.parent.parent, file.parent

    def mesonUser(root, folder):
        libdir, pkgconfig = found(root)
        project(folder)
        environment = {'PKG_CONFIG_PATH': str(pkgconfig), 'PKG_CONFIG_SYSROOT_DIR': str(root),
                       'LD_LIBRARY_PATH': str(libdir)}
        run('meson', 'setup', '--wrap-mode=nofallback', folder / 'build', folder, **environment)
        expectQuiet(run('ninja', '-C', folder / 'build', **environment))
        expectLine(folder / 'build' / 'stranger', **environment)

    def cmakeUser(root, folder):
        libdir, _ = found(root)
        project(folder)
        run('cmake', '-S', folder, '-B', folder / 'build', f'-Dweft_DIR={libdir / "cmake" / "weft"}')
        expectQuiet(run('cmake', '--build', folder / 'build'))
        expectLine(folder / 'build' / 'stranger', LD_LIBRARY_PATH=str(libdir))

    def onlyPublic(root):
        headers = next(root.rglob('include')) / 'weft'
        strays = [str(path) for path in headers.rglob('*')
                  if path.is_file() and (path.suffix != '.hpp' or 'internal' in path.parts)]
        if strays or not (headers / 'core.hpp').exists() or not (headers / 'defer' / 'deferred.hpp').exists():
            raise Failed(f'the installed headers are not what they should be; strays: {strays}')

    def subproject():
        folder = project(work / 'subproject')
        (folder / 'subprojects').mkdir()
        (folder / 'subprojects' / 'weft').symlink_to(TOP)
        build = folder / 'build'
        run('meson', 'setup', '--wrap-mode=forcefallback', '-Ddefault_library=shared', '--buildtype=plain', build, folder)
        expectQuiet(run('ninja', '-C', build))
        expectLine(build / 'stranger')
        if (build / 'subprojects' / 'weft' / 'tests').exists() or (build / 'subprojects' / 'weft' / 'samples').exists():
            raise Failed('the subproject built tests or samples')

    static, shared = work / 'static', work / 'shared'
    attempt('meson install (static)', lambda: install(built, static))
    attempt('only public headers are installed', lambda: onlyPublic(static))
    attempt('a Meson project uses it through pkg-config', lambda: mesonUser(static, work / 'meson-static'))
    attempt('a CMake project uses it through find_package', lambda: cmakeUser(static, work / 'cmake-static'))
    attempt('a Meson project uses weft as a subproject, shared', subproject)
    attempt('meson install (shared, from that project)', lambda: install(work / 'subproject' / 'build', shared))
    attempt('a Meson project uses the shared one', lambda: mesonUser(shared, work / 'meson-shared'))
    attempt('a CMake project uses the shared one', lambda: cmakeUser(shared, work / 'cmake-shared'))
    if not suite.failed:
        shutil.rmtree(work)
    suite.end()


if __name__ == '__main__':
    main()
