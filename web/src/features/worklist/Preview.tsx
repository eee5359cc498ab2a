// What an item looks like at a glance: a slice, the first lines of a note, three seconds of a lead.
import type { Item } from "@/core/workspace";
import { IconFileText, IconPhoto, IconWaveSine } from "@tabler/icons-react";
import { useState } from "react";

const width = 154;
const height = 38;

function Trace({ points }: { readonly points: readonly number[] }) {
  const finite = points.filter(Number.isFinite);
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const scale = (height - 8) / Math.max(1e-9, high - low);
  const path = points.map((point, at) => (Number.isFinite(point) ? `${at === 0 || !Number.isFinite(points[at - 1] ?? Number.NaN) ? "M" : "L"}${((at * width) / Math.max(1, points.length - 1)).toFixed(1)} ${(height - 4 - (point - low) * scale).toFixed(1)}` : "")).join("");
  return (
    <svg className="wl-preview wl-paper" viewBox={`0 0 ${String(width)} ${String(height)}`} aria-hidden>
      <path className="wl-grid" d={Array.from({ length: 16 }, (_, at) => `M${String(at * 10 + 0.5)} 0V${String(height)}`).join("") + Array.from({ length: 4 }, (_, at) => `M0 ${String(at * 10 + 4.5)}H${String(width)}`).join("")} />
      <path className="wl-trace" d={path} />
    </svg>
  );
}

const none = { image: IconPhoto, text: IconFileText, signal: IconWaveSine };

export function Preview({ item }: { readonly item: Item }) {
  const [failed, setFailed] = useState(false);
  const preview = item.preview;
  if (preview?.kind === "image" && !failed) {
    return (
      <span className="wl-preview wl-slice">
        <img src={preview.url} alt="" loading="lazy" decoding="async" onError={() => { setFailed(true); }} />
      </span>
    );
  }
  if (preview?.kind === "text") return <span className="wl-preview wl-note">{preview.text}</span>;
  if (preview?.kind === "signal" && preview.points.length > 1) return <Trace points={preview.points} />;
  const Icon = none[item.kind];
  return (
    <span className="wl-preview wl-none">
      <Icon size={18} stroke={1.5} aria-hidden />
    </span>
  );
}
