// The four states every page has besides the good one: empty, failed, loading, away.
import { Button, Loader, Skeleton } from "@mantine/core";
import { useDelayed } from "./use_delayed";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import type { ReactNode } from "react";

export function Empty({ icon, title, children, action }: { readonly icon: ReactNode; readonly title: string; readonly children: ReactNode; readonly action?: ReactNode }) {
  return (
    <div className="empty">
      {icon}
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

export function Failed({ error, retry }: { readonly error: { readonly what: string; readonly where: string; readonly remedy: string }; readonly retry?: () => void }) {
  return (
    <div className="empty" role="alert">
      <IconAlertTriangle size={32} stroke={1.5} aria-hidden />
      <h2>{error.what}</h2>
      <p>
        {error.where === "" ? null : <span>{error.where}. </span>}
        {error.remedy}
      </p>
      {retry === undefined ? null : (
        <Button variant="default" leftSection={<IconRefresh size={14} />} onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

// Nothing for the first 300 ms: a page that is quick should not flicker.
export function Loading({ label, lines = 0 }: { readonly label: string; readonly lines?: number }) {
  const shown = useDelayed(300);
  return (
    <div role="status" aria-live="polite" aria-label={label}>
      {!shown ? null : lines > 0 ? (
        <div style={{ padding: 16, display: "grid", gap: 10 }}>
          {Array.from({ length: lines }, (_, line) => (
            <Skeleton key={line} height={32} radius="sm" />
          ))}
        </div>
      ) : (
        <div className="empty">
          <Loader size="sm" />
          <p>{label}</p>
        </div>
      )}
    </div>
  );
}
