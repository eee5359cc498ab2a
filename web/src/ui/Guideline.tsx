// What the protocol says of a label, shown where the label is chosen.
import type { Protocol, ProtocolLabel } from "@/core/domain";
import "./guideline.css";

const words = { guideline: "Guideline", examples: { positive: "Label", negative: "Do not label", borderline: "Borderline" } } as const;

export function Guideline(props: { protocol: Protocol; label: ProtocolLabel | undefined }): React.JSX.Element {
  const { label } = props;
  const examples = label?.examples;
  return (
    <section className="guideline" aria-label={words.guideline} tabIndex={0}>
      <h2>
        <b>{words.guideline}</b> <span>{label?.title}</span>
        <i />
        <kbd>G</kbd>
      </h2>
      <p>{label?.guideline ?? label?.definition ?? props.protocol.clinical_question}</p>
      {(["positive", "borderline", "negative"] as const).map((kind) => {
        const list = examples?.[kind] ?? [];
        return list.length === 0 ? null : (
          <p key={kind} className={`guideline-example guideline-example-${kind}`}>
            <b>{words.examples[kind]}:</b> {list.join(" ")}
          </p>
        );
      })}
    </section>
  );
}
