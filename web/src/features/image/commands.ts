// What a rater can do in the image workspace, each declared once.
import {
  IconArrowBackUp, IconArrowForwardUp, IconBook2, IconBrush, IconContrast, IconContrastOff, IconCrosshair, IconEraser, IconFocusCentered,
  IconAngle, IconArrowsCross, IconBallTennis, IconDiamond, IconLasso, IconLine, IconMarquee2, IconMagnet, IconOvalVertical, IconScissors, IconVectorBezier2, IconVectorTriangle, IconWand,
  IconHelpCircle, IconLayoutGrid, IconPlayerSkipForward, IconPolygon, IconRuler2, IconSend, IconArrowsMove, IconSquare, IconCircleDot, IconZoomIn, IconTrash,
} from "@tabler/icons-react";
import type { Command } from "@/core/commands";
import type { Effect, ImageState, Layout, Tool } from "./model";
import { findingLabels, lookingTools, neighbour, redoStep, undoStep, withFit, withLabel, withRadius, withSelected, shownPicture } from "./model";
import { lutNames } from "@/core/luts";
import type { Slab } from "@/core/reslice";
import { planesInOrder, scrolledOn, withLooking, withoutTurn } from "./looking";
import { ctPresets, isCt } from "./presets";
import { strings } from "./strings";
import type { ToolOptions } from "./tools/options";

export type ImageEffect =
  | Effect
  | { readonly kind: "submit" | "skip" | "question" | "removeSelected" | "answerNext" }
  | { readonly kind: "goTo"; readonly id: NonNullable<ImageState["selected"]> };
export type ImageCommand = Command<ImageState, ImageEffect>;

const tool = (id: Tool, shortcut: string, group: string, icon: ImageCommand["icon"]): ImageCommand => ({
  id: `image.tool.${id}`,
  label: strings.tools[id],
  shortcut,
  group,
  ...(icon === undefined ? {} : { icon }),
  apply: (state) => ({ ...state, tool: id }),
  enabled: (state) => !state.readOnly || lookingTools.includes(id),
});

export const toolCommands: readonly ImageCommand[] = [
  tool("window", "W", strings.groups.view, IconContrast),
  tool("window_region", "Alt+W", strings.groups.view, IconMarquee2),
  tool("pan", "H", strings.groups.view, IconArrowsMove),
  tool("zoom", "M", strings.groups.view, IconZoomIn),
  tool("crosshair", "X", strings.groups.view, IconCrosshair),
  tool("brush", "B", strings.groups.paint, IconBrush),
  tool("sphere", "Shift+B", strings.groups.paint, IconBallTennis),
  tool("eraser", "E", strings.groups.paint, IconEraser),
  tool("scissors", "C", strings.groups.paint, IconScissors),
  tool("livewire", "L", strings.groups.paint, IconMagnet),
  tool("wand", "V", strings.groups.paint, IconWand),
  tool("polygon", "Y", strings.groups.shapes, IconPolygon),
  tool("freehand", "J", strings.groups.shapes, IconLasso),
  tool("spline", "K", strings.groups.shapes, IconVectorBezier2),
  tool("box", "O", strings.groups.shapes, IconSquare),
  tool("rotated_box", "Shift+O", strings.groups.shapes, IconDiamond),
  tool("ellipse", "U", strings.groups.shapes, IconOvalVertical),
  tool("polyline", "Shift+Y", strings.groups.shapes, IconLine),
  tool("point", "T", strings.groups.shapes, IconCircleDot),
  tool("length", "D", strings.groups.measure, IconRuler2),
  tool("bidirectional", "R", strings.groups.measure, IconArrowsCross),
  tool("angle", "Shift+D", strings.groups.measure, IconAngle),
  tool("cobb", "Shift+C", strings.groups.measure, IconVectorTriangle),
];

const scrollMain = (state: ImageState, by: number): ImageState => {
  const plane = planesInOrder(state)[0];
  return plane === undefined ? state : scrolledOn(state, plane, by);
};

/** Settings that are changed in the middle of work, each by a key. */
const setting = (id: string, label: string, shortcut: string, set: (options: ToolOptions) => Partial<ToolOptions>): ImageCommand => ({
  id: `image.option.${id}`,
  label,
  shortcut,
  group: strings.groups.paint,
  apply: (state) => ({ ...state, options: { ...state.options, ...set(state.options) } }),
  enabled: (state) => !state.readOnly,
});

