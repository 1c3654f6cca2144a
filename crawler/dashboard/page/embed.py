"""Makes a C++ file of the dashboard's page: one text, with its style and its script inside.

embed.py HTML CSS JS OUTPUT"""

import base64
import hashlib
import sys
from pathlib import Path

html, css, script = (Path(name).read_text(encoding='utf-8').strip() for name in sys.argv[1:4])
assert '</script' not in script and '</style' not in css
digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
before, after = html.replace('@STYLE@', css).replace('@SCRIPT@', script).split('@DATA@')


def literal(text):
    """As raw strings of a length that every compiler takes."""
    assert ')weft"' not in text
    return '\n  '.join(f'R"weft({text[at:at + 8000]})weft"' for at in range(0, len(text), 8000))


Path(sys.argv[4]).write_text(f'''// Made of the files in crawler/dashboard/page/.
#include <weft/crawler/dashboard/dashboard_page.hpp>

namespace weft::crawler::detail {{

const char* const kPageBefore =
  {literal(before)};
const char* const kPageAfter =
  {literal(after)};
const char* const kPageScriptDigest = "sha256-{digest}";

}}  // namespace weft::crawler::detail
''', encoding='utf-8')
