#!/usr/bin/env python3
"""Makes a C++ file of the templates: embed_templates.py OUTPUT FOLDER FILES..., with paths from FOLDER on."""

import sys
from pathlib import Path

output, folder, *files = sys.argv[1:]
lines = ['#include <weft/crawler/command/scaffold.hpp>', '', 'namespace weft::crawler::command {', '', 'namespace {', '',
         'constexpr TemplateFile kFiles[] = {']
for file in files:
    path, text = Path(file).resolve().relative_to(Path(folder).resolve()), Path(file).read_text()
    assert ')weft"' not in text, f'{path} holds )weft"'
    lines.append(f'{{"{path}", R"weft({text})weft"}},')
lines += ['};', '', '}  // namespace', '', 'std::span<const TemplateFile> templateFiles() noexcept { return kFiles; }', '',
          '}  // namespace weft::crawler::command', '']
Path(output).write_text('\n'.join(lines))
