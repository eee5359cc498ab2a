// Development only: a made panel. Six people, two models and two rules vote on eight labels of 240 items; the
// figures are counted from their votes in the simplest way that looks right. Nothing is real.

let seed = 42;
const random = (): number => {
  seed = (seed * 16_807) % 2_147_483_647;
  return seed / 2_147_483_647;
};
const id = (n: number): string => `01900000-0000-7000-8000-${n.toString(16).padStart(12, "0")}`;
const day = 86_400_000;
const at = (msAgo: number): string => new Date(Date.now() - msAgo).toISOString();

interface MadeItem {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly patient: { readonly pseudonym: string };
}
interface MadeUnit {
  readonly id: string;
  readonly title: string;
  readonly kind: "question" | "label" | "mask";
  readonly classes: readonly { readonly id: string; readonly title: string }[];
  readonly share: readonly number[];
  readonly hard: number; // 0: everybody sees it; 1: nobody does
  readonly target: number | null;
}
const binary = (unit: string, title: string, share: number, hard: number, target: number | null): MadeUnit => ({ id: unit, title, kind: "label", classes: [{ id: "present", title: "Present" }, { id: "absent", title: "Absent" }], share: [share, 1 - share], hard, target });
const units: readonly MadeUnit[] = [
  { id: "nodule", title: "Nodule", kind: "question", classes: [{ id: "solid", title: "Solid" }, { id: "part_solid", title: "Part-solid" }, { id: "ground_glass", title: "Ground glass" }, { id: "none", title: "None" }], share: [0.31, 0.14, 0.21, 0.34], hard: 0.16, target: 0.7 },
  binary("consolidation", "Consolidation", 0.3, 0.1, 0.7),
  binary("emphysema", "Emphysema", 0.36, 0.13, 0.7),
  binary("effusion", "Pericardial effusion", 0.22, 0.02, 0.7),
  binary("lymph_node", "Lymph node", 0.24, 0.27, 0.7),
  binary("calcification", "Calcification", 0.34, 0.09, 0.6),
  binary("bronchial_wall", "Bronchial wall thickening", 0.2, 0.17, null),
  binary("pneumothorax", "Pneumothorax", 0, 0, 0.7),
];
const raters = [
  ["Mara Reed", "human", 212, 0.96, 186, 0], ["Jonas Feld", "human", 198, 0.94, 168, 0], ["Aiko Tanaka", "human", 176, 0.85, 126, -0.13], ["Leila Haddad", "human", 164, 0.93, 216, 0], ["Tomás Rivas", "human", 121, 0.88, 240, 0], ["Ingrid Solheim", "human", 88, 0.91, 198, 0],
  ["Nodule net 2.1", "model", 240, 0.87, null, 0], ["Texture net 0.9", "model", 240, 0.76, null, -0.11], ["Report rules 7", "rule", 231, 0.79, null, 0], ["Lexicon 2024", "rule", 231, 0.7, null, 0],
] as const;
const goldCount = 20;

interface Vote {
  readonly item: number;
  readonly rater: number;
  readonly said: number;
}
const draw = (shares: readonly number[]): number => {
  let rest = random();
  const found = shares.findIndex((share) => (rest -= share) < 0);
  return found < 0 ? shares.length - 1 : found;
};

// Wilson's interval: good enough for made figures.
function share(right: number, of: number): { value: number | null; low: number | null; high: number | null; undefined: string | null } {
  if (of === 0) return { value: null, low: null, high: null, undefined: "no votes" };
  const p = right / of;
  const z = 1.96;
  const middle = (p + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of))) / (1 + (z * z) / of);
  return { value: p, low: middle - half, high: middle + half, undefined: null };
}
const undefinedBecause = (why: string) => ({ value: null, low: null, high: null, undefined: why });

function alphaOf(votes: readonly Vote[], classes: number, items: number): number | null {
  const pairs = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  const byItem = new Map<number, number[]>();
  for (const vote of votes) byItem.set(vote.item, [...(byItem.get(vote.item) ?? []), vote.said]);
  let all = 0;
  for (const said of byItem.values()) {
    if (said.length < 2) continue;
    said.forEach((a, i) => {
      said.forEach((b, j) => {
        const row = pairs[a];
        if (i !== j && row !== undefined) row[b] = (row[b] ?? 0) + 1 / (said.length - 1);
      });
    });
    all += said.length;
  }
  const sums = pairs.map((row) => row.reduce((sum, value) => sum + value, 0));
  const observed = 1 - pairs.reduce((sum, row, n) => sum + (row[n] ?? 0), 0) / Math.max(1, all);
  const expected = 1 - sums.reduce((sum, value) => sum + value * (value - 1), 0) / Math.max(1, all * (all - 1));
  return items === 0 || expected <= 1e-9 ? null : 1 - observed / expected;
}
function estimateAlpha(votes: readonly Vote[], classes: number, items: number) {
  const value = alphaOf(votes, classes, items);
  if (value === null) return undefinedBecause("every vote says the same class, so chance alone gives full agreement");
  const half = (1.1 * (1.15 - value)) / Math.sqrt(Math.max(4, items * 0.32));
  return { value, low: value - half * 1.15, high: Math.min(1, value + half), undefined: null };
}

