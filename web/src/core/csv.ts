// Tables as comma separated text (RFC 4180).

export type Cell = string | number | boolean | null;
export type Table = readonly (readonly Cell[])[];

const quoted = (cell: Cell): string => {
  const text = cell === null ? "" : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

export const csvText = (rows: Table): string => rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
