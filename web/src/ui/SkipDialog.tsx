// Skipping asks why, wherever it is done.
import { Button, Modal, Radio, Textarea } from "@mantine/core";
import { useState, type FormEvent } from "react";

const reasons = ["The material is of another body part or kind", "The quality is too poor to label", "The material is incomplete", "I know this patient", "Outside my field"] as const;
const otherReason = "other";

export function SkipDialog({ busy, close, skip, count = 1 }: { readonly busy: boolean; readonly close: () => void; readonly skip: (reason: string) => void; readonly count?: number }) {
  const [chosen, setChosen] = useState<string>(reasons[0]);
  const [text, setText] = useState("");
  const reason = chosen === otherReason ? text.trim() : chosen;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason !== "") skip(reason);
  };
  return (
    <Modal opened onClose={close} title={count === 1 ? "Skip this item" : `Skip ${String(count)} items`}>
      <form onSubmit={submit} style={{ display: "grid", gap: 14 }}>
        <Radio.Group label="Why?" description="The lead sees the reason. Drafts are kept." value={chosen} onChange={setChosen}>
          <div className="reasons" style={{ paddingTop: 8 }}>
            {reasons.map((one) => (
              <Radio key={one} value={one} label={one} />
            ))}
            <Radio value={otherReason} label="Another reason" />
          </div>
        </Radio.Group>
        {chosen === otherReason ? <Textarea label="The reason" value={text} onChange={(event) => { setText(event.currentTarget.value); }} autosize minRows={2} maxLength={500} data-autofocus required withAsterisk={false} description="Without the patient's name, please." /> : null}
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={reason === ""}>
            Skip
          </Button>
        </div>
      </form>
    </Modal>
  );
}
