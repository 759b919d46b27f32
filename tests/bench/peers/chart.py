"""Results as a picture: for each row a bar for each contestant, as long as its rate to that of the first."""

from html import escape

from .table import number

BAR, GAP, HEADING, LEFT, WIDTH, RIGHT = 14, 12, 18, 130, 560, 150
MOST = 4.0
COLOURS = {"r2shim": "#c2410c"}
OTHER = "#64748b"
TITLE = "Requests a second, of the first of each row"
STYLE = (
    "text{font:11px sans-serif;fill:#334155}.what{font-weight:bold}"
    "line{stroke:#0f172a}.one{stroke:#94a3b8;stroke-dasharray:3}"
)


def svg(results):
    """A drawing that needs nothing from elsewhere. Bars end at four times the first's rate; text has the number."""
    parts, top = [], GAP
    for result in results:
        if result.runs:
            drawn, top = _row(result, top)
            parts += drawn
    width = LEFT + WIDTH + RIGHT
    one = LEFT + WIDTH / MOST
    line = f'<line class="one" x1="{one:.1f}" x2="{one:.1f}" y1="0" y2="{top}"/>'
    size = f'viewBox="0 0 {width} {top}" width="{width}" height="{top}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{TITLE}</title><style>{STYLE}</style>'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return f"{head}{ground}{line}{''.join(parts)}</svg>\n"


def _row(result, top):
    parts = [f'<text class="what" x="4" y="{top + 12}">{escape(result.row.what)} ({result.row.scene})</text>']
    top += HEADING
    for name in result.row.contestants:
        if name in result.runs:
            parts += _bar(result, name, top)
            top += BAR + 2
    return parts, top + GAP


def _bar(result, name, top):
    ratio = result.ratio(name)
    colour = COLOURS.get(name.split()[0], OTHER)
    middle = top + BAR / 2
    yield f'<text x="{LEFT - 6}" y="{top + 11}" text-anchor="end">{escape(name)}</text>'
    yield f'<rect x="{LEFT}" y="{top}" width="{_long(ratio.median):.1f}" height="{BAR}" fill="{colour}"/>'
    least, most = LEFT + _long(ratio.least), LEFT + _long(ratio.most)
    yield f'<line x1="{least:.1f}" x2="{most:.1f}" y1="{middle}" y2="{middle}"/>'
    rate = f"{number(ratio.median)}: {number(result.rate(name).median)} {result.row.load.unit}"
    yield f'<text x="{LEFT + _long(max(ratio.median, ratio.most)) + 6:.1f}" y="{top + 11}">{escape(rate)}</text>'


def _long(ratio):
    return min(ratio, MOST) / MOST * WIDTH
