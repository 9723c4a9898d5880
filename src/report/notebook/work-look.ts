/**
 * Shows a call in a notebook while it runs, and when it has ended. What is known of it -> HTML, text. Pure.
 */
import type { RunRecord } from '../../model/run-record.ts';
import { html } from '../page/html.ts';
import { runSummary, runText } from '../run-report.ts';
import { PLAIN } from '../style.ts';
import { secondsText } from '../text.ts';

export interface ShownWork {
  /** Name of the call: `run`. */
  readonly name: string;
  /** What is done now, and how far it is; empty if nothing was reported. */
  readonly text: string;
  /** 0..1; undefined if it is not known. */
  readonly fraction: number | undefined;
  /** Sessions that have ended. */
  readonly records: readonly RunRecord[];
  readonly warnings: readonly string[];
  readonly seconds: number;
  /** Undefined while the call runs. */
  readonly end: 'done' | 'failed' | undefined;
}

export type WorkLook = (work: ShownWork) => Readonly<Record<'text/plain' | 'text/html', string>>;

const WIDTH = 110;
const BAR_WIDTH = 240;

/**
 * Draws a bar with what is done now, and above it the sessions that are done. In the end one line sums it
 * all up.
 */
export const workLook: WorkLook = (work) => {
  const { records, warnings, end } = work;
  const line = lineOf(work);
  if (end === 'done') {
    const said = [line, ...warnings].join('\n');
    return { 'text/plain': said, 'text/html': html`<pre data-psyberg="${end}">${said}</pre>`.text };
  }
  const above = records.map((record) => runText(record, { style: PLAIN, width: WIDTH }));
  const lines = [...above, line, ...warnings].join('\n');
  return {
    'text/plain': lines,
    'text/html':
      html`<div data-psyberg="${end ?? 'running'}">${above.length > 0 && html`<pre>${above.join('\n')}</pre>`}${end === undefined && barHtml(work.fraction)}<pre>${[line, ...warnings].join('\n')}</pre></div>`
        .text,
  };
};

function lineOf({ name, text, records, seconds, end }: ShownWork): string {
  if (end === undefined) return text === '' ? `${name}: ${secondsText(seconds)}` : text;
  if (end === 'failed')
    return `${name}: stopped after ${secondsText(seconds)}${text === '' ? '' : `, at: ${text}`}`;
  return records.length > 0 ? `${name}: ${runSummary(records, seconds)}` : `${name}: ${secondsText(seconds)}`;
}

function barHtml(fraction: number | undefined) {
  const width = fraction === undefined ? 0 : Math.round(fraction * BAR_WIDTH);
  return html`<div style="width:${BAR_WIDTH}px;height:8px;border:1px solid #8a939c"><div style="width:${width}px;height:8px;background:#2f6ba8"></div></div>`;
}
