// Small figures in plain SVG: no library for a ring and a few bars.

export function Ring({ share, label, size = 64 }: { readonly share: number; readonly label: string; readonly size?: number }) {
  const radius = size / 2 - 5;
  const length = 2 * Math.PI * radius;
  const middle = size / 2;
  return (
    <svg width={size} height={size} role="img" aria-label={label}>
      <circle cx={middle} cy={middle} r={radius} fill="none" stroke="var(--border)" strokeWidth="7" />
      {share <= 0 ? null : <circle cx={middle} cy={middle} r={radius} fill="none" stroke="var(--accent-strong)" strokeWidth="7" strokeDasharray={`${String(length * Math.min(1, share))} ${String(length)}`} transform={`rotate(-90 ${String(middle)} ${String(middle)})`} />}
      <text x={middle} y={middle + 5} textAnchor="middle" fontSize="13" fontWeight="650" fill="var(--text)">
        {`${String(Math.floor(share * 100))} %`}
      </text>
    </svg>
  );
}

export function Bars({ values, labels, title, height = 120, caption }: { readonly values: readonly number[]; readonly labels: readonly string[]; readonly title: string; readonly height?: number; readonly caption?: boolean }) {
  const most = Math.max(1, ...values);
  const width = 100 / Math.max(1, values.length);
  return (
    <figure style={{ margin: 0 }}>
      <svg width="100%" height={height} role="img" aria-label={title} style={{ display: "block" }}>
        {[0, 0.5, 1].map((line) => (
          <line key={line} x1="0" x2="100%" y1={4 + (height - 8) * (1 - line)} y2={4 + (height - 8) * (1 - line)} stroke="var(--border)" strokeDasharray={line === 0 ? undefined : "2 4"} />
        ))}
        {values.map((value, at) => {
          const tall = ((height - 8) * value) / most;
          return (
            <rect key={labels[at]} x={`${String(at * width + width * 0.14)}%`} width={`${String(width * 0.72)}%`} y={height - 4 - tall} height={Math.max(value > 0 ? 2 : 0, tall)} rx="2" fill="var(--accent-strong)">
              <title>{`${labels[at] ?? ""}: ${String(value)}`}</title>
            </rect>
          );
        })}
      </svg>
      {caption === false ? null : (
        <figcaption className="row small muted" style={{ justifyContent: "space-between", paddingTop: 4 }}>
          <span>{labels[0]}</span>
          <span>most in a day: {most}</span>
          <span>{labels.at(-1)}</span>
        </figcaption>
      )}
    </figure>
  );
}

export const Meter = ({ share, label }: { readonly share: number; readonly label: string }) => (
  <div className="meter" role="img" aria-label={label}>
    <i style={{ width: `${String(Math.max(0, Math.min(1, share)) * 100)}%` }} />
  </div>
);
