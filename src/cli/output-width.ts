/** How wide tables may be. */

/** What people give a terminal at least. */
const WIDTH_DEFAULT = 80;
const WIDTH_MIN = 20;

/** Columns of the terminal; into a file or a pipe `COLUMNS`, else 80. */
export function outputWidth(stream: { readonly isTTY?: boolean; readonly columns?: number }): number {
  const columns = stream.isTTY === true ? stream.columns : Number(process.env['COLUMNS']);
  return columns !== undefined && columns >= WIDTH_MIN ? Math.floor(columns) : WIDTH_DEFAULT;
}
