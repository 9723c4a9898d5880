/**
 * Declares what every format of results does: columns -> text in parts, so that no result has to be held
 * whole.
 */

export interface TextColumn {
  readonly name: string;
  /** DuckDB's name of the type. */
  readonly type: string;
}

/** Rows as arrays in the columns' order. */
export type TextRows = readonly (readonly unknown[])[];

/** The text of one result. Its first part includes what comes before the rows. */
export interface ResultText {
  /** Returns the text of further rows; empty while they are held back. */
  rows(part: TextRows): string;
  /** Returns what is left, with what comes after the last row. Ends with a line end. */
  end(total: { readonly rows: number; readonly isCut: boolean }): string;
}

/** Writes `head`, if there is one, before the first text of a result. */
export function afterHead(head: string, text: ResultText): ResultText {
  let pending = head;
  const led = (part: string): string => {
    const whole = pending + part;
    pending = '';
    return whole;
  };
  return { rows: (part) => led(text.rows(part)), end: (total) => led(text.end(total)) };
}
