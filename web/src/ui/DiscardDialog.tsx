// Asks before something is discarded for good.
import { Button, Modal } from "@mantine/core";

interface DiscardWords {
  readonly title: string;
  readonly text: string;
  readonly keep: string;
  readonly discard: string;
}

export function DiscardDialog({ words, busy, close, discard }: { readonly words: DiscardWords; readonly busy: boolean; readonly close: () => void; readonly discard: () => void }): React.JSX.Element {
  return (
    <Modal opened onClose={close} title={words.title}>
      <p style={{ marginTop: 0 }}>{words.text}</p>
      <div className="row" style={{ justifyContent: "flex-end" }}>
        <Button variant="default" onClick={close} data-autofocus>{words.keep}</Button>
        <Button color="red" loading={busy} onClick={discard}>{words.discard}</Button>
      </div>
    </Modal>
  );
}
