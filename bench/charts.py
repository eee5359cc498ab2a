"""Charts of measurements as SVG, with a light ground of their own, so that they read on dark pages too."""
import html
import math

INK, SOFT, LINE, GROUND = "#1d2733", "#5a6570", "#d8d8d0", "#fbfbf8"
COLOURS = ["#2f6f9f", "#b5532a", "#4d7d3a", "#7a4d9a"]


def _begin(width, height, title):
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" '
            f'role="img" aria-label="{html.escape(title.split(" (")[0])}">',
            f'<rect width="{width}" height="{height}" rx="6" fill="{GROUND}" stroke="{LINE}"/>',
            f'<text x="16" y="24" font-size="14" fill="{INK}">{html.escape(title)}</text>']


def _end(out):
    return "\n".join([*out, "</svg>"]) + "\n"


def ratios(title, rows):
    """Bars on a logarithmic scale, of rows of a label and how many times as quick ours is."""
    left, bar, width = 400, 22, 930
    height = 70 + bar * len(rows)
    scale = (width - left - 90) / math.log10(max([10.0, *(ratio * 1.1 for _, ratio in rows)]))
    out = _begin(width, height, title)
    for power in range(0, 6):
        x = left + power * scale
        if x < width - 40:
            out.append(f'<line x1="{x:.0f}" y1="36" x2="{x:.0f}" y2="{height - 24}" stroke="{LINE}"/>')
            out.append(f'<text x="{x:.0f}" y="{height - 8}" text-anchor="middle" fill="{SOFT}">{10 ** power:,}</text>')
    for i, (label, ratio) in enumerate(rows):
        y = 42 + i * bar
        length = max(1.0, math.log10(max(1.0, ratio)) * scale)
        out.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end" fill="{INK}">{html.escape(label)}</text>')
        out.append(f'<rect x="{left}" y="{y + 2}" width="{length:.1f}" height="{bar - 7}" rx="2" fill="{COLOURS[0]}"/>')
        out.append(f'<text x="{left + length + 6:.1f}" y="{y + 13}" fill="{INK}">{ratio:,.{0 if ratio >= 10 else 1}f}</text>')
    return _end(out)


def lines(title, x_name, y_name, series):
    """Lines with the band between the least and the most: {name: [(x, mean, least, most)]}."""
    width, height, left, top, right, bottom = 930, 420, 70, 44, 150, 50
    points = [point for line in series.values() for point in line]
    x_max = max(point[0] for point in points)
    y_min = math.floor(min(point[2] for point in points) * 10) / 10
    y_max = math.ceil(max(point[3] for point in points) * 10) / 10

    def place(x, y):
        return (left + x / x_max * (width - left - right), top + (y_max - y) / (y_max - y_min) * (height - top - bottom))

    out = _begin(width, height, title)
    for step in range(round((y_max - y_min) * 10) + 1):
        y = y_min + step / 10
        at = place(0, y)[1]
        out.append(f'<line x1="{left}" y1="{at:.1f}" x2="{width - right}" y2="{at:.1f}" stroke="{LINE}"/>')
        out.append(f'<text x="{left - 8}" y="{at + 4:.1f}" text-anchor="end" fill="{SOFT}">{y:.1f}</text>')
    tick = 10 ** math.floor(math.log10(x_max)) / 2
    for step in range(int(x_max / tick) + 1):
        at = place(step * tick, y_min)[0]
        out.append(f'<text x="{at:.1f}" y="{height - bottom + 18}" text-anchor="middle" fill="{SOFT}">{step * tick:g}</text>')
    out.append(f'<text x="{(left + width - right) / 2:.0f}" y="{height - 12}" text-anchor="middle" fill="{INK}">{html.escape(x_name)}</text>')
    out.append(f'<text x="{left}" y="{top - 6}" fill="{SOFT}" font-size="11">{html.escape(y_name)}</text>')
    # Names stand beside the lines' ends, in the ends' order.
    lowest = sorted(series, key=lambda name: series[name][-1][1])
    for i, (name, line) in enumerate(series.items()):
        colour = COLOURS[i % len(COLOURS)]
        band = [place(x, most) for x, _, _, most in line] + [place(x, least) for x, _, least, _ in reversed(line)]
        out.append(f'<polygon points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in band)}" fill="{colour}" fill-opacity="0.15"/>')
        mean = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(x, y) for x, y, _, _ in line))
        out.append(f'<polyline points="{mean}" fill="none" stroke="{colour}" stroke-width="2"/>')
        x, y = place(*line[-1][:2])
        out.append(f'<text x="{width - right + 8}" y="{y + 10 - 14 * lowest.index(name):.1f}" fill="{colour}">{html.escape(name)}</text>')
    return _end(out)
