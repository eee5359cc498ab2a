import { describe, expect, it } from "vitest";
import type { AnnotationBody, Protocol } from "./domain";
import { Spans, stateKinds } from "./signal_spans";

const protocol = { labels: [{ id: "sinus", excludes: ["af"] }, { id: "af" }, { id: "vt", excludes: ["af"] }, { id: "noise" }] } as unknown as Protocol;
const kinds = stateKinds(protocol);
const span = (id: string, label: string, begin: number, end: number | null, channels: readonly string[] = []): AnnotationBody =>
  ({ id, label, target: { type: "interval", begin_tick: begin, end_tick: end, channels } }) as unknown as AnnotationBody;

describe("spans", () => {
  it("find what is in view as a plain search does", () => {
    let seed = 3;
    const random = (): number => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    const bodies = Array.from({ length: 2000 }, (_, n) => {
      const begin = Math.floor(random() * 100_000);
      return span(String(n), "noise", begin, begin + 1 + Math.floor(random() ** 6 * 30_000));
    });
    const spans = new Spans(bodies, kinds, 200_000);
    for (let n = 0; n < 200; n++) {
      const from = random() * 100_000;
      const to = from + random() * 2000;
      const found = [...spans.within(from, to)].map((at) => spans.bodies[at]?.id).sort();
      const plain = bodies.filter(({ target }) => target.type === "interval" && target.begin_tick < to && (target.end_tick ?? 0) > from).map(({ id }) => id as string).sort();
      expect(found).toEqual(plain);
    }
  });

  it("let an open state last until the next of its kind on the same channels", () => {
    const spans = new Spans([span("a", "sinus", 100, null), span("b", "noise", 200, 300), span("c", "vt", 500, 600), span("d", "af", 700, null), span("e", "af", 100, null, ["II"]), span("f", "af", 150, null, ["V5"])], kinds, 1000);
    const end = (id: string): number => spans.end(spans.indexOf(id));
    // vt excludes af and af sinus: one kind. Noise, and states on other channels, end nothing.
    expect(["a", "b", "c", "d", "e", "f"].map(end)).toEqual([500, 300, 600, 1000, 1000, 1000]);
  });

  it("let states that begin together both last until the next", () => {
    const spans = new Spans([span("a", "sinus", 100, null), span("b", "af", 100, null), span("c", "vt", 400, 500)], kinds, 1000);
    expect([spans.end(0), spans.end(1)]).toEqual([400, 400]);
  });
});