const optionCommands: readonly ImageCommand[] = [
  setting("limit", strings.optionKeys.limit, "Shift+W", ({ limit }) => ({ limit: limit === "none" ? "window" : limit === "window" ? "typed" : "none" })),
  setting("where", strings.optionKeys.where, "Shift+P", ({ where }) => ({ where: where === "empty" ? "anywhere" : "empty", inside: null })),
  setting("eraseActive", strings.optionKeys.eraseActive, "Shift+E", ({ eraseActive }) => ({ eraseActive: !eraseActive })),
  setting("scissors", strings.optionKeys.scissors, "Shift+S", ({ scissors }) => ({ scissors: { ...scissors, erase: !scissors.erase } })),
  setting("space", strings.optionKeys.space, "Shift+V", ({ wand }) => ({ wand: { ...wand, space: !wand.space, level: false } })),
];

const scroll = (id: string, label: string, shortcut: string | readonly string[], by: number): ImageCommand => ({
  id: `image.${id}`,
  label,
  shortcut,
  group: strings.groups.go,
  hidden: true,
  apply: (state) => scrollMain(state, by),
});

const goTo = (id: string, label: string, shortcut: string, by: 1 | -1): ImageCommand => ({
  id: `image.${id}`,
  label,
  shortcut,
  group: strings.groups.findings,
  apply: (state) => {
    const found = neighbour(state, by);
    if (found === null) return state;
    return { state: withSelected(state, found), effects: [{ kind: "goTo", id: found }] };
  },
  enabled: (state) => neighbour(state, by) !== null,
});

const isDeep = (state: ImageState): boolean => shownPicture(state).volume.grid.dims[2] > 1;
const layouts: readonly Layout[] = ["three", "one", "four", "row"];

/** The windows by body part are on the function keys, as in reading rooms. */
const windowCommands: readonly ImageCommand[] = ctPresets.map(({ name, centre, width }, n) => ({
  id: `image.window.${name.toLowerCase()}`, label: strings.windowOf(name), shortcut: n < 2 ? `Alt+${String(n + 1)}` : `F${String(n + 1)}`, group: strings.groups.view, hidden: true,
  apply: (state) => ({ ...state, window: { centre, width } }), enabled: (state) => isCt(shownPicture(state)),
}));

const lookCommands: readonly ImageCommand[] = [
  { id: "image.upright", label: strings.upright, shortcut: "Shift+R", group: strings.groups.view, apply: withoutTurn, enabled: (state) => state.looking.turn !== null },
  { id: "image.film", label: strings.film.playName, shortcut: "Alt+P", group: strings.groups.view, apply: (state) => withLooking(state, { film: { ...state.looking.film, playing: !state.looking.film.playing } }), enabled: isDeep },
  { id: "image.slab", label: strings.slab.next, shortcut: "Alt+M", group: strings.groups.view, apply: (state) => withLooking(state, { slab: nextSlab(state.looking.slab) }), enabled: isDeep },
  { id: "image.outlines", label: strings.outlinesNext, shortcut: "Alt+O", group: strings.groups.view, apply: (state) => withLooking(state, { outlines: !state.looking.outlines }) },
  { id: "image.lut", label: strings.lutNext, shortcut: "Alt+L", group: strings.groups.view, apply: (state) => withLooking(state, { lut: lutNames[(lutNames.indexOf(state.looking.lut) + 1) % lutNames.length] ?? "grey" }) },
];

const slabModes = [null, "max", "min", "mean"] as const;
function nextSlab(slab: Slab | null): Slab | null {
  const mode = slabModes[(slabModes.indexOf(slab?.mode ?? null) + 1) % slabModes.length] ?? null;
  return mode === null ? null : { mode, thicknessMm: slab?.thicknessMm ?? 10 };
}

