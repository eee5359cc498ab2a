// States as shape and word, never colour alone.
import type { Item } from "@/core/workspace";
import { strings as t } from "./strings";

const shapes = {
  open: <circle cx="6" cy="6" r="4.5" fill="none" stroke="var(--text-2)" strokeWidth="1.5" />,
  half: (
    <>
      <circle cx="6" cy="6" r="4.5" fill="none" stroke="var(--accent-strong)" strokeWidth="1.5" />
      <path d="M6 1.5a4.500 4.500 0 0 1 0 9z" fill="var(--accent-strong)" />
    </>
  ),
  full: <circle cx="6" cy="6" r="5" fill="var(--label-1)" />,
  square: (
    <>
      <rect x="1" y="1" width="10" height="10" rx="2" fill="var(--ok)" />
      <path d="M3 6l2 2 4-4" stroke="var(--surface)" strokeWidth="1.5" fill="none" />
    </>
  ),
  bar: <path d="M2 10L10 2" stroke="var(--warn)" strokeWidth="2" />,
} as const;

const shapeOf = (item: Item): keyof typeof shapes => (item.state === "available" ? "open" : item.state === "in_progress" ? "half" : item.state === "submitted" ? "full" : item.state === "done" ? "square" : "bar");

export const StateMark = ({ item }: { readonly item: Item }) => (
  <span className="wl-state">
    <svg width="12" height="12" aria-hidden>
      {shapes[shapeOf(item)]}
    </svg>
    {t.state[item.state]}
  </span>
);

export function Mine({ item, questions }: { readonly item: Item; readonly questions: number | null }) {
  const { state, answered = 0, annotations } = item.mine;
  if (state === "draft" || state === "leased") {
    const share = questions === null || questions === 0 ? null : Math.min(1, answered / questions);
    return (
      <span className="wl-mine">
        <span>{share === null ? t.mine[state] : `${String(answered)} of ${String(questions)} answered`}</span>
        <small>{annotations === 1 ? "1 label" : `${String(annotations)} labels`}</small>
        {share === null ? null : (
          <span className="meter">
            <i style={{ width: `${String(share * 100)}%` }} />
          </span>
        )}
      </span>
    );
  }
  if (state === "skipped") {
    return (
      <span className="wl-mine">
        <span className="warn strong">{t.mine.skipped}</span>
        <small title={item.mine.skip_reason ?? ""}>{item.mine.skip_reason}</small>
      </span>
    );
  }
  if (state === "submitted") {
    return (
      <span className="wl-mine">
        <span>{t.mine.submitted}</span>
        <small>{annotations === 1 ? "1 label" : `${String(annotations)} labels`}</small>
      </span>
    );
  }
  return <span className={state === "assigned" ? "strong" : "muted"}>{t.mine[state]}</span>;
}
