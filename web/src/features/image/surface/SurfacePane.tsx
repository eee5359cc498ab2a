// The pane with the segments' surfaces. A chunk of its own: the library that draws it is loaded when the layout asks for it.
import { useEffect, useRef, useState } from "react";
import { cornersOf } from "@/core/cut";
import type { VoxelPoint } from "@/core/geometry";
import { readSurface } from "@/core/surface";
import type { Looks } from "../looks";
import { pointOf, voxelAt } from "../looking";
import type { ImageState } from "../model";
import { shownPicture } from "../model";
import { strings } from "../strings";
import type { ShownSurface } from "./surface_scene";
import { SurfaceScene } from "./surface_scene";

interface Props {
  readonly state: ImageState;
  readonly looks: Looks;
  /** Grows when the mask changes: the surfaces are asked for again a little later. */
  readonly revision: number;
  readonly surfaceUrl: (gridId: string, segment: number) => string;
  readonly moveTo: (position: VoxelPoint) => void;
}

const askAfterMs = 1500; // the server makes surfaces of what is saved

export default function SurfacePane(props: Props): React.JSX.Element {
  const { state, looks, revision, surfaceUrl } = props;
  const picture = shownPicture(state);
  const { grid_id: gridId, grid } = picture.volume;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [scene, setScene] = useState<SurfaceScene | null>(null);
  const [surfaces, setSurfaces] = useState<readonly Omit<ShownSurface, "colour" | "visible">[]>([]);
  const [problem, setProblem] = useState("");
  const pressed = useRef({ x: 0, y: 0 });
  const asked = useRef(-1);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    let made: SurfaceScene;
    try {
      made = new SurfaceScene(element, cornersOf(grid.affine, grid.dims));
    } catch {
      setProblem(strings.volume.failed);
      return;
    }
    const fit = (): void => made.resize(element.clientWidth, element.clientHeight);
    const observer = new ResizeObserver(fit);
    observer.observe(element);
    setScene(made);
    return () => {
      observer.disconnect();
      made.stop();
      setScene(null);
    };
  }, [grid]);

  const segments = [...looks.segments.keys()].sort((a, b) => a - b).join("/");
  useEffect(() => {
    const abort = new AbortController();
    const wanted = segments === "" ? [] : segments.split("/").map(Number);
    const ask = async (): Promise<void> => {
      const found = await Promise.all(wanted.map(async (segment) => {
        const answer = await fetch(surfaceUrl(gridId, segment), { signal: abort.signal, credentials: "same-origin" });
        if (answer.status === 404) return []; // nothing of it is stored yet
        const surface = answer.ok ? readSurface(await answer.arrayBuffer()) : undefined;
        if (surface === undefined) throw new Error(strings.volume.failed);
        return [{ segment, surface }];
      }));
      if (abort.signal.aborted) return;
      setProblem("");
      setSurfaces(found.flat());
    };
    const timer = setTimeout(() => {
      asked.current = revision;
      ask().catch((error: unknown) => {
        if (!abort.signal.aborted) setProblem(error instanceof Error ? error.message : strings.volume.failed);
      });
    }, asked.current < 0 ? 0 : askAfterMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [segments, revision, gridId, surfaceUrl]);

  useEffect(() => {
    scene?.show(surfaces.map((one) => ({ ...one, colour: looks.segments.get(one.segment)?.colour ?? "#ffffff", visible: looks.segments.get(one.segment)?.visible ?? false })));
  }, [scene, surfaces, looks]);
  useEffect(() => {
    scene?.crosshair(pointOf(state), 12);
  }, [scene, state]);

  const onUp = (event: React.PointerEvent<HTMLCanvasElement>): void => {
    // A drag turns, a click jumps.
    if (Math.hypot(event.clientX - pressed.current.x, event.clientY - pressed.current.y) > 4) return;
    const box = event.currentTarget.getBoundingClientRect();
    const point = scene?.pick(((event.clientX - box.left) / box.width) * 2 - 1, 1 - ((event.clientY - box.top) / box.height) * 2);
    const voxel = point === undefined ? null : voxelAt(picture, point);
    if (voxel !== null) props.moveTo(voxel);
  };

  return (
    <section className="image-pane image-surface" aria-label={strings.volume.name} data-triangles={surfaces.reduce((sum, one) => sum + one.surface.triangles.length / 3, 0)}>
      <canvas
        ref={canvas} tabIndex={0} role="application" aria-label={`${strings.volume.name}. ${strings.volume.help}`} title={strings.volume.help}
        onPointerDown={(event) => {
          pressed.current = { x: event.clientX, y: event.clientY };
        }}
        onPointerUp={onUp}
      />
      <div className="image-corner image-top-left">
        <b>{strings.volume.name}</b>
        <div>{problem !== "" ? problem : looks.segments.size === 0 ? strings.volume.none : ""}</div>
      </div>
    </section>
  );
}