export const viewCommands: readonly ImageCommand[] = [
  { id: "image.invert", label: strings.invert, shortcut: "I", group: strings.groups.view, icon: IconContrastOff, apply: (state) => ({ ...state, inverted: !state.inverted }) },
  { id: "image.fit", label: strings.fit, shortcut: "F", group: strings.groups.view, icon: IconFocusCentered, apply: withFit },
  { id: "image.layout", label: strings.layout, shortcut: "Q", group: strings.groups.view, icon: IconLayoutGrid, apply: (state) => ({ ...state, layout: layouts[(layouts.indexOf(state.layout) + 1) % layouts.length] ?? "three" }), enabled: isDeep },
  { id: "image.crosshair", label: strings.crosshairShown, shortcut: "Shift+X", group: strings.groups.view, apply: (state) => ({ ...state, crosshair: !state.crosshair }) },
  { id: "image.segmentTools", label: strings.segment.toggle, shortcut: "Shift+T", group: strings.groups.paint, apply: (state) => ({ ...state, segmentTools: !state.segmentTools }), enabled: (state) => !state.readOnly },
  { id: "image.guideline", label: strings.guidelineToggle, shortcut: "G", group: strings.groups.view, icon: IconBook2, apply: (state) => ({ ...state, guideline: !state.guideline }) },
];

export const itemCommands: readonly ImageCommand[] = [
  { id: "image.undo", label: strings.undoName, shortcut: ["Z", "Ctrl+Z"], group: strings.groups.item, icon: IconArrowBackUp, apply: undoStep, enabled: (state) => state.history.past.length > 0 && !state.readOnly },
  { id: "image.redo", label: strings.redoName, shortcut: ["Shift+Z", "Ctrl+Y"], group: strings.groups.item, icon: IconArrowForwardUp, apply: redoStep, enabled: (state) => state.history.future.length > 0 && !state.readOnly },
  { id: "image.submit", label: strings.submitName, shortcut: "Enter", group: strings.groups.item, icon: IconSend, apply: (state) => ({ state, effects: [{ kind: "submit" }] }), enabled: (state) => !state.readOnly },
  { id: "image.answerNext", label: strings.answerNext, shortcut: "Shift+A", group: strings.groups.item, apply: (state) => ({ state, effects: [{ kind: "answerNext" }] }), enabled: (state) => !state.readOnly },
  { id: "image.skip", label: strings.skipName, shortcut: "S", group: strings.groups.item, icon: IconPlayerSkipForward, apply: (state) => ({ state, effects: [{ kind: "skip" }] }), enabled: (state) => !state.readOnly },
  { id: "image.question", label: strings.questionName, shortcut: "Shift+Q", group: strings.groups.item, icon: IconHelpCircle, apply: (state) => ({ state, effects: [{ kind: "question" }] }) },
];

const findingCommands: readonly ImageCommand[] = [
  goTo("nextFinding", strings.nextFinding, "N", 1),
  goTo("previousFinding", strings.previousFinding, "P", -1),
  { id: "image.newFinding", label: strings.newFinding, shortcut: "A", group: strings.groups.findings, apply: (state) => ({ ...state, selected: null, carried: null }), enabled: (state) => !state.readOnly },
  { id: "image.remove", label: strings.removeFinding, shortcut: ["Delete", "Backspace"], group: strings.groups.findings, icon: IconTrash, apply: (state) => ({ state, effects: [{ kind: "removeSelected" }] }), enabled: (state) => state.selected !== null && !state.readOnly },
  { id: "image.smaller", label: "Smaller brush", shortcut: "[", group: strings.groups.paint, apply: (state) => withRadius(state, state.radiusMm / 1.25) },
  { id: "image.larger", label: "Larger brush", shortcut: "]", group: strings.groups.paint, apply: (state) => withRadius(state, state.radiusMm * 1.25) },
  scroll("nextSlice", "Next slice", ["ArrowDown", "PageDown"], 1),
  scroll("previousSlice", "Previous slice", ["ArrowUp", "PageUp"], -1),
  scroll("forward", "Ten slices on", "Shift+PageDown", 10),
  scroll("back", "Ten slices back", "Shift+PageUp", -10),
];

/** All commands for a protocol: its labels are on the digits. */
export function imageCommands(state: ImageState): readonly ImageCommand[] {
  const labels = findingLabels(state.protocol).slice(0, 9).map((label, n): ImageCommand => ({
    id: `image.label.${label.id}`,
    label: strings.activeLabel(label.title),
    shortcut: String(n + 1),
    group: strings.labels,
    apply: (current) => withLabel(current, label.id),
    enabled: (current) => !current.readOnly,
  }));
  return [...toolCommands, ...viewCommands, ...lookCommands, ...windowCommands, ...itemCommands, ...findingCommands, ...optionCommands, ...labels];
}
