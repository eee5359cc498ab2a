// Dialogs that every workspace shares: ask the lead, what a submit lacks, the patient's
// other items.
import type { Violation } from "@/api/client";
import type { ItemDetail, ItemKind } from "@/core/workspace";
import { Empty } from "@/ui/states";
import { Button, Drawer, Modal, Textarea } from "@mantine/core";
import { IconCalendar, IconFileText, IconPhoto, IconWaveSine } from "@tabler/icons-react";
import { useState, type FormEvent } from "react";
import { Link } from "react-router";

export const kindIcon = (kind: ItemKind) => (kind === "image" ? IconPhoto : kind === "text" ? IconFileText : IconWaveSine);

export function QuestionDialog({ busy, close, ask }: { readonly busy: boolean; readonly close: () => void; readonly ask: (text: string) => void }) {
  const [text, setText] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() !== "") ask(text.trim());
  };
  return (
    <Modal opened onClose={close} title="Ask the lead">
      <form onSubmit={submit} style={{ display: "grid", gap: 14 }}>
        <Textarea label="Question about this item" description="The lead answers on the project page. You can go on meanwhile." value={text} onChange={(event) => { setText(event.currentTarget.value); }} autosize minRows={3} maxRows={10} maxLength={2000} data-autofocus required withAsterisk={false} />
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={text.trim() === ""}>
            Send
          </Button>
        </div>
      </form>
    </Modal>
  );
}

export function ViolationsDialog({ violations, what, close }: { readonly violations: readonly Violation[]; readonly what: string; readonly close: () => void }) {
  return (
    <Modal opened onClose={close} title="Not submitted yet">
      <p style={{ marginTop: 0 }}>{what}</p>
      <ul style={{ margin: "0 0 16px", paddingLeft: 18, display: "grid", gap: 8 }}>
        {violations.map((violation) => (
          <li key={`${violation.path} ${violation.what}`}>
            <b>{violation.what}</b>
            <div className="muted">{violation.remedy}</div>
          </li>
        ))}
      </ul>
      <div className="row" style={{ justifyContent: "flex-end" }}>
        <Button onClick={close} data-autofocus>
          Back to the item
        </Button>
      </div>
    </Modal>
  );
}

export function RelatedDrawer({ item, close }: { readonly item: ItemDetail; readonly close: () => void }) {
  const rows = [...item.related, { item_id: item.id, project_id: item.project_id, kind: item.kind, modality: item.modality, date: item.date, title: item.title }].sort((a, b) => (b.date ?? "").localeCompare(a.date ?? ""));
  return (
    <Drawer opened onClose={close} position="right" size={400} title={`${item.patient.pseudonym}: all items, by date`}>
      {item.related.length === 0 ? (
        <Empty icon={<IconCalendar size={32} stroke={1.5} />} title="Nothing else">
          This patient has no other item in your projects.
        </Empty>
      ) : (
        <div className="related">
          {rows.map((row) => {
            const Icon = kindIcon(row.kind);
            const here = row.item_id === item.id;
            const inner = (
              <>
                <Icon size={16} stroke={1.5} aria-hidden />
                <span>{row.date ?? "no date"}</span>
                <span>
                  {row.title}
                  {here ? " (open)" : ""}
                </span>
              </>
            );
            return (
              <Link key={row.item_id} to={`/p/${row.project_id}/item/${row.item_id}`} onClick={close} {...(here ? { "aria-current": "true" as const } : {})}>
                {inner}
              </Link>
            );
          })}
        </div>
      )}
    </Drawer>
  );
}
