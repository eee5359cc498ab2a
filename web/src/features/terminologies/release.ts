// The files of a release that were chosen, as they are sent: one as it is, several as a tape archive (POSIX ustar), which
// needs no pass over their bytes.

export interface ChosenFile {
  readonly file: Blob;
  readonly path: string;
}

const blockBytes = 512;

/** Files of a release that tell nothing of its concepts: other views of SNOMED CT than its snapshot, manuals, tables for machines. */
export const isOfUse = (path: string): boolean => {
  const name = path.split("/").at(-1) ?? "";
  if (/^sct2_|^der2_/u.test(name)) return name.includes("Snapshot");
  return /\.(txt|csv|rrf|obo|json|xml)$/iu.test(name);
};

function field(header: Uint8Array, begin: number, text: string): void {
  header.set(new TextEncoder().encode(text), begin);
}

/** The header of one file. Names are cut to their last part, by which a release's files are told. */
export function tarHeader(path: string, size: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(blockBytes);
  const name = (path.split("/").at(-1) ?? "").replace(/[^ -~]/gu, "_").slice(-99);
  field(header, 0, name);
  field(header, 100, "0000644");
  field(header, 108, "0000000");
  field(header, 116, "0000000");
  field(header, 124, size.toString(8).padStart(11, "0"));
  field(header, 136, "00000000000");
  field(header, 148, "        ");
  field(header, 156, "0");
  field(header, 257, "ustar\u000000");
  const sum = header.reduce((all, byte) => all + byte, 0);
  field(header, 148, `${sum.toString(8).padStart(6, "0")}\u0000 `);
  return header;
}

export function asArchive(files: readonly ChosenFile[]): Blob {
  const parts = files.flatMap(({ file, path }) => [tarHeader(path, file.size), file, new Uint8Array((blockBytes - (file.size % blockBytes)) % blockBytes)]);
  return new Blob([...parts, new Uint8Array(2 * blockBytes)]);
}

/** What is sent of what was chosen, and under which name its format is told. */
export function releaseOf(chosen: readonly ChosenFile[]): { readonly name: string; readonly body: Blob; readonly files: number } | null {
  const useful = chosen.filter(({ path }) => isOfUse(path));
  const [only] = useful;
  if (only === undefined) return null;
  if (useful.length === 1) return { name: only.path.split("/").at(-1) ?? "", body: only.file, files: 1 };
  return { name: "release.tar", body: asArchive(useful), files: useful.length };
}
