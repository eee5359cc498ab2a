// Hands items out: to whom, of the people that the page offers.
import { Failed, Loading } from "./states";
import { Button, Checkbox, Modal } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";

interface Words {
  readonly title: string;
  readonly hint: string;
  readonly act: string;
}

export function AssignDialog<Id extends string>(props: {
  readonly words: Words;
  readonly people: readonly { readonly id: Id; readonly name: string; readonly note?: string }[] | undefined; // undefined while they are asked for
  readonly error: { readonly what: string; readonly where: string; readonly remedy: string } | null;
  readonly retry: () => void;
  readonly busy: boolean;
  readonly close: () => void;
  readonly assign: (people: readonly Id[]) => void;
  readonly children?: ReactNode; // what is handed out, when that needs saying
}) {
  const { words, people, error, retry, busy, close, assign, children } = props;
  const [chosen, setChosen] = useState<string[]>([]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    assign((people ?? []).map((person) => person.id).filter((id) => chosen.includes(id)));
  };
  return (
    <Modal opened onClose={close} title={words.title}>
      {error !== null ? (
        <Failed error={error} retry={retry} />
      ) : people === undefined ? (
        <Loading label="Loading the raters" />
      ) : (
        <form onSubmit={submit} style={{ display: "grid", gap: 14 }}>
          {children}
          <Checkbox.Group label="To whom?" description={words.hint} value={chosen} onChange={setChosen}>
            <div style={{ display: "grid", gap: 8, paddingTop: 8 }}>
              {people.map((person) => (
                <Checkbox key={person.id} value={person.id} label={person.name} description={person.note} />
              ))}
            </div>
          </Checkbox.Group>
          {people.length === 0 ? <p className="muted">This project has no rater yet. Add one on the project page.</p> : null}
          <div className="row" style={{ justifyContent: "flex-end" }}>
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={chosen.length === 0}>
              {words.act}
            </Button>
          </div>
        </form>
      )}
    </Modal>
  );
}
