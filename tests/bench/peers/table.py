"""Results as Markdown."""

MIB = 1 << 20
TITLES = {
    "proxied": "Before nginx, which has the objects as files and forgets uploads",
    "minio": "Before MinIO",
    "local": "Objects on the local disk",
    "lists": "Pages of buckets with many keys",
}
HEAD = "| work | contestant | a second | of the first | CPU us each | peak MiB | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|---|"


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
            yield f"| {what} | {name} | {escaped(result.faults.get(name, 'not run'))} | | | | | |"
        else:
            middle = lambda field, name=name: result.middle(name, field)
            ratio = "1" if name == result.base() else spread(result.ratio(name))
            times = [number(middle(field)) if middle(field) else "" for field in ("p50", "p99")]
            figures = [spread(result.rate(name)), ratio, number(middle("processor")), number(middle("peak") / MIB), *times]
            yield f"| {what} | {name} | {' | '.join(figures)} |"
        what = ""


def escaped(text):
    return " ".join(text.split())[:200].replace("|", "\\|")


def markdown(heading, versions, results, singles):
    """The whole page."""
    parts = [heading, "| program | version |\n|---|---|\n" + "\n".join(f"| {name} | {escaped(version)} |" for name, version in versions.items())]
    for scene, title in TITLES.items():
        lines = [line for result in results if result.row.scene == scene for line in lines_of(result)]
        if lines:
            parts.append(f"## {title}\n\n{HEAD}\n" + "\n".join(lines))
    if singles:
        parts.append("## r2shim alone\n\n| what | |\n|---|---|\n" + "\n".join(f"| {what} | {escaped(value)} |" for what, value in singles))
    return "\n\n".join(parts) + "\n"
