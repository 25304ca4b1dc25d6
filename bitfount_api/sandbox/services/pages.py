"""The sandbox's HTML pages: one common style, no scripts, no external resources."""

from __future__ import annotations

import secrets
from html import escape
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --quiet: #5b6478; --paper: #f4f6fa;
  --card: #fff; --line: #d5dbe6; --accent: #2455c3; --good: #17714a; --bad: #b3261e;
  --code: #eef1f7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf4; --quiet: #a3adc2; --paper: #12161f;
  --card: #1b212d; --line: #333c4e; --accent: #8fb1ff; --good: #6fd3a4; --bad: #ff9d94;
  --code: #252d3c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
a { color: var(--accent); }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 .5rem; }
code, pre, .code { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
.quiet { color: var(--quiet); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
"""

_CARD = """
main { max-width: 27rem; margin: min(12vh, 6rem) auto 2rem; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 12px; }
@media (max-width: 30rem) { main { margin: 0; min-height: 100vh; border: 0; border-radius: 0;
  padding: 1.5rem 1.25rem; } }
label { display: block; font-weight: 600; margin: 1.25rem 0 .35rem; }
input, select { width: 100%; padding: .6rem .75rem; font: inherit; color: inherit;
  background: var(--paper); border: 1px solid var(--line); border-radius: 8px; }
input { font-size: 1.35rem; letter-spacing: .12em; text-transform: uppercase;
  font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
.buttons { display: flex; gap: .75rem; margin-top: 1.75rem; }
button { flex: 1; padding: .7rem 1rem; font: inherit; font-weight: 600; border-radius: 8px;
  border: 1px solid var(--accent); background: transparent; color: var(--accent); cursor: pointer; }
button.main { background: var(--accent); color: var(--card); }
.notice { padding: .7rem .9rem; border-left: 4px solid var(--bad); background: var(--code);
  border-radius: 4px; }
.good { color: var(--good); } .bad { color: var(--bad); }
"""


FORM_KEY: Final = secrets.token_urlsafe(16)
"""The hidden field that shows that a form was sent from one of these pages. Browsers do not send
their origin with it, as the pages have no referrer."""


def activation(
    user_code: str, users: Sequence[str], notice: str = "", *, status: int = 200
) -> HTMLResponse:
    """Return the page where a user enters the code of a device and approves or denies it."""
    options = "".join(f"<option>{escape(user)}</option>" for user in users)
    complaint = f'<p class="notice" role="alert">{escape(notice)}</p>' if notice else ""
    content = f"""
<h1>Connect a device</h1>
<p class="quiet">A program requests access to your account. Enter the code that it shows.</p>
{complaint}
<form method="post" action="/activate">
<input type="hidden" name="form_key" value="{FORM_KEY}">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" value="{escape(user_code)}" required autofocus
  autocomplete="off" spellcheck="false" maxlength="20" placeholder="XXXX-XXXX">
<label for="username">User</label>
<select id="username" name="username">{options}</select>
<div class="buttons">
<button class="main" name="decision" value="approve">Approve</button>
<button name="decision" value="deny">Deny</button>
</div>
</form>
<p class="quiet">This is a local sandbox: no password is required.</p>"""
    return page("Connect a device", f"<main>{content}</main>", _CARD, status=status)


def outcome(title: str, text: str, *, good: bool, status: int = 200) -> HTMLResponse:
    """Return the page that shows the outcome."""
    kind = "good" if good else "bad"
    content = f'<main><h1 class="{kind}">{escape(title)}</h1><p>{escape(text)}</p></main>'
    return page(title, content, _CARD, status=status)


def page(title: str, content: str, style: str = "", *, status: int = 200) -> HTMLResponse:
    """Return a complete page with that content."""
    text = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)} · Bitfount sandbox</title>\n<style>{STYLE}{style}</style>\n"
        f"</head>\n<body>\n{content}\n</body>\n</html>\n"
    )
    return HTMLResponse(text, status, headers=_HEADERS)
