// A smooth closed or open line through the rater's places: a centripetal Catmull-Rom spline (P. J. Schneider's parameter of one
// half makes neither cusps nor loops), flattened to corners.
type Place = readonly [number, number];

export function splineThrough(places: readonly Place[], closed: boolean, cornersEach = 12): readonly Place[] {
  const n = places.length;
  if (n < 3) return places;
  const at = (index: number): Place => (closed ? places[(index + n) % n] : places[Math.min(Math.max(index, 0), n - 1)]) ?? [0, 0];
  const corners: Place[] = [];
  const pieces = closed ? n : n - 1;
  for (let piece = 0; piece < pieces; piece++) {
    for (let step = 0; step < cornersEach; step++) corners.push(between(at(piece - 1), at(piece), at(piece + 1), at(piece + 2), step / cornersEach));
  }
  if (!closed) corners.push(at(n - 1));
  return corners;
}

/** Barry and Goldman's pyramid for the centripetal parameter. */
function between(p0: Place, p1: Place, p2: Place, p3: Place, part: number): Place {
  const gap = (a: Place, b: Place): number => Math.max(Math.sqrt(Math.hypot(b[0] - a[0], b[1] - a[1])), 1e-6);
  const t1 = gap(p0, p1);
  const t2 = t1 + gap(p1, p2);
  const t3 = t2 + gap(p2, p3);
  const t = t1 + (t2 - t1) * part;
  const mix = (a: Place, b: Place, from: number, to: number): Place => {
    const w = (t - from) / (to - from);
    return [a[0] + (b[0] - a[0]) * w, a[1] + (b[1] - a[1]) * w];
  };
  const [a1, a2, a3] = [mix(p0, p1, 0, t1), mix(p1, p2, t1, t2), mix(p2, p3, t2, t3)];
  return mix(mix(a1, a2, 0, t2), mix(a2, a3, t1, t3), t1, t2);
}

/** A freehand line with fewer corners: those within `reach` of what stays go (D. Douglas, T. Peucker, Cartographica 10 (1973) 112-122). */
export function simplified(places: readonly Place[], reach: number): readonly Place[] {
  const first = places[0];
  const last = places.at(-1);
  if (first === undefined || last === undefined || places.length < 3) return places;
  let [far, index] = [0, 0];
  for (let n = 1; n < places.length - 1; n++) {
    const away = distance(places[n] ?? first, first, last);
    if (away > far) [far, index] = [away, n];
  }
  if (far <= reach) return [first, last];
  return [...simplified(places.slice(0, index + 1), reach).slice(0, -1), ...simplified(places.slice(index), reach)];
}

function distance(p: Place, a: Place, b: Place): number {
  const [x, y] = [b[0] - a[0], b[1] - a[1]];
  const square = x * x + y * y;
  const t = square === 0 ? 0 : Math.min(1, Math.max(0, ((p[0] - a[0]) * x + (p[1] - a[1]) * y) / square));
  return Math.hypot(p[0] - a[0] - t * x, p[1] - a[1] - t * y);
}
