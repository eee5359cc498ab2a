#!/usr/bin/env python3
"""Draws docs/layers.svg and docs/life-of-a-label.svg, so that the pictures change with one edit."""
import html
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
STYLE = """<style>
text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:#111827}
.s{font-size:11px;fill:#4b5563}.h{font-weight:650}
rect{fill:#fff;stroke:#c3cad3;rx:6}.a{fill:#ccfbf1;stroke:#0f766e}.g{fill:#f7f8fa}
path{fill:none;stroke:#0f766e;stroke-width:1.6;marker-end:url(#m)}
</style><defs><marker id="m" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0L8 4L0 8z" style="fill:#0f766e;stroke:none"/></marker></defs>"""


class Picture:
    def __init__(self, width, height):
        self.size = (width, height)
        self.parts = [f'<rect class="g" x="0" y="0" width="{width}" height="{height}" rx="0" style="stroke:none"/>']

    def box(self, x, y, w, h, title, lines=(), kind=""):
        self.parts.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{w}" height="{h}"/>')
        self.parts.append(f'<text class="h" x="{x + 12}" y="{y + 20}">{html.escape(title)}</text>')
        for n, line in enumerate(lines):
            self.parts.append(f'<text class="s" x="{x + 12}" y="{y + 37 + 15 * n}">{html.escape(line)}</text>')

    def arrow(self, *points):
        self.parts.append('<path d="M' + "L".join(f"{x} {y}" for x, y in points) + '"/>')

    def note(self, x, y, text):
        self.parts.append(f'<text class="s" x="{x}" y="{y}">{html.escape(text)}</text>')

    def write(self, name):
        w, h = self.size
        (HERE / name).write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" role="img">{STYLE}' +
                                 "".join(self.parts) + "</svg>\n", encoding="utf-8")


def layers():
    p = Picture(860, 372)
    p.box(20, 16, 820, 58, "transport", ["http  ·  api (routes, schemas and rights as data)  ·  cli: parse, call, print"], "a")
    p.box(20, 96, 820, 58, "service", ["intake  ·  project  ·  item  ·  assignment  ·  annotation  ·  release  ·  people  ·  audit: one use case each"])
    p.box(20, 176, 250, 74, "format", ["dicom, wfdb, edf, note, fhir, brat,", "coco, nifti, seg: bytes <-> values, no I/O"])
    p.box(285, 176, 180, 74, "codec", ["image decoders, only in", "the confined worker"])
    p.box(480, 176, 170, 74, "analysis", ["pyramid, synthetic data:", "pure functions"])
    p.box(665, 176, 175, 74, "storage", ["store, log, keys, objects,", "vault; SQL lives here"])
    p.box(20, 272, 820, 38, "domain    image · text · signal · label · protocol · identity")
    p.box(20, 322, 820, 38, "base    results and errors · ids · bytes · time · canonical JSON")
    p.arrow((430, 74), (430, 94))
    for x in (145, 375, 565, 752):
        p.arrow((x, 154), (x, 174))
        p.arrow((x, 250), (x, 270))
    p.arrow((285, 213), (272, 213))
    p.arrow((430, 310), (430, 320))
    p.write("layers.svg")


def life():
    p = Picture(860, 330)
    p.box(20, 20, 190, 86, "import", ["bytes read by our readers,", "identity into the vault,", "object sealed, facts catalogued"])
    p.box(235, 20, 190, 86, "item and task", ["one item per study, note or", "recording; a lease of 30 min"])
    p.box(450, 20, 190, 86, "workspace", ["a stroke, a span, a beat;", "first into the encrypted", "outbox of the browser"], "a")
    p.box(665, 20, 175, 86, "PUT, If-Match", ["rights, then the protocol", "decide; 412 for the loser"])
    p.box(665, 150, 175, 86, "one transaction", ["event + rows, group commit,", "fsync, signed head: then 200"], "a")
    p.box(450, 150, 190, 86, "everyone told", ["event stream to browsers;", "the outbox forgets it"])
    p.box(235, 150, 190, 86, "submitted", ["the latest revision of a", "finished task is a vote"])
    p.box(20, 150, 190, 86, "export", ["codes, rater, protocol and", "provenance; de-identified"])
    p.arrow((210, 63), (233, 63))
    p.arrow((425, 63), (448, 63))
    p.arrow((640, 63), (663, 63))
    p.arrow((752, 106), (752, 148))
    p.arrow((665, 193), (642, 193))
    p.arrow((450, 193), (427, 193))
    p.arrow((235, 193), (212, 193))
    p.box(20, 262, 820, 52, "the log", ["every step above is an event: chained by SHA-256, in a Merkle tree with signed heads; consilium verify rebuilds all tables from it"])
    p.write("life-of-a-label.svg")


layers()
life()
