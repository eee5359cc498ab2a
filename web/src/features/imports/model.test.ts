import { describe, expect, it } from "vitest";
import { importName, isLitter, rate, share, withLabelMap, type Upload } from "./model";

const upload: Upload = { id: "i", project: "p", name: "", files: 4, paths: [], bytes: 1000, filesSent: 1, bytesSent: 250, state: "sending", problem: null, startedAt: 0 };

describe("uploads", () => {
  it("tell how far they are and how long they take", () => {
    expect(share(upload)).toBe(0.25);
    expect(share({ ...upload, bytes: 0, bytesSent: 0 })).toBe(0.25);
    expect(rate(upload, 1000)).toEqual({ bytesPerSecond: 250, secondsLeft: 3 });
    expect(rate({ ...upload, bytesSent: 0 }, 1000).secondsLeft).toBeNull();
  });
  it("leave out what systems drop into folders, and nothing else", () => {
    expect(["a/.DS_Store", "Thumbs.db", "__MACOSX/a"].map(isLitter)).toEqual([true, true, true]);
    expect(["a/DICOMDIR", "100.hea", "IM0001"].map(isLitter)).toEqual([false, false, false]);
  });
  it("are named by count and time, never by a folder", () => {
    expect(importName(1, new Date("2026-01-02T03:04:05Z"))).toBe("1 file, 2026-01-02 03:04");
  });
});

describe("a label map", () => {
  it("goes along as a file of the import, when there is one", async () => {
    const files = [{ path: "seg.dcm", file: new File(["x"], "seg.dcm") }];
    expect(withLabelMap(files, "  \n")).toBe(files);
    const all = withLabelMap(files, "Liver=liver\n");
    expect(all.map((one) => one.path)).toEqual(["seg.dcm", "label-map.txt"]);
    expect(await all[1]?.file.text()).toBe("Liver=liver\n");
  });
});
