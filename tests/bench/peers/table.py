"""Results as Markdown."""

MIB = 1 << 20
TITLES = {
    "proxied": "Before nginx, which has the objects as files and forgets uploads",
    "minio": "Before MinIO",
    "local": "Objects on the local disk",
    "lists": "Pages of buckets with many keys",
}
COLUMNS = [
    "work",
    "contestant",
    "a second",
    "of the first",
    "of pingora",
    "CPU us each",
    "peak MiB",
    "p50 ms",
    "p99 ms",
]


def number(value):
    """Three digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(middle):
    return f"{number(middle.median)} ({number(middle.least)} to {number(middle.most)})"


def lines_of(result):
    """The lines of a row, one for each contestant."""
    what = result.row.what + (", MiB" if result.row.load.unit == "MiB/s" else "")
    for name in result.row.contestants:
        if name not in result.runs:
            yield f"| {what} | {name} | {escaped(result.faults.get(name, 'not run'))} | | | | | | |"
        else:
            yield f"| {what} | {name} | {' | '.join(figures_of(result, name))} |"
        what = ""


def figures_of(result, name):
    ratios = [ratio_of(result, name, to) for to in (result.base(), result.pingora())]
    processor, peak, *times = (result.middle(name, field) for field in ("processor", "peak", "p50", "p99"))
    # h2load does not tell percentiles.
    times = [number(time) if time else "" for time in times]
    return [spread(result.rate(name)), *ratios, number(processor), number(peak / MIB), *times]


def ratio_of(result, name, to):
    if not to:
        return ""
    return "1" if name == to else spread(result.ratio(name, to))


def escaped(text):
    return " ".join(text.split())[:200].replace("|", "\\|")


def as_table(columns, rows):
    return "\n".join([f"| {' | '.join(columns)} |", "|---" * len(columns) + "|", *rows])


def pairs(columns, found):
    return as_table(columns, [f"| {name} | {escaped(value)} |" for name, value in found])


def markdown(heading, versions, results, singles):
    """The whole page."""
    parts = [heading, pairs(["program", "version"], versions.items())]
    for scene, title in TITLES.items():
        lines = [line for result in results if result.row.scene == scene for line in lines_of(result)]
        if lines:
            parts += [f"## {title}", as_table(COLUMNS, lines)]
    if singles:
        parts += ["## r2shim alone", pairs(["what", ""], singles)]
    return "\n\n".join(parts) + "\n"
