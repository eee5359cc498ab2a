// What is asked before an adjudication goes out, and the question back.
import { DiscardDialog as DiscardForGood } from "@/ui/DiscardDialog";
import { Button, Checkbox, Modal, Textarea } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { strings } from "./strings";

const reasonLongest = 1000;

export function SubmitDialog(props: { readonly lead: string; readonly why: string; readonly gold: boolean; readonly setGold: () => void; readonly busy: boolean; readonly close: () => void; readonly submit: (reason: string) => void }): React.JSX.Element {
  const [reason, setReason] = useState("");
  const send = (event?: FormEvent): void => {
    event?.preventDefault();
    if (reason.trim() !== "") props.submit(reason);
  };
  return (
    <Modal opened onClose={props.close} title={strings.submitTitle}>
      <form onSubmit={send} style={{ display: "grid", gap: 14 }}>
        <p style={{ margin: 0 }}>{props.lead}</p>
        <Textarea
          label={strings.reason} description={props.why} value={reason} onChange={(event) => { setReason(event.currentTarget.value); }} autosize minRows={3} maxRows={8} maxLength={reasonLongest} data-autofocus required withAsterisk={false}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
          }}
        />
        <Checkbox size="sm" label={strings.gold} description={strings.goldHelp} checked={props.gold} onChange={props.setGold} />
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={props.close}>{strings.cancel}</Button>
          <Button type="submit" loading={props.busy} disabled={reason.trim() === ""} rightSection={<kbd className="rv-on-accent">Ctrl Enter</kbd>}>{strings.submit(0)}</Button>
        </div>
      </form>
    </Modal>
  );
}

export function DiscardDialog({ busy, close, discard, again }: { readonly busy: boolean; readonly close: () => void; readonly discard: () => void; readonly again: boolean }): React.JSX.Element {
  const words = { title: strings.draftDiscardTitle, text: again ? strings.draftDiscardTextAgain : strings.draftDiscardText, keep: strings.cancel, discard: strings.draftDiscard };
  return <DiscardForGood words={words} busy={busy} close={close} discard={discard} />;
}

/** From what the draft begins; digits choose as a click does. */
export function DrawDialog({ choices, busy, close }: { readonly choices: readonly { readonly name: string; readonly begin: () => void }[]; readonly busy: boolean; readonly close: () => void }): React.JSX.Element {
  return (
    <Modal opened onClose={close} title={strings.drawTitle}>
      <div
        style={{ display: "grid", gap: 8 }} role="group" aria-label={strings.drawTitle}
        onKeyDown={(event) => {
          if (!busy && /^[1-9]$/.test(event.key)) choices[Number(event.key) - 1]?.begin();
        }}
      >
        <p style={{ margin: "0 0 6px" }}>{strings.drawLead}</p>
        {choices.map((choice, n) => (
          <Button key={choice.name} variant="default" justify="space-between" fullWidth disabled={busy} onClick={choice.begin} rightSection={n < 9 ? <kbd>{n + 1}</kbd> : null} {...(n === 0 ? { "data-autofocus": true } : {})}>{choice.name}</Button>
        ))}
      </div>
    </Modal>
  );
}

export function AskDialog(props: { readonly start: string; readonly busy: boolean; readonly close: () => void; readonly ask: (text: string) => void }): React.JSX.Element {
  const [text, setText] = useState(props.start);
  const more = text.trim() !== "" && text.trim() !== props.start.trim();
  const send = (event?: FormEvent): void => {
    event?.preventDefault();
    if (more) props.ask(text.trim());
  };
  return (
    <Modal opened onClose={props.close} title={strings.askTitle}>
      <form onSubmit={send} style={{ display: "grid", gap: 14 }}>
        <Textarea
          label={strings.askLabel} description={strings.askHelp} value={text} onChange={(event) => { setText(event.currentTarget.value); }} autosize minRows={3} maxRows={10} maxLength={2000} data-autofocus required withAsterisk={false}
          onFocus={(event) => { event.currentTarget.setSelectionRange(text.length, text.length); }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
          }}
        />
        <div className="row" style={{ justifyContent: "flex-end" }}>
          <Button variant="default" onClick={props.close}>{strings.cancel}</Button>
          <Button type="submit" loading={props.busy} disabled={!more}>{strings.send}</Button>
        </div>
      </form>
    </Modal>
  );
}