export type PanelVariant = "full" | "one_rater" | "one_class" | "empty";

export function makePanel(items: readonly MadeItem[], variant: PanelVariant) {
  seed = 42;
  const cast = variant === "one_rater" ? raters.slice(0, 1) : raters;
  const made = variant === "one_class" ? units.slice(-1) : units;
  const count = variant === "empty" ? 0 : items.length;
  const read = items.map((_, item) => cast.map((rater, n) => n >= 6 || item < goldCount * 0.5 || (item * 7 + n * 31) % 240 < rater[2] * (item < 150 ? 0.78 : 0.42)));
  const hardness = items.map(() => random() ** 3);
  const doubt = items.map(() => ({ bits: 0, unit: 0, top: 0, probability: 1 }));
  const consensus: number[][] = [];
  const all = made.map((unit) => {
    const truth = items.map(() => draw(unit.share));
    const votes: Vote[] = [];
    const posterior = items.map(() => unit.classes.map((_, k) => (unit.share[k] ?? 0) + 1e-4));
    items.forEach((_, item) => {
      cast.forEach((rater, n) => {
        if (variant === "empty" || read[item]?.[n] !== true) return;
        const skill = Math.max(0.4, Math.min(0.985, rater[3] + 0.03) - unit.hard * (hardness[item] ?? 0) * 1.9 + (rater[5] < 0 && item > 130 ? rater[5] : 0));
        const right = truth[item] ?? 0;
        const wrong = unit.classes.map((_, k) => (k === right ? 0 : (unit.share[k] ?? 0) * (Math.abs(k - right) === 1 ? 2 : 1)));
        const sum = wrong.reduce((a, b) => a + b, 0);
        const said = random() < skill || sum === 0 ? right : draw(wrong.map((one) => one / sum));
        votes.push({ item, rater: n, said });
        const believed = Math.min(0.97, 0.26 + rater[3] * 0.75);
        unit.classes.forEach((_, k) => {
          const row = posterior[item];
          if (row !== undefined) row[k] = (row[k] ?? 0) * (k === said ? believed : (1 - believed) / Math.max(1, unit.classes.length - 1));
        });
      });
    });
    consensus.push(posterior.map((row, item) => {
      const sum = row.reduce((a, b) => a + b, 0);
      const shares = row.map((one) => one / sum);
      const bits = Math.min(1.4, -shares.reduce((a, p) => a + (p > 0 ? p * Math.log2(p) : 0), 0));
      const top = shares.indexOf(Math.max(...shares));
      const held = doubt[item];
      if (held !== undefined && bits > held.bits) Object.assign(held, { bits, unit: consensus.length, top, probability: shares[top] ?? 1 });
      return top;
    }));
    return { unit, truth, votes };
  });
  const kept = doubt.map((one, item) => ({ ...one, settled: one.probability >= 0.95, item })).slice(0, count);
  const edges = [...Array.from({ length: 21 }, (_, n) => n / 20), 1.5];
  const counts = edges.slice(1).map((edge, bin) => kept.filter((one) => one.bits >= (edges[bin] ?? 0) && one.bits < edge).length);
  const unsettled = kept.filter((one) => !one.settled).length;
  const votesOn = (item: number): number => cast.filter((_, n) => n < 6 && read[item]?.[n] === true).length;
  return {
    counted_at: at(60_000), protocol: { id: "cardio-oncology", version: "1.3.0" },
    items: { total: items.length, with_votes: count, complete: Math.round(count * 0.88), unsettled }, settled_at: 0.95, cluster: "patient",
    units: variant === "empty" ? [] : all.map(({ unit, votes }, u) => {
      const lone = cast.length < 2;
      const people = votes.filter((vote) => vote.rater < 6);
      return {
        id: unit.id, kind: unit.kind, title: unit.title, classes: unit.classes, items: count, units: count, votes: votes.length,
        agreement: { metric: "krippendorff_alpha", level: "nominal", interval: "2,000 bootstrap draws of 80 patients", estimate: lone ? undefinedBecause("only one rater has voted") : estimateAlpha(people, unit.classes.length, count), target: unit.target },
        by_class: unit.classes.map((one, k) => ({ class: one.id, estimate: lone ? undefinedBecause("only one rater has voted") : estimateAlpha(people.map((vote) => ({ ...vote, said: vote.said === k ? 1 : 0 })), 2, count) })),
        consensus: { method: "dawid_skene", log_likelihood: -812.4, iterations: 23, converged: true, modes: 1, prevalence: unit.classes.map((_, k) => (consensus[u] ?? []).filter((one) => one === k).length / Math.max(1, count)) },
      };
    }),
    raters: variant === "empty" ? [] : cast.map((rater, n) => {
      const own = all.map(({ votes }, u) => votes.filter((vote) => vote.rater === n).map((vote) => ({ ...vote, right: vote.said === consensus[u]?.[vote.item] })));
      const flat = own.flat();
      const windows = Array.from({ length: 8 }, (_, w) => {
        const part = flat.filter((vote) => Math.floor((vote.item * 8) / Math.max(1, items.length)) === w);
        return part.length === 0 ? 0.9 : part.filter((vote) => vote.right).length / part.length;
      });
      const goldVotes = all[0]?.votes.filter((vote) => vote.rater === n && vote.item < goldCount) ?? [];
      const goldRight = goldVotes.filter((vote) => vote.said === all[0]?.truth[vote.item]).length;
      const lone = cast.length < 2;
      return {
        rater_id: n < 5 ? id(n + 1) : id(40 + n), name: rater[0], kind: rater[1], items: new Set(flat.map((vote) => vote.item)).size, votes: flat.length,
        reliability: lone ? undefinedBecause("there is no second rater to compare with") : share(flat.filter((vote) => vote.right).length / 6, flat.length / 6),
        gold: { right: goldRight, of: goldVotes.length, estimate: share(goldRight, goldVotes.length) }, median_s: rater[4],
        drift: { values: lone ? [] : windows, since: rater[5] < 0 ? at(26 * day) : null, flagged: rater[5] < 0, words: rater[5] < 0 ? `Agrees less with the consensus since ${at(26 * day).slice(0, 10)}: ${(windows[1] ?? 0).toFixed(2)} before, ${(windows[6] ?? 0).toFixed(2)} now (p < 0.01)` : "" },
        differs: all.flatMap(({ unit }, u) => (own[u] ?? []).filter((vote) => !vote.right).map((vote) => ({ unit: unit.id, item_id: items[vote.item]?.id, number: items[vote.item]?.number, said: unit.classes[vote.said]?.id, consensus: unit.classes[consensus[u]?.[vote.item] ?? 0]?.id }))).slice(0, 500),
        confusion: lone ? [] : all.map(({ unit }, u) => {
          const table = unit.classes.map((_, row) => unit.classes.map((__, column) => (own[u] ?? []).filter((vote) => vote.said === column && consensus[u]?.[vote.item] === row).length));
          const each = (pick: "value" | "low" | "high") => table.map((row) => row.map((cell) => share(cell, row.reduce((a, b) => a + b, 0))[pick] ?? 0));
          return { unit: unit.id, counts: table, rates: each("value"), low: each("low"), high: each("high") };
        }),
      };
    }),
    uncertainty: { edges_bits: edges, counts },
    uncertain_items: [...kept].sort((a, b) => b.bits - a.bits).map((one) => ({ item_id: items[one.item]?.id, number: items[one.item]?.number, pseudonym: items[one.item]?.patient.pseudonym, title: items[one.item]?.title, unit: made[one.unit]?.id ?? made[0]?.id, top: { class: made[one.unit]?.classes[one.top]?.id ?? "", probability: one.probability }, entropy_bits: one.bits, votes: votesOn(one.item), votes_needed: one.settled ? 0 : one.bits > 0.8 ? 2 : 1, settled: one.settled })),
    gold: count === 0 || variant === "one_class" ? [] : items.slice(0, goldCount).map((item, n) => ({ item_id: item.id, number: item.number, unit: made[0]?.id, truth: made[0]?.classes[all[0]?.truth[n] ?? 0]?.id, answers: (all[0]?.votes ?? []).filter((vote) => vote.item === n).map((vote) => ({ rater_id: vote.rater < 5 ? id(vote.rater + 1) : id(40 + vote.rater), said: made[0]?.classes[vote.said]?.id, right: vote.said === all[0]?.truth[n] })) })),
    effort: { settled_share: count === 0 ? 0 : 1 - unsettled / count, votes_more: unsettled + 12, hours: variant === "full" ? { value: 14.2, low: 9.1, high: 20.8, undefined: null } : undefinedBecause("fewer than 20 items are settled"), curve: count === 0 ? [] : [0, 6, 12, 18, 24, 30, 36, 38].map((hours) => ({ hours, share: ((1 - unsettled / count) * (1 - Math.exp(-hours / 17))) / (1 - Math.exp(-38 / 17)) })) },
  };
}
