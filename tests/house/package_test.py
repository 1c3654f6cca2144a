#!/usr/bin/env python3
"""The installed weft serves a stranger's build. package_test.py BUILD_FOLDER

Installs BUILD_FOLDER (a static library) into an empty folder and builds tests/package against it with Meson and with one line
of g++ (both through pkg-config), and with CMake; the command that was installed runs a spider's file; uninstalling leaves
nothing. Then much of it again with a Debian package, unpacked, and with weft as a Meson subproject, a shared library, and what that
installs. Each of them must build without a warning and print the same line."""

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
        environment = {'PKG_CONFIG_PATH': str(pkgconfig), 'LD_LIBRARY_PATH': str(libdir)}
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

    def compilerUser(root, folder):
        """The README's line, in a shell."""
        libdir, pkgconfig = found(root)
        project(folder)
        environment = {'PKG_CONFIG_PATH': str(pkgconfig), 'LD_LIBRARY_PATH': str(libdir)}
        expectQuiet(run('sh', '-c', f'cd {folder} && g++ -std=c++20 -Wall -Wextra stranger.cpp $(pkg-config --cflags --libs weft) -o stranger', **environment))
        expectLine(folder / 'stranger', **environment)

    def installedCommand(root, folder):
        """A spider's file, compiled against nothing but what is installed, crawls the demo site."""
        libdir, _ = found(root)
        command = next(root.rglob('bin/weft'))
        folder.mkdir()
        environment = {'LD_LIBRARY_PATH': str(libdir), 'WEFT_CACHE': str(folder / 'cache')}
        demo = subprocess.Popen([command, 'demo', '--port', '0', '--port-file', folder / 'port'], env={**os.environ, **environment},
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 30
            while not (folder / 'port').exists():
                if time.monotonic() > deadline or demo.poll() is not None:
                    raise Failed('weft demo does not come up')
                time.sleep(0.05)
            address = f'http://127.0.0.1:{(folder / "port").read_text().strip()}/'
            run(command, 'runspider', TOP / 'samples' / 'quotes.cpp', '--url', address, '--nolog', '-O', folder / 'quotes.jsonl', **environment)
        finally:
            demo.terminate()
            demo.wait()
        items = (folder / 'quotes.jsonl').read_text().count('\n')
        if items != 108:
            raise Failed(f'{items} quotes instead of 108')

    def uninstall(root):
        run('ninja', '-C', built, 'uninstall')
        left = [str(path) for path in root.rglob('*') if not path.is_dir()]
        if left:
            raise Failed('still there after uninstalling:\n' + '\n'.join(left[:20]))

    def debianPackage(root):
        """Of what is built already: a library of its own would take minutes."""
        run(TOP / '.package' / 'deb', built)
        package, = built.glob('weft_*.deb')
        run('dpkg-deb', '-x', package, root)
        needs = run('dpkg-deb', '-f', package, 'Depends')
        for library in ['libssl', 'libnghttp2', 'libxml2', 'libsqlite3']:
            if library not in needs:
                raise Failed(f'the package does not depend on {library}: {needs}')
        package.unlink()

    def subproject():
        folder = project(work / 'subproject')
        (folder / 'subprojects').mkdir()
        (folder / 'subprojects' / 'weft').symlink_to(TOP)
        build = folder / 'build'
        run('meson', 'setup', '--wrap-mode=forcefallback', '-Ddefault_library=shared', '-Dpkgconfig.relocatable=true', '-Dweft:floors_unity=true', '--buildtype=plain',
            build, folder)
        expectQuiet(run('ninja', '-C', build))
        expectLine(build / 'stranger')
        if (build / 'subprojects' / 'weft' / 'tests').exists() or (build / 'subprojects' / 'weft' / 'samples').exists():
            raise Failed('the subproject built tests or samples')

    static, debian, shared = work / 'static', work / 'deb', work / 'shared'
    attempt('meson install (static)', lambda: install(built, static))
    attempt('only public headers are installed', lambda: onlyPublic(static))
    attempt('a Meson project uses it through pkg-config', lambda: mesonUser(static, work / 'meson-static'))
    attempt('one line of g++ uses it', lambda: compilerUser(static, work / 'g++-static'))
    attempt('a CMake project uses it through find_package', lambda: cmakeUser(static, work / 'cmake-static'))
    attempt('the installed command runs a spider', lambda: installedCommand(static, work / 'command-static'))
    attempt('uninstalling leaves nothing', lambda: uninstall(static))
    attempt('a Debian package', lambda: debianPackage(debian))
    attempt('one line of g++ uses what was unpacked', lambda: compilerUser(debian, work / 'g++-deb'))
    attempt('its command runs a spider', lambda: installedCommand(debian, work / 'command-deb'))
    attempt('a Meson project uses weft as a subproject, shared', subproject)
    attempt('meson install (shared, from that project)', lambda: install(work / 'subproject' / 'build', shared))
    attempt('a Meson project uses the shared one', lambda: mesonUser(shared, work / 'meson-shared'))
    attempt('a CMake project uses the shared one', lambda: cmakeUser(shared, work / 'cmake-shared'))
    if not suite.failed:
        shutil.rmtree(work)
    suite.end()


if __name__ == '__main__':
    main()
