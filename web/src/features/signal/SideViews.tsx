// What stands beside the paper, or in its place: full disclosure, clusters, RR intervals, spectrogram.
import { useMemo } from "react";
import type { ItemId, ProjectId } from "@/core/workspace";
import { Clusters } from "./clusters/Clusters";
import { Disclosure } from "./disclosure/Disclosure";
import type { Labels } from "./labels";
import type { SignalState } from "./model";
import type { RecordingSource } from "./recording_source";
import { RhythmView } from "./rhythm/RhythmView";
import { SpectrumView } from "./rhythm/SpectrumView";
import "./side_views.css";

interface Props {
  readonly state: SignalState;
  readonly labels: Labels;
  readonly set: (state: SignalState) => void;
  readonly project: ProjectId;
  readonly item: ItemId;
}

export function SideViews({ state, labels, set, project, item }: Props): React.JSX.Element | null {
  const { recording } = state;
  const source = useMemo((): RecordingSource => ({ project, item, recording }), [project, item, recording]);
  switch (state.side) {
    case "disclosure": return <Disclosure state={state} labels={labels} set={set} source={source} />;
    case "clusters": return <Clusters state={state} labels={labels} set={set} source={source} />;
    case "rhythm": return <RhythmView state={state} labels={labels} set={set} />;
    case "spectrum": return <SpectrumView state={state} source={source} />;
    case "paper": return null;
  }
}
